"""Putting right what a signer typed wrongly: it keeps to itself what a new name or country takes with it."""

from __future__ import annotations

from uuid import UUID

import structlog
from sqlalchemy import delete, update

from campaign import vault
from campaign.appeals.models import Appeal
from campaign.db import session
from campaign.petition import ending
from campaign.petition.models import Comment, Signature
from campaign.petition.wall.models import WallName

log = structlog.get_logger()


def correct(signature_id: UUID, *, name: str, country: str | None) -> bool:
    """Give a confirmed signature another name and country (ISO 3166-1 alpha-2; None: not said).

    False when it is not confirmed. The country at risk is not stored, and whoever names it is counted and no more,
    as at signing: what they wrote beside it is not kept either. A new name leaves the public wall, with what was
    written beside it, until an organiser has seen it.
    """
    found = session.get(Signature, signature_id, with_for_update=True, populate_existing=True)
    if found is None or found.state != "confirmed" or found.sealed is None:
        session.rollback()
        return False
    if country is not None and country == session.get_one(Appeal, found.appeal_id).country_at_risk:
        country, found.visibility = None, "counted"
        session.execute(delete(Comment).where(Comment.signature_id == found.id))
    said = ending.opened(found)
    if said["name"] != name:
        _take_off_the_wall(found.id)
    found.country = country
    found.sealed = vault.current().seal(said | {"name": name}, table="signature", row=found.id)
    found.public_name = name if found.visibility == "public" else None
    session.commit()
    log.info("signature.corrected", signature=str(signature_id))
    return True


def _take_off_the_wall(signature_id: UUID) -> None:
    session.execute(update(WallName).where(WallName.signature_id == signature_id).values(release_id=None))
    shown = Comment.signature_id == signature_id, Comment.state == "approved"
    session.execute(update(Comment).where(*shown).values(state="waiting", shown=None))
