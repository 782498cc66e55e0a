"""Which messages leave next, and whose they are meanwhile: it keeps to itself everything that lets a row be taken.

A claim takes the oldest rows of one lane for one mode and passes over rows that another worker holds. What is
paused, suppressed or expired is not taken, and asked once more when a message begins to leave. What was made in
rehearsal is not taken once mail goes out, nor the reverse; what may only ever be captured is, in any mode.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from flask import current_app
from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Text,
    cast,
    exists,
    func,
    literal,
    or_,
    select,
    true,
)

from campaign.db import session
from campaign.mail import transports
from campaign.mail.models import Message, Pause, Suppression
from campaign.mail.moving import CLOCK, move
from campaign.mail.pausing import ALL
from campaign.mail.states import LEASE, MAY_COME_FROM, UPDATES, State

_message = Message.__table__.c
_CLAIMABLE = sorted(MAY_COME_FROM[State.LEASED])


@dataclass(frozen=True)
class Claim:
    """A row that is ours until its lease ends; ``epoch`` proves it, ``at`` is when it was claimed."""

    message: Message
    epoch: int
    at: datetime

    @property
    def id(self) -> UUID:
        """The row's id: all that a log may say about a message."""
        return self.message.id


def waiting(lane: int, mode: str) -> bool:
    """Whether a claim would find anything now."""
    return bool(session.scalar(select(exists().where(_message.state.in_(_CLAIMABLE), *_due(lane, mode)))))


def claim(lane: int, mode: str, limit: int) -> list[Claim]:
    """Take up to ``limit`` rows, oldest first, for two minutes. Commits."""
    taken = move(
        *_due(lane, mode),
        to=State.LEASED,
        why="claimed",
        limit=limit,
        only_free=True,
        lease_until=CLOCK + LEASE,
        epoch=_message.epoch + 1,
    )
    found = {row.id: row for row in taken}
    rows = select(Message).where(Message.id.in_(found)).order_by(Message.not_before)
    messages = session.scalars(rows).all() if found else []
    session.commit()
    for message in messages:
        session.expunge(message)  # a claim is what was read now, whatever is rolled back later
    return [Claim(message, found[message.id].epoch, found[message.id].at) for message in messages]


def _due(lane: int, mode: str) -> tuple[ColumnElement[bool], ...]:
    made_for_now = true() if mode == transports.mode(current_app) else _message.capture_only
    return (_message.lane == lane, _message.mode == mode, made_for_now, _message.not_before <= CLOCK, *may_leave())


def may_leave() -> tuple[ColumnElement[bool], ...]:
    """What a message must meet when it is claimed and, once more, when it begins to leave."""
    keys = select(func.coalesce(func.array_agg(Pause.key), cast([], ARRAY(Text)))).scalar_subquery()
    everything = exists().where(Pause.key == ALL)
    return (_message.expires_at > CLOCK, ~everything, ~_message.pause_keys.bool_op("&&")(keys), ~suppressed())


def suppressed() -> ColumnElement[bool]:
    """Whether a message's address is one that is not written to now, or not about news."""
    lasting = or_(Suppression.expires_at.is_(None), Suppression.expires_at > CLOCK)
    concerned = or_(~Suppression.updates_only, _message.lane == UPDATES)
    return exists(literal(1)).where(Suppression.recipient_index == _message.recipient_index, lasting, concerned)
