"""Confirming by a button: it keeps to itself that one person is one signature, however often they click."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

import structlog
from sqlalchemy import literal, select, update
from sqlalchemy.exc import IntegrityError

from campaign import db
from campaign.appeals.models import Appeal
from campaign.db import clock, session
from campaign.mail import outbox
from campaign.petition.ending import opened
from campaign.petition.expiring import FORGOTTEN, WAITS
from campaign.petition.models import Signature
from campaign.petition.signing import EVER

log = structlog.get_logger()
# A constant in the SQL: as a parameter it would hide the partial index from a plan that is made for any values.
_PENDING = Signature.state == literal("pending", literal_execute=True)
FRESH = timedelta(minutes=10)  # for so long the page after the button may show the receipt again


class Outcome(StrEnum):
    """What a press on the button found."""

    CONFIRMED = "confirmed"  # by this press or an earlier one
    ALREADY = "already"  # another submission of the same person counts
    GONE = "gone"  # expired, refused or erased: it can be signed anew


def confirm(signature_id: UUID, *, now: datetime) -> Outcome:
    """Confirm exactly this submission, once; the person's other pending ones lapse."""
    signature = session.get(Signature, signature_id)
    if signature is None:
        return Outcome.GONE
    try:
        if _move(signature):
            _thank(signature, now=now)
        session.commit()
    except IntegrityError as error:
        session.rollback()
        if db.violated(error) != "uq_signature_confirmed":
            raise
        _lapse(Signature.id == signature_id)
        session.commit()
    return outcome(signature_id)


def outcome(signature_id: UUID) -> Outcome:
    """Where a submission stands for whoever holds its link."""
    state = session.scalar(select(Signature.state).where(Signature.id == signature_id))
    found = {"confirmed": Outcome.CONFIRMED, "lapsed": Outcome.ALREADY}
    return found.get(state or "", Outcome.GONE)


def waits(signature: Signature | None) -> bool:
    """Whether the button would confirm it, by the database's clock."""
    if signature is None or signature.state != "pending":
        return False
    return bool(session.scalar(select(clock() < signature.created_at + WAITS)))


def is_fresh(signature: Signature) -> bool:
    """Whether it was confirmed just now, so that the screen may still show its receipt."""
    if signature.confirmed_at is None:
        return False
    return bool(session.scalar(select(clock() < signature.confirmed_at + FRESH)))


def _move(signature: Signature) -> bool:
    """Confirm it if it still waits. The person's pending rows are locked in one order, so that two never deadlock."""
    mine = (
        Signature.appeal_id == signature.appeal_id,
        Signature.email_index == signature.email_index,
        _PENDING,
    )
    session.execute(select(Signature.id).where(*mine).order_by(Signature.id).with_for_update())
    name = opened(signature).get("name") if signature.visibility == "public" else None
    moved = session.scalar(
        update(Signature)
        .where(Signature.id == signature.id, _PENDING, Signature.created_at > clock() - WAITS)
        .values(state="confirmed", confirmed_at=clock(), public_name=name)
        .returning(Signature.id)
    )
    if moved:
        _lapse(*mine)
        log.info("signature.confirmed", signature=str(signature.id))
    return moved is not None


def _lapse(*which: object) -> None:
    waiting = update(Signature).where(_PENDING, *which)  # type: ignore[arg-type] # SQL conditions
    forgotten = waiting.values(state="lapsed", ended_at=clock(), updates=False, country=None, **FORGOTTEN)
    session.execute(forgotten, execution_options={"synchronize_session": False})


def _thank(signature: Signature, *, now: datetime) -> None:
    appeal = session.get_one(Appeal, signature.appeal_id)
    if not appeal.sensitive:
        send_receipt(signature, now=now)


def request_receipt(signature_id: UUID, *, now: datetime) -> None:
    """Mail the receipt of a confirmed signature to its signer, at most once a day."""
    signature = session.get(Signature, signature_id)
    if signature is not None and signature.state == "confirmed" and signature.sealed is not None:
        send_receipt(signature, now=now)
    session.commit()


def send_receipt(signature: Signature, *, now: datetime) -> None:
    """Put the receipt into the outbox of this transaction."""
    outbox.enqueue(
        kind="receipt",
        subject_id=signature.id,
        address=opened(signature)["email"],
        language=signature.language,
        dedupe_key=f"receipt:{signature.id}:{now:%Y%m%d}",
        pause_keys=(f"appeal:{signature.appeal_id}",),
        origin=signature.origin,
        cap=outbox.A_DAY,
        ever=EVER,
    )
