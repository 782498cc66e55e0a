"""Putting a message in: it keeps to itself what a new row of the outbox holds, and who decides that there is one.

The database decides: neither the dedupe key nor the cap is asked beforehand. Message and first event are one
statement, and that statement can also carry its cause.
"""

from __future__ import annotations

import secrets
from base64 import b32encode
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID, uuid4

from flask import current_app
from sqlalchemy import (
    CTE,
    ColumnElement,
    Integer,
    Interval,
    Select,
    bindparam,
    func,
    insert,
    literal_column,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import insert as upsert

from campaign import vault
from campaign.db import session
from campaign.mail import crowding, transports
from campaign.mail.addresses import Address, recorded_domain
from campaign.mail.models import Message, MessageEvent
from campaign.mail.moving import CLOCK
from campaign.mail.states import EXPIRES_IN, PEOPLE, State

_message = Message.__table__.c
_DAY = timedelta(hours=24)
_CAUSED = ("kind", "subject_id", "dedupe_key")  # the columns that say why there is a message
_ADDRESSED = (
    "id", "lane", "language", "recipient", "recipient_index", "mailbox_index", "recipient_domain", "budget_key",
    "pause_keys", "mode", "state", "capture_only", "origin", "not_before", "expires_at", "token",
)  # fmt: skip
_LIMITS = {"cap": Integer(), "ever": Integer(), "domain_most": Integer()}


def enqueue(
    *, kind: str, subject_id: UUID | None, address: Address | str, language: str, dedupe_key: str, **more: Any
) -> UUID | None:
    """Add one message to the current transaction and give its id; the caller commits and rings ``BELL``.

    None when ``dedupe_key`` is known already, or when the cap is reached. ``more``: as for ``addressed``.
    """
    values = addressed(address, language=language, **more)
    why = {"mail_kind": kind, "mail_subject_id": subject_id, "mail_dedupe_key": dedupe_key}
    added: UUID | None = session.scalar(_alone(values["mail_cap"] is not None), values | why)
    return added


def addressed(
    address: Address | str,
    *,
    language: str,
    lane: int = PEOPLE,
    not_before: datetime | None = None,
    expires_in: timedelta | None = None,
    budget_key: str | None = None,
    pause_keys: Sequence[str] = (),
    origin: str = "real",
    capture_only: bool = False,
    held: bool = False,
    cap: int | None = None,
    ever: int | None = None,
    urgent: bool = False,
) -> dict[str, Any]:
    """The parameters of one message, its cause apart: to whom, when, and how it may leave.

    ``expires_in`` is 7 days for people, 60 for letters, 14 for updates unless given. A ``held`` one waits to be
    released. With ``cap`` there is no message once so many for people went to this mailbox (all its aliases, all
    appeals) within 24 hours, nor, with ``ever``, once so many for people were about this subject; requests at the
    same instant may exceed that by their number. What is capped also waits for room in its domain's hour
    (``crowding``), unless it is ``urgent``.
    """
    to = Address.parse(address) if isinstance(address, str) else address
    row = uuid4()
    domain = recorded_domain(to.domain)
    shared = cap is not None and not urgent
    only = capture_only or origin == "demo" or to.reserved
    values = {
        "id": row,
        "lane": lane,
        "language": language,
        "recipient": vault.current().seal({"address": to.exact}, table="message", row=row),
        "recipient_index": to.index(),
        "mailbox_index": to.mailbox(),
        "recipient_domain": domain,
        "budget_key": budget_key,
        "pause_keys": [*_appeal_first(pause_keys), *([budget_key] if budget_key else []), f"domain:{domain}"],
        "mode": transports.CAPTURE if only else transports.mode(current_app),
        "state": State.HELD if held else State.READY,
        "capture_only": only,
        "origin": origin,
        "not_before": not_before or (crowding.later(to) if shared else None),
        "expires_at": expires_in or EXPIRES_IN[lane],
        "token": b32encode(secrets.token_bytes(10)).decode().lower(),
        "cap": cap,
        "ever": ever,
        "domain_most": crowding.most(to) if shared else None,
    }
    return {f"mail_{name}": value for name, value in values.items()}


def caused(cause: CTE, *, capped: bool) -> CTE:
    """The insertion of a message for each row of ``cause``, to stand in one statement with it. Its rows: the
    message's id. ``cause`` has the columns kind, subject_id and dedupe_key, and those of ``columns``.

    In the order of the dedupe keys: two statements that share some cannot wait for each other in a circle.
    """
    row = _row([cause.c[name] for name in _CAUSED], lambda name, _type: cause.c[f"mail_{name}"], capped)
    return _inserted(row.order_by(cause.c.dedupe_key))


def columns() -> dict[str, Any]:
    """What ``addressed`` gives, and the type of each in the database."""
    own: dict[str, Any] = {name: _message[name].type for name in _ADDRESSED}
    return {f"mail_{name}": kind for name, kind in (own | {"expires_at": Interval()} | _LIMITS).items()}


@cache
def _alone(capped: bool) -> Select[Any]:
    added = _inserted(_row([_given(name, _message[name].type) for name in _CAUSED], _given, capped))
    return select(added.c.id)


def _row(cause: Sequence[Any], of: Callable[[str, Any], ColumnElement[Any]], capped: bool) -> Select[Any]:
    """What is inserted: ``of`` finds a value of ``addressed`` by its name."""
    given = {name: of(name, _message[name].type) for name in _ADDRESSED}
    asked = given["not_before"]
    given["not_before"] = func.coalesce(asked, CLOCK)
    given["expires_at"] = CLOCK + of("expires_at", Interval())
    if not capped:
        return select(*cause, *given.values())
    limits = {name: of(name, kind) for name, kind in _LIMITS.items()}
    given["not_before"] = crowding.not_before(asked, given["recipient_domain"], limits["domain_most"])
    within = _sent_today(given["mailbox_index"]) < limits["cap"], _is_new_enough(cause[1], limits["ever"])
    return select(*cause, *given.values()).where(*within)


def _inserted(row: Select[Any]) -> CTE:
    added = (
        upsert(Message)
        .from_select([*_CAUSED, *_ADDRESSED], row)
        .on_conflict_do_nothing(index_elements=["dedupe_key"])
        .returning(_message.id, _message.state)
        .cte("added")
    )
    event = select(added.c.id, added.c.state, *map(literal_column, ("0", "'enqueued'")))
    noted = insert(MessageEvent).from_select(["message_id", "to_state", "epoch", "why"], event)
    return noted.returning(MessageEvent.message_id.label("id")).cte("noted")


def _appeal_first(keys: Sequence[str]) -> list[str]:
    """An appeal finds its messages by their first key, when it forgets its people."""
    return sorted(keys, key=lambda key: not key.startswith("appeal:"))


def _given(name: str, kind: Any) -> ColumnElement[Any]:
    return bindparam(f"mail_{name}", type_=kind)


def _is_new_enough(subject_id: ColumnElement[Any], ever: ColumnElement[int]) -> ColumnElement[bool]:
    about = select(_to_people()).where(_message.subject_id == subject_id)
    return or_(ever.is_(None), about.scalar_subquery() < ever)


def _sent_today(mailbox: ColumnElement[bytes]) -> Any:
    now = select(CLOCK).scalar_subquery()  # read once for a statement, and so looked up in an index
    today = _message.mailbox_index == mailbox, _message.created_at > now - _DAY
    return select(_to_people()).where(*today).scalar_subquery()


def _to_people() -> ColumnElement[int]:
    """How many of the rows are for people. A condition would lead a plan that was made while the table was small
    to walk through the whole index of messages to people, for each message anew."""
    return func.count().filter(_message.lane == literal_column(str(int(PEOPLE))))
