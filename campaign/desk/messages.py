"""The outbox as organisers look through it: it keeps to itself how its messages are counted, filtered and paged."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, tuple_

from campaign.db import session
from campaign.mail import pacing
from campaign.mail.models import Message
from campaign.mail.pacing import Standing
from campaign.mail.states import TERMINAL, State
from campaign.mail.tallying import Tally, Total, totals
from campaign.offices.models import Office

A_PAGE = 50
Place = tuple[datetime, UUID]  # where a page of the list ends
_OPEN = sorted(set(State) - TERMINAL - {State.ACCEPTED})  # "accepted" only waits for a bounce that does not come


@dataclass(frozen=True, slots=True)
class Asked:
    """Which messages to show; what is empty does not matter. ``person`` is an address's blind index."""

    state: str = ""
    kind: str = ""
    lane: int | None = None
    office: str = ""  # a slug
    person: bytes = b""
    only_open: bool = False  # none that have left or come to their end


@dataclass(frozen=True, slots=True)
class Backlog:
    """What an office has yet to get: how many messages, since when, and how its budget stands."""

    office: Office
    waiting: int
    oldest: datetime
    standing: Standing


def groups(counted: Iterable[Tally]) -> list[Total]:
    """Every message there is, in groups: those that are still open first, of them those that a person decides."""
    return sorted(totals(counted), key=lambda group: (has_ended(group), group.state != State.UNKNOWN, group.lane))


def has_ended(group: Total) -> bool:
    """Whether nothing more is to be done about these messages, or nothing but to wait for a bounce."""
    return group.state not in _OPEN


def total(found: Iterable[Total], *states: str) -> int:
    """How many messages of any kind are in one of ``states``."""
    return sum(group.count for group in found if group.state in states)


def backlog(counted: Iterable[Tally]) -> list[Backlog]:
    """The offices for which something waits, the longest queue first."""
    rows: dict[str, list[Tally]] = {}
    for one in counted:
        if one.budget_key and one.state in _OPEN:
            rows.setdefault(one.budget_key, []).append(one)
    standings = pacing.standings(rows)
    offices = session.scalars(select(Office).where(Office.slug.in_([key.partition(":")[2] for key in rows])))
    keys = {pacing.office_key(office.slug): office for office in offices}
    found = [
        Backlog(office, sum(one.count for one in rows[key]), min(one.oldest for one in rows[key]), standings[key])
        for key, office in keys.items()
    ]
    return sorted(found, key=lambda one: (-one.waiting, one.oldest))


def listing(asked: Asked, *, before: Place | None = None) -> tuple[Sequence[Message], Place | None]:
    """A page of messages, newest first, and where the next page begins; None on the last one."""
    found = select(Message).where(*_conditions(asked))
    found = found.order_by(Message.created_at.desc(), Message.id.desc()).limit(A_PAGE + 1)
    if before:
        found = found.where(tuple_(Message.created_at, Message.id) < before)
    messages = session.scalars(found).all()
    last = messages[A_PAGE - 1] if len(messages) > A_PAGE else None
    return messages[:A_PAGE], (last.created_at, last.id) if last else None


def _conditions(asked: Asked) -> list[Any]:
    wanted: dict[Any, Any] = {
        Message.state: asked.state or None,
        Message.kind: asked.kind or None,
        Message.lane: asked.lane,
        Message.budget_key: pacing.office_key(asked.office) if asked.office else None,
        Message.recipient_index: asked.person or None,
    }
    open_ones = [Message.state.in_(_OPEN)] if asked.only_open else []
    return [column == value for column, value in wanted.items() if value is not None] + open_ones
