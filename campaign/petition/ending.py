"""Taking a signature back, narrowing who may see it, forgetting it: it keeps to itself what each leaves behind."""

from __future__ import annotations

from uuid import UUID

import structlog
from sqlalchemy import ColumnElement, case, delete, select, update

from campaign import vault
from campaign.db import clock, session
from campaign.mail import outbox
from campaign.petition.expiring import FORGOTTEN
from campaign.petition.models import Comment, Signature
from campaign.petition.news.models import News

log = structlog.get_logger()
VISIBILITIES = ("counted", "recipient", "public")  # from the narrowest


def withdraw(signature_id: UUID) -> bool:
    """Take a confirmed signature back: it no longer counts and is shown nowhere. False when it was not confirmed."""
    moved = session.scalar(
        update(Signature)
        .where(Signature.id == signature_id, Signature.state == "confirmed")
        .values(state="withdrawn", ended_at=clock(), public_name=None, updates=False)
        .returning(Signature.id)
    )
    _take_news_back(signature_id)
    session.commit()
    log.info("signature.withdrawn", signature=str(signature_id), moved=moved is not None)
    return moved is not None


def erase(signature_id: UUID) -> bool:
    """Forget who it was, whatever its state; the row stays as a number. False when there was nothing to forget."""
    return _forget(signature_id, Signature.state != "erased")


def refuse(signature_id: UUID) -> bool:
    """Forget, at the word of whoever has the mailbox, a submission that waits for its confirmation."""
    return _forget(signature_id, Signature.state == "pending")


def _forget(signature_id: UUID, allowed: ColumnElement[bool]) -> bool:
    moved = session.scalar(
        update(Signature)
        .where(Signature.id == signature_id, allowed)
        .values(state="erased", ended_at=clock(), updates=False, country=None, **FORGOTTEN)
        .returning(Signature.id)
    )
    session.execute(delete(Comment).where(Comment.signature_id == signature_id))
    _take_news_back(signature_id)
    session.commit()
    log.info("signature.erased", signature=str(signature_id), moved=moved is not None)
    return moved is not None


def stop_updates(signature_id: UUID) -> None:
    """Send no more news about this signature; whoever asks twice gets the same."""
    session.execute(update(Signature).where(Signature.id == signature_id).values(updates=False))
    _take_news_back(signature_id)
    session.commit()
    log.info("signature.updates_stopped", signature=str(signature_id))


def _take_news_back(signature_id: UUID) -> None:
    """Cancel the mails with news to this signer that have not left."""
    about = select(News).join(Signature, Signature.appeal_id == News.appeal_id).where(Signature.id == signature_id)
    released = session.scalars(about.where(News.state != "draft")).all()
    outbox.cancel(*(news.key(signature_id) for news in released), why="its signer wants no more news")


def stop_updates_to(person: bytes) -> None:
    """Send no more news to an address (by its index), in the caller's transaction: its owner complained."""
    session.execute(update(Signature).where(Signature.person_index == person).values(updates=False))


def forget_everyone(appeal_id: UUID, *, uncount: bool) -> int:
    """Forget every signer of an appeal, in the caller's transaction; how many there were.

    What was confirmed stays counted, without a name, unless ``uncount``; what still waited has expired.
    """
    session.execute(delete(Comment).where(Comment.appeal_id == appeal_id))
    named = Signature.appeal_id == appeal_id, Signature.sealed.is_not(None) | Signature.email_index.is_not(None)
    waited = Signature.state == "pending"
    ended: dict[str, object] = {
        "state": case((waited, "expired"), else_=Signature.state),
        "ended_at": case((waited, clock()), else_=Signature.ended_at),
    }
    if uncount:
        ended = {"state": "erased", "ended_at": clock(), "country": None}
    forgotten = update(Signature).where(*named).values(updates=False, **ended, **FORGOTTEN)
    return session.connection().execute(forgotten).rowcount


def change_visibility(signature_id: UUID, visibility: str) -> bool:
    """Show the name to fewer or to more from now on. False when the signature is not confirmed."""
    assert visibility in VISIBILITIES
    found = session.get(Signature, signature_id, with_for_update=True, populate_existing=True)
    if found is None or found.state != "confirmed" or found.sealed is None:
        session.rollback()
        return False
    found.visibility = visibility
    found.public_name = opened(found)["name"] if visibility == "public" else None
    session.commit()
    return True


def opened(signature: Signature) -> dict[str, str]:
    """The sealed record of a signature: ``name`` and ``email``; empty once it was forgotten."""
    if signature.sealed is None:
        return {}
    return vault.current().open(signature.sealed, table="signature", row=signature.id)
