"""Confirming by a button: it keeps to itself that one person is one signature, however often they click."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import (
    ColumnElement,
    LargeBinary,
    Select,
    Text,
    Update,
    Uuid,
    bindparam,
    exists,
    func,
    literal_column,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.attributes import set_committed_value

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
_PENDING = Signature.state == literal_column("'pending'", Text)
_STILL_PENDING = db.unindexed(Signature.state) == literal_column("'pending'", Text)  # where the id says which row
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
        if not _move(signature, now=now):
            session.refresh(signature)
        session.commit()
    except IntegrityError as error:
        session.rollback()
        if db.violated(error) != "uq_signature_confirmed":
            raise
        session.execute(_lapse(Signature.id == signature_id))
        session.commit()
    return outcome(signature)


def outcome(signature: Signature) -> Outcome:
    """Where a submission stands, as it was read, for whoever holds its link."""
    found = {"confirmed": Outcome.CONFIRMED, "lapsed": Outcome.ALREADY}
    return found.get(signature.state, Outcome.GONE)


def waits(signature: Signature, *, now: datetime) -> bool:
    """Whether the button would confirm it; ``now`` by the database's clock."""
    return signature.state == "pending" and now < signature.created_at + WAITS


def is_fresh(signature: Signature, *, now: datetime) -> bool:
    """Whether it was confirmed just now, by the database's clock, so that the screen may still show its receipt."""
    return signature.confirmed_at is not None and now < signature.confirmed_at + FRESH


def _move(signature: Signature, *, now: datetime) -> bool:
    """Confirm it if it still waits, and say so in the object too."""
    values = {
        "signature": signature.id,
        "appeal": signature.appeal_id,
        "mailbox": signature.email_index,
        "name": opened(signature).get("name") if signature.visibility == "public" else None,
    }
    moved = db.kept(pressed(), values)
    for row in moved:
        set_committed_value(signature, "state", "confirmed")
        set_committed_value(signature, "confirmed_at", row.confirmed_at)
        if not row.sensitive:
            send_receipt(signature, now=now)
        log.info("signature.confirmed", signature=str(signature.id))
    return bool(moved)


@cache
def pressed() -> Select[Any]:
    """Confirms one submission; gives when, and whether its appeal is sensitive; no row when it waits no more.

    The person's pending rows are locked first, in one order, so that two presses never wait for each other.
    """
    this, mailbox = bindparam("signature", type_=Uuid), bindparam("mailbox", type_=LargeBinary)
    mine = Signature.appeal_id == bindparam("appeal", type_=Uuid), Signature.email_index == mailbox, _PENDING
    locked = select(Signature.id).where(*mine).order_by(Signature.id).with_for_update().cte("locked")
    confirmed = (
        update(Signature)
        .where(Signature.id == this, _STILL_PENDING, Signature.created_at + WAITS > clock())
        .where(select(func.count()).select_from(locked).scalar_subquery() > 0)
        .values(state="confirmed", confirmed_at=clock(), public_name=bindparam("name", type_=Text))
        .returning(Signature.appeal_id, Signature.confirmed_at)
        .cte("confirmed")
    )
    others = _lapse(*mine, Signature.id != this, exists(confirmed.select())).returning(Signature.id).cte("others")
    told = select(confirmed.c.confirmed_at, Appeal.sensitive).join_from(confirmed, Appeal)
    return told.add_cte(others)


def _lapse(*which: ColumnElement[bool]) -> Update:
    return (
        update(Signature)
        .where(_PENDING, *which)
        .values(state="lapsed", ended_at=clock(), updates=False, country=None, **FORGOTTEN)
        .execution_options(synchronize_session=False)
    )


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
