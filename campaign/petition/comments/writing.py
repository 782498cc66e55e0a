"""A comment from the form to the page: it keeps to itself who may leave one, and that nothing unread is shown.

A sensitive appeal takes none: what somebody says tells who they are. A comment is sealed like a name; approved, its
words stand in the clear, and they go with the signature: withdrawn, held or erased, it is shown nowhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

import structlog
from sqlalchemy import Select, delete, func, select
from sqlalchemy.dialects.postgresql import insert

from campaign import vault
from campaign.appeals.models import Appeal
from campaign.db import clock, session
from campaign.errors import Refused
from campaign.i18n import gettext as _
from campaign.organisers import audit
from campaign.organisers.models import Organiser
from campaign.petition.models import Comment, Signature
from campaign.petition.wall import releasing

log = structlog.get_logger()
SHOWN = 50


@dataclass(frozen=True, slots=True)
class Said:
    """A comment with the name that may stand beside it; empty when none may."""

    row: UUID
    text: str
    name: str
    language: str


def takes(appeal: Appeal) -> bool:
    """Whether signers of this appeal are asked for a few words."""
    return releasing.may_have_one(appeal)


def keep(signature: UUID, appeal: Appeal, text: str) -> None:
    """Keep what somebody wrote beside their signature, to be read once it counts; on a sensitive appeal nothing."""
    if not text or not takes(appeal):
        return
    sealed = vault.current().seal({"text": text}, table="comment", row=signature)
    new = insert(Comment).values(signature_id=signature, appeal_id=appeal.id, sealed=sealed)
    session.execute(new.on_conflict_do_nothing())
    session.commit()


def waiting(appeal: Appeal, *, limit: int = SHOWN) -> list[Said]:
    """What is to be read, the oldest first: of signatures that count."""
    rows = session.execute(_of(appeal, "waiting").order_by(Comment.created_at).limit(limit)).all()
    return [Said(c.signature_id, _opened(c), name or "", language) for c, name, language in rows]


def shown(appeal: Appeal, *, limit: int = SHOWN) -> list[Said]:
    """What everybody may read, the latest approved first; none where there may be none."""
    if not takes(appeal):
        return []
    rows = session.execute(_of(appeal, "approved").order_by(Comment.decided_at.desc()).limit(limit)).all()
    return [Said(c.signature_id, c.shown or "", name or "", language) for c, name, language in rows]


def count(appeal: Appeal) -> int:
    """How many wait to be read."""
    return session.scalar(select(func.count()).select_from(_of(appeal, "waiting").subquery())) or 0


def decide(appeal: Appeal, row: UUID, *, approve: bool, by: Organiser) -> None:
    """Show it, or show it nowhere; either may be decided again. Raises Refused when it is gone."""
    found = session.get(Comment, row, with_for_update=True, populate_existing=True)
    if found is None or found.appeal_id != appeal.id:
        raise Refused(_("There is no such comment any more."))
    found.state = "approved" if approve else "refused"
    found.shown = _opened(found) if approve else None
    found.decided_at = clock()
    audit.record("comment.approved" if approve else "comment.refused", f"appeal {appeal.slug}", organiser=by)
    session.commit()
    log.info("comment.decided", signature=str(row), state=found.state)


def own(signature: UUID) -> str:
    """What somebody wrote beside their own signature; empty when nothing."""
    found = session.get(Comment, signature)
    return _opened(found) if found else ""


def remove(signature: UUID) -> None:
    """Forget what was written beside a signature."""
    session.execute(delete(Comment).where(Comment.signature_id == signature))
    session.commit()


def _of(appeal: Appeal, state: str) -> Select[Comment, str | None, str]:
    counted = Signature.state == "confirmed", Signature.held_at.is_(None)
    joined = select(Comment, Signature.public_name, Signature.language)
    joined = joined.join(Signature, Signature.id == Comment.signature_id)
    return joined.where(Comment.appeal_id == appeal.id, Comment.state == state, *counted)


def _opened(comment: Comment) -> str:
    return str(vault.current().open(comment.sealed, table="comment", row=comment.signature_id)["text"])
