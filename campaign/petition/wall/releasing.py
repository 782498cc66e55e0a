"""Putting names on the wall: it keeps to itself who is ripe, and that names come in batches and a day late.

A name that appeared a minute after somebody was seen at a desk would tell who signed; so a name waits a day, and none
appears alone (T05 of the threats: doxxing). A sensitive appeal has no wall, nor has one whose people are in danger.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

import structlog
from sqlalchemy import ColumnElement, Select, exists, func, literal, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from campaign.appeals.models import Appeal
from campaign.db import clock, session
from campaign.errors import Refused
from campaign.i18n import gettext as _
from campaign.organisers import audit
from campaign.organisers.models import Organiser
from campaign.petition.models import Signature
from campaign.petition.wall.models import WallName, WallRelease

log = structlog.get_logger()
LEAST = 10  # names at once
MOST = 10_000
RIPE = timedelta(days=1)


def may_have_one(appeal: Appeal) -> bool:
    """Whether names of this appeal may stand anywhere in public."""
    return not appeal.sensitive and appeal.in_danger_at is None


def waiting(appeal: Appeal) -> int:
    """How many names are ripe to be put up."""
    return session.scalar(select(func.count()).select_from(_ripe(appeal).subquery())) or 0


def release(appeal: Appeal, *, by: Organiser) -> int:
    """Put every ripe name on the wall, 10,000 at most; how many. Raises Refused below ten and without a wall."""
    if not may_have_one(appeal):
        raise Refused(_("This appeal has no wall: it is sensitive, or people are in danger."))
    ripe = session.scalars(_ripe(appeal).limit(MOST)).all()
    if len(ripe) < LEAST:
        raise Refused(_("Names are put up ten at a time at least, so that none stands alone."))
    at = WallRelease(id=uuid4(), appeal_id=appeal.id, organiser_id=by.id, names=len(ripe))
    session.add(at)
    session.flush()
    rows = [{"signature_id": row, "appeal_id": appeal.id, "release_id": at.id} for row in ripe]
    put = upsert(WallName)
    session.execute(put.on_conflict_do_update(index_elements=["signature_id"], set_={"release_id": at.id}), rows)
    audit.record("wall.released", f"appeal {appeal.slug}", organiser=by, names=len(ripe))
    session.commit()
    log.info("wall.released", appeal=appeal.slug, names=len(ripe))
    return len(ripe)


def take_down(appeal: Appeal, *, by: Organiser) -> int:
    """Take every name off the wall; how many. They may be put up again."""
    down = update(WallName).where(WallName.appeal_id == appeal.id, WallName.release_id.is_not(None))
    names = len(session.scalars(down.values(release_id=None).returning(WallName.signature_id)).all())
    audit.record("wall.taken_down", f"appeal {appeal.slug}", organiser=by, names=names)
    session.commit()
    return names


def shorten(signature: UUID, *, short: bool) -> None:
    """Show only the first name and an initial, or the whole name again, as the person says."""
    row = select(Signature.id, Signature.appeal_id, literal(short)).where(Signature.id == signature)
    put = upsert(WallName).from_select(["signature_id", "appeal_id", "short"], row)
    session.execute(put.on_conflict_do_update(index_elements=["signature_id"], set_={"short": short}))
    session.commit()


def shown(appeal: Appeal) -> tuple[ColumnElement[bool], ...]:
    """What must be true of a signature at this moment for its name to stand in public."""
    real = () if appeal.state == "demonstration" else (Signature.origin == "real",)
    return (
        Signature.appeal_id == appeal.id,
        Signature.state == "confirmed",
        Signature.held_at.is_(None),
        Signature.visibility == "public",
        Signature.public_name.is_not(None),
        *real,
    )


def _ripe(appeal: Appeal) -> Select[UUID]:
    up = exists().where(WallName.signature_id == Signature.id, WallName.release_id.is_not(None))
    return select(Signature.id).where(*shown(appeal), Signature.confirmed_at < clock() - RIPE, ~up)
