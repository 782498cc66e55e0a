"""The outbox as its callers know it: put a message in, ask about it, take it back.

A message exists exactly when its cause does: ``enqueue`` and ``cancel`` are part of the caller's transaction.
Whether it exists already is decided by the database, by its dedupe key. Nothing here sends.
"""

from __future__ import annotations

import secrets
from base64 import b32encode
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID, uuid4

from flask import current_app
from sqlalchemy import (
    ColumnElement,
    Integer,
    Interval,
    LargeBinary,
    Select,
    Text,
    bindparam,
    func,
    insert,
    literal,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert as upsert

from campaign import vault
from campaign.db import session
from campaign.errors import Refused
from campaign.mail import transports
from campaign.mail.addresses import Address, recorded_domain
from campaign.mail.models import Message, MessageEvent
from campaign.mail.moving import CLOCK, move
from campaign.mail.states import EXPIRES_IN, PEOPLE, WAITING, State
from campaign.mail.states import LETTERS as LETTERS
from campaign.mail.states import UPDATES as UPDATES

BELL = "mail.deliver"
"""The task to ring after a commit that enqueued something."""

_message = Message.__table__.c
_DAY = timedelta(hours=24)
_SECOND_CHANCE = timedelta(days=2)


def enqueue(
    *,
    kind: str,
    subject_id: UUID | None,
    address: Address | str,
    language: str,
    dedupe_key: str,
    lane: int = PEOPLE,
    not_before: datetime | None = None,
    expires_in: timedelta | None = None,
    budget_key: str | None = None,
    pause_keys: Sequence[str] = (),
    origin: str = "real",
    capture_only: bool = False,
    cap: int | None = None,
) -> UUID | None:
    """Add one message to the current transaction and give its id; the caller commits and rings ``BELL``.

    None when ``dedupe_key`` is known already, or when ``cap`` messages for people went to this mailbox (all
    its aliases, all appeals) within 24 hours; requests at the same instant may exceed that by their number.
    ``expires_in`` is 7 days for people, 60 for letters, 14 for updates unless given.
    """
    to = Address.parse(address) if isinstance(address, str) else address
    row = uuid4()
    domain = recorded_domain(to.domain)
    keys = [*pause_keys, *([budget_key] if budget_key else []), f"domain:{domain}"]
    only = capture_only or origin == "demo" or to.reserved
    values: dict[str, Any] = {
        "id": row,
        "kind": kind,
        "lane": lane,
        "dedupe_key": dedupe_key,
        "subject_id": subject_id,
        "language": language,
        "recipient": vault.current().seal({"address": to.exact}, table="message", row=row),
        "recipient_index": to.index(),
        "mailbox_index": to.mailbox(),
        "recipient_domain": domain,
        "budget_key": budget_key,
        "pause_keys": keys,
        "mode": transports.CAPTURE if only else transports.mode(current_app),
        "capture_only": only,
        "origin": origin,
        "not_before": not_before,
        "expires_at": expires_in or EXPIRES_IN[lane],
        "token": b32encode(secrets.token_bytes(10)).decode().lower(),
    }
    added: UUID | None = session.scalar(_insertion(tuple(values), cap is not None), values | {"cap": cap})
    return added


def cancel(*dedupe_keys: str, why: str = "taken back") -> int:
    """Cancel what has not begun to leave, in the caller's transaction; gives how many were cancelled."""
    return len(move(_message.dedupe_key.in_(dedupe_keys), to=State.CANCELLED, why=why))


def retry(message_id: UUID) -> None:
    """A person's decision to send an unknown, failed or waiting message (again) now: same bytes, same Message-ID.

    Raises Refused when it is on its way, gone, or cancelled.
    """
    anew = move(
        _message.id == message_id,
        _message.state.in_([State.UNKNOWN, State.FAILED, State.DEFERRED, State.HELD]),
        to=State.READY,
        why="sent again by a person",
        epoch=_message.epoch + 1,
        not_before=CLOCK,
        expires_at=func.greatest(_message.expires_at, CLOCK + _SECOND_CHANCE),
    )
    if not anew:
        raise Refused("Only a message that failed, waits or is unknown can be sent again.")
    session.commit()


def state_of(dedupe_key: str) -> Message | None:
    """The message that a dedupe key names."""
    return session.scalar(select(Message).where(Message.dedupe_key == dedupe_key))


def history(message_id: UUID) -> Sequence[MessageEvent]:
    """Every change of a message, oldest first."""
    events = select(MessageEvent).where(MessageEvent.message_id == message_id).order_by(MessageEvent.id)
    return session.scalars(events).all()


def forget(address_index: bytes) -> int:
    """Erase what identifies an address in its messages, and cancel what waits; part of the caller's transaction."""
    about = _message.recipient_index == address_index
    move(about, to=State.CANCELLED, why="the person's data were erased")
    known = update(Message).where(about, _message.recipient.is_not(None))
    emptied = known.values(recipient=None, content=None, reply_text=None).returning(_message.id)
    return len(session.execute(emptied, execution_options={"synchronize_session": False}).all())


def forget_words(dedupe_key: str) -> None:
    """Erase the bytes of one message, whose state stays the truth; part of the caller's transaction."""
    known = update(Message).where(_message.dedupe_key == dedupe_key)
    session.execute(known.values(content=None, reply_text=None), execution_options={"synchronize_session": False})


def status() -> dict[str, Any]:
    """What stands in the outbox: ``counts`` (lane, kind, state, count, oldest), ``mode``, and who waits for another.

    ``waiting_for_mode`` counts rows made in rehearsal while mail goes out, or the reverse: they leave only by
    the mode that they were made in.
    """
    by = (_message.lane, _message.kind, _message.state)
    rows = session.execute(select(*by, func.count(), func.min(_message.created_at)).group_by(*by).order_by(*by))
    running = transports.mode(current_app)
    stranded = select(func.count()).where(_message.state.in_(sorted(WAITING)), _of_another_mode(running))
    names = ("lane", "kind", "state", "count", "oldest")
    return {
        "mode": running,
        "counts": [dict(zip(names, row, strict=True)) for row in rows],
        "waiting_for_mode": session.scalar(stranded),
    }


def _of_another_mode(running: str) -> ColumnElement[bool]:
    return (_message.mode != running) & ~_message.capture_only


@cache
def _insertion(columns: tuple[str, ...], capped: bool) -> Select[Any]:
    """Message and first event in one statement, so that neither the key nor the cap is asked beforehand."""
    given: dict[str, ColumnElement[Any]] = {name: bindparam(name, type_=_message[name].type) for name in columns}
    given["not_before"] = func.coalesce(given["not_before"], CLOCK)
    given["expires_at"] = CLOCK + bindparam("expires_at", type_=Interval)
    row = select(*given.values())
    if capped:
        row = row.where(_sent_today() < bindparam("cap", type_=Integer))
    added = (
        upsert(Message)
        .from_select(list(columns), row)
        .on_conflict_do_nothing(index_elements=["dedupe_key"])
        .returning(_message.id)
        .cte("added")
    )
    event = select(added.c.id, literal(State.READY.value, Text), literal(0), literal("enqueued", Text))
    noted = insert(MessageEvent).from_select(["message_id", "to_state", "epoch", "why"], event)
    return select(added.c.id).add_cte(noted.cte("noted"))


def _sent_today() -> Any:
    mailbox = bindparam("mailbox_index", type_=LargeBinary)
    today = (_message.mailbox_index == mailbox, _message.lane == PEOPLE, _message.created_at > CLOCK - _DAY)
    return select(func.count()).where(*today).scalar_subquery()
