"""Digests as organisers see and release them: it keeps to itself when one may go, and to which address.

A digest gathers for a week (a day, when the appeal is urgent); then a named organiser looks at it and releases it, or
lets it wait. One that was called back (``campaign.letters.recalling``) goes once it is released again. Its letters
follow its message (``campaign.letters.following``).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import func, select

from campaign.appeals.models import Appeal
from campaign.appeals.queries import Published
from campaign.appeals.states import letters_key
from campaign.db import clock, session
from campaign.errors import Refused
from campaign.i18n import day
from campaign.i18n import gettext as _
from campaign.letters import gathered, gathering, gating, wishes
from campaign.letters.gathered import Gathered
from campaign.letters.gating import Passage
from campaign.letters.models import Digest, Letter
from campaign.mail import outbox, pacing, releasing
from campaign.mail.addresses import Address
from campaign.offices import queries as offices
from campaign.offices.models import Office
from campaign.organisers import audit
from campaign.organisers.models import Organiser

log = structlog.get_logger()
KIND = "digest"
OUT = ("released", "recalled")
"""States of a digest whose message has not come to its end."""

KEPT = ("gathering", "recalled")
"""States in which nothing of it has left, and an organiser has to release it."""


def digest_key(digest: UUID) -> str:
    """The dedupe key of a digest's one message."""
    return f"{KIND}:{digest}"


def gathering_now(appeal: Appeal) -> list[Digest]:
    """The digests of an appeal that gather, the one due first in front."""
    mine = select(Digest).where(Digest.appeal_id == appeal.id, Digest.state == "gathering")
    return sorted(session.scalars(mine), key=lambda digest: digest.due_at)


def gone(appeal: Appeal) -> Sequence[Digest]:
    """The digests of an appeal that were released, the latest first."""
    went = Digest.released_at.is_not(None), Digest.state != "recalled"
    theirs = select(Digest).where(Digest.appeal_id == appeal.id, *went)
    return session.scalars(theirs.order_by(Digest.released_at.desc())).all()


def recalled_now(appeal: Appeal) -> Sequence[Digest]:
    """The digests of an appeal that were called back before they left, the latest first."""
    theirs = select(Digest).where(Digest.appeal_id == appeal.id, Digest.state == "recalled")
    return session.scalars(theirs.order_by(Digest.released_at.desc())).all()


def size(digest: Digest) -> int:
    """How many letters a digest took along when it was released; of an old one, how many are still its."""
    if digest.letters is not None:
        return digest.letters
    counted = select(func.count()).select_from(Letter).where(Letter.digest_id == digest.id)
    return session.scalars(counted).one()


def due_at(digest: Digest) -> datetime:
    """From when on an organiser may release it: what was said first, or sooner once its appeal is urgent."""
    if gathering.period(digest.appeal_id, digest.office_id) == gathering.DAILY:
        return min(digest.due_at, digest.created_at + gathering.DAILY)
    return digest.due_at


def held_now(digest: Digest, published: Published) -> Gathered:
    """What a digest would say if it went today."""
    return gathered.of_digest(digest, published.content, offices.today())


def release(digest_id: UUID, published: Published, *, by: Organiser) -> None:
    """Let a digest go, in the organiser's name, or go again after it was called back.

    Raises Refused when it may not, or holds no letter.
    """
    digest = _locked(digest_id)
    office = session.get_one(Office, digest.office_id)
    way = gating.passage(published.appeal, office, offices.today())
    held = held_now(digest, published)
    _refuse_unless_due(digest, held)
    _refuse_where_nothing_leaves(office, way)
    (_go_again if digest.state == "recalled" else _go)(digest, held, way)
    digest.state, digest.released_at, digest.released_by = "released", func.clock(), by.id
    digest.letters = len(held.letters)
    said: dict[str, Any] = {"office": office.slug, "letters": len(held.letters)}
    audit.record("digest.released", f"appeal {published.appeal.slug}", organiser=by, **said)
    session.commit()
    log.info("digest.released", digest=str(digest_id), **said)


def wait(digest_id: UUID, published: Published, *, by: Organiser) -> None:
    """Let a digest gather for another period. Raises Refused when it was released."""
    digest = _locked(digest_id)
    if digest.state != "gathering":
        raise Refused(_("This digest was released already."))
    later = gathering.period(digest.appeal_id, digest.office_id)
    digest.due_at = func.greatest(Digest.due_at, func.clock()) + later
    office = session.get_one(Office, digest.office_id)
    audit.record("digest.postponed", f"appeal {published.appeal.slug}", organiser=by, office=office.slug)
    session.commit()


def _locked(digest_id: UUID) -> Digest:
    """The digest, alone with its office: no letter joins or leaves it before we commit."""
    wishes.alone_with(session.get_one(Digest, digest_id).office_id)
    return session.get_one(Digest, digest_id, with_for_update=True, populate_existing=True)


def _go(digest: Digest, held: Gathered, way: Passage) -> None:
    outbox.enqueue(
        kind=KIND,
        subject_id=digest.id,
        address=way.address,
        language=held.language,
        dedupe_key=digest_key(digest.id),
        lane=outbox.LETTERS,
        budget_key=pacing.office_key(held.office.slug),
        pause_keys=[f"appeal:{digest.appeal_id}", letters_key(digest.appeal_id)],
        capture_only=not way.live,
    )


def _go_again(digest: Digest, _held: Gathered, way: Passage) -> None:
    """The same message, written anew to the address of today."""
    message = outbox.state_of(digest_key(digest.id))
    if message is None or not releasing.release(message, Address.parse(way.address)):
        raise Refused(_("Its state has changed meanwhile: nothing was done."))


def _refuse_where_nothing_leaves(office: Office, way: Passage) -> None:
    if way.held and not gating.checked_address(office, offices.today()):
        raise Refused(_("Nobody has checked the address of this office lately. Check it first."))
    if way.held:
        raise Refused(_("The gate for letters is closed, so nothing can leave."))


def _refuse_unless_due(digest: Digest, held: Gathered) -> None:
    if digest.state not in KEPT:
        raise Refused(_("This digest was released already."))
    wish = wishes.of(digest.office_id)
    if wish.stopped_at or wish.choice == wishes.NONE:
        raise Refused(_("This office wants nothing sent to it."))
    if not held.letters:
        raise Refused(_("It holds no letter any more."))
    if due_at(digest) > session.scalars(select(clock())).one():
        raise Refused(_("It gathers until %(day)s.", day=day(due_at(digest))))
