"""Which messages leave next, and whose they are meanwhile: it keeps to itself everything that lets a row be taken.

A claim takes the oldest rows of one lane for one mode and passes over rows that another worker holds. What is
paused, suppressed or expired is not taken, and asked once more when a message begins to leave. What was made in
rehearsal is not taken once mail goes out, nor the reverse; what may only ever be captured is, in any mode.

While something is paused, a claim looks at a few of the oldest rows, and if some of them are, behind all that is
(``pausing.free``), where the order is by keys first. So it costs the same however many rows wait paused.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from flask import current_app
from sqlalchemy import (
    ARRAY,
    Boolean,
    ColumnElement,
    CompoundSelect,
    Integer,
    Select,
    Text,
    Uuid,
    any_,
    bindparam,
    case,
    cast,
    exists,
    func,
    literal,
    literal_column,
    or_,
    select,
    text,
    true,
)

from campaign import at_once
from campaign.db import session
from campaign.mail import pacing, transports, turns
from campaign.mail.models import Message, Pause, Suppression
from campaign.mail.moving import CLOCK, Moved, change, may_become, move
from campaign.mail.pausing import ALL, free
from campaign.mail.states import EXPIRES_IN, LEASE, LETTERS, UPDATES, State

_SHARED = 4  # workers that claim at the same moment and are not in each other's way

_message = Message.__table__.c
# An array, since a list of parameters would make another statement of every number of rows.
_THESE = select(Message).where(Message.id == any_(bindparam("rows", type_=ARRAY(Uuid)))).order_by(Message.not_before)
_LEASED: dict[str, Any] = {"lease_until": CLOCK + LEASE, "epoch": _message.epoch + 1}


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
    [found] = at_once.execute(_any_free(lane, mode, transports.mode(current_app)), {"most": 1})
    return found or (_is_paced(lane, mode) and turns.anything_open())


def claim(lane: int, mode: str, limit: int) -> list[Claim]:
    """Take up to ``limit`` rows, oldest first, for two minutes; of live letters those that have a turn. Commits."""
    running = transports.mode(current_app)
    oldest = at_once.rows(_oldest_free(lane, mode, running), {"why": "claimed", "most": limit})
    taken = [Moved(*row) for row in oldest]
    if len(taken) < limit:
        taken += _take_beside_paused(_beside_paused(lane, mode, running), limit - len(taken))
    if _is_paced(lane, mode) and len(taken) < limit:
        taken += _take_turns(turns.next_letters(*_due(lane, mode, running), limit=limit - len(taken)))
    found = {row.id: row for row in taken}
    messages = session.scalars(_THESE, {"rows": list(found)}).all() if found else []
    session.commit()
    for message in messages:
        session.expunge(message)  # a claim is what was read now, whatever is rolled back later
    return [Claim(message, found[message.id].epoch, found[message.id].at) for message in messages]


def _take_beside_paused(found: CompoundSelect[Any], limit: int) -> Sequence[Moved]:
    """More are looked at than taken: another worker may look at the same ones at this moment."""
    rows = at_once.execute(found, {"most": _SHARED * limit})
    if not rows:
        return []
    still = _message.id.in_(rows), _message.not_before <= CLOCK  # another worker may have put one off since
    return move(*still, to=State.LEASED, why="claimed", limit=limit, only_free=True, **_LEASED)


def _take_turns(rows: Sequence[UUID]) -> Sequence[Moved]:
    """A letter may have waited for its office for months: it grows old from its first turn on."""
    if not rows:
        return []
    expires_at = case((_message.turn_at.is_(None), CLOCK + EXPIRES_IN[LETTERS]), else_=_message.expires_at)
    ours = _LEASED | {"turn_at": CLOCK, "expires_at": expires_at}
    return move(_message.id.in_(rows), to=State.LEASED, why="claimed", only_free=True, **ours)


@cache
def _any_free(lane: int, mode: str, running: str) -> Select[Any]:
    oldest = exists().where(may_become(State.LEASED), *_free(lane, mode, running))
    return select(or_(oldest, exists(_beside_paused(lane, mode, running))))


@cache
def _oldest_free(lane: int, mode: str, running: str) -> Select[Any]:
    most = bindparam("most", type_=Integer)
    return change(*_free(lane, mode, running), to=State.LEASED, limit=most, only_free=True, **_LEASED)


def _free(lane: int, mode: str, running: str) -> tuple[ColumnElement[bool], ...]:
    """What may be taken from the oldest on, while nothing at all is paused."""
    return (~_message.paced, ~exists().where(Pause.key.is_not(None)), *_due(lane, mode, running))


@cache
def _beside_paused(lane: int, mode: str, running: str) -> CompoundSelect[Any]:
    """Rows that may be taken while something is paused: of the oldest, then of each list of keys that is free.

    The list whose first has waited longest comes first, so that none is passed over for good by a busy one.
    """
    most, due = bindparam("most", type_=Integer), _due(lane, mode, running)
    waits = f"state IN ('ready', 'deferred') AND NOT paced AND lane = {lane:d} AND mode = '{mode}'"  # an index's own
    waiting = literal_column(waits, Boolean)
    something = exists().where(Pause.key.is_not(None))
    oldest = select(_message.id).where(waiting, something).order_by(_message.not_before).limit(most).subquery()
    near = select(_message.id).where(_message.id == oldest.c.id, *due)
    lists = text(free(waits, unless_nothing_is_paused=True)).columns(pause_keys=_message.pause_keys.type).subquery()
    of_list = waiting, _message.pause_keys == lists.c.pause_keys
    first = select(_message.not_before).where(*of_list).order_by(_message.not_before).limit(1).lateral()
    heads = select(lists.c.pause_keys, first.c.not_before).join_from(lists, first, true())
    ordered = heads.order_by(first.c.not_before).subquery()
    mine = select(_message.id).where(waiting, _message.pause_keys == ordered.c.pause_keys, *due)
    behind = mine.order_by(_message.not_before).limit(most).lateral()
    fair = select(behind.c.id).join_from(ordered, behind, true()).order_by(ordered.c.not_before).limit(most)
    return near.union_all(select(fair.subquery().c.id)).limit(most)


def _is_paced(lane: int, mode: str) -> bool:
    return lane == LETTERS and mode == transports.LIVE


def _due(lane: int, mode: str, running: str) -> tuple[ColumnElement[bool], ...]:
    made_for_now = true() if mode == running else _message.capture_only
    return (_message.lane == lane, _message.mode == mode, made_for_now, _message.not_before <= CLOCK, *may_leave())


def may_leave() -> tuple[ColumnElement[bool], ...]:
    """What a message must meet when it is claimed and, once more, when it begins to leave."""
    keys = select(func.coalesce(func.array_agg(Pause.key), cast([], ARRAY(Text)))).scalar_subquery()
    everything = exists().where(Pause.key == ALL)
    return (
        _message.expires_at > CLOCK,
        ~everything,
        ~_message.pause_keys.bool_op("&&")(keys),
        ~suppressed(),
        pacing.welcome(),
    )


def suppressed() -> ColumnElement[bool]:
    """Whether a message's address is one that is not written to now, or not about news."""
    lasting = or_(Suppression.expires_at.is_(None), Suppression.expires_at > CLOCK)
    concerned = or_(~Suppression.updates_only, _message.lane == UPDATES)
    return exists(literal(1)).where(Suppression.recipient_index == _message.recipient_index, lasting, concerned)
