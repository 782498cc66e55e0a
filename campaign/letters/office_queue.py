"""What waits for an office, and what it has not confirmed: it keeps to itself which letters those are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, func, select

from campaign.db import clock, session
from campaign.letters.models import Letter
from campaign.mail.models import Message
from campaign.mail.states import UNDECIDED, State

_WAITS = sorted(UNDECIDED | {State.FOLDED})


@dataclass(frozen=True, slots=True)
class Queue:
    """Letters of one appeal that wait for an office: so many go alone, so many together."""

    appeal_id: UUID
    alone: int
    together: int
    since: datetime | None


def queues(office: UUID) -> list[Queue]:
    """What waits for an office, by appeal, the one that waits longest first."""
    together = Message.state == State.FOLDED
    rows = session.execute(
        select(
            Letter.appeal_id,
            func.count().filter(~together),
            func.count().filter(together),
            func.min(Letter.confirmed_at).label("since"),
        )
        .join(Message, Message.subject_id == Letter.id)
        .where(Letter.office_id == office, *_waiting())
        .group_by(Letter.appeal_id)
        .order_by("since")
    )
    return [Queue(*row) for row in rows]


def waiting(office: UUID) -> Sequence[tuple[Letter, bool]]:
    """The letters that wait for an office, oldest first, each with whether it goes together with others."""
    rows = session.execute(
        select(Letter, Message.state == State.FOLDED)
        .join(Message, Message.subject_id == Letter.id)
        .where(Letter.office_id == office, *_waiting())
        .order_by(Letter.confirmed_at, Letter.id)
    )
    return [(letter, together) for letter, together in rows]


def unconfirmed(office: UUID) -> tuple[int, datetime]:
    """How many letters were sent to an office that it has not confirmed, and the moment of asking."""
    sent = select(func.count()).join(Message, Message.subject_id == Letter.id).select_from(Letter).where(
        Letter.office_id == office, Letter.received_at.is_(None), Message.kind == "letter",
        Message.state.in_(["accepted", "settled"]),
    )  # fmt: skip
    count, now = session.execute(select(sent.scalar_subquery(), clock())).one()
    return count, now


def _waiting() -> tuple[ColumnElement[bool], ...]:
    return (Message.kind == "letter", Message.state.in_(_WAITS), Letter.state == "confirmed")
