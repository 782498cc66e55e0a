"""The one door through which a message changes its state: it keeps to itself that no change goes unrecorded.

Each change is one statement: lock the rows that may change, change them, add their events. A row whose
state may not become the new one (``states.MAY_COME_FROM``) is left alone, whoever asks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import wraps
from typing import Any, NamedTuple, ParamSpec, TypeVar
from uuid import UUID

from psycopg.errors import DeadlockDetected
from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    Text,
    bindparam,
    func,
    insert,
    literal,
    literal_column,
    select,
    update,
)
from sqlalchemy.exc import OperationalError

from campaign.db import session, unindexed
from campaign.mail.models import Message, MessageEvent
from campaign.mail.states import MAY_COME_FROM, State

P = ParamSpec("P")
T = TypeVar("T")
_TRIES = 3  # of a use case that PostgreSQL broke off for another's sake
_message = Message.__table__.c
CLOCK = func.clock()


class Moved(NamedTuple):
    """A row that changed: its id, its epoch now, and the database's moment of the change."""

    id: UUID
    epoch: int
    at: datetime


def move(*where: ColumnElement[bool], to: State, why: str, **how: Any) -> Sequence[Moved]:
    """Bring the rows that match ``where`` to state ``to``, with an event each; ``how`` as for ``change``.

    The caller commits.
    """
    return [Moved(*found) for found in session.execute(change(*where, to=to, **how), {"why": why}).all()]


def change(
    *where: ColumnElement[bool],
    to: State,
    limit: int | ColumnElement[int] | None = None,
    only_free: bool = False,
    given: FromClause | None = None,
    named: str = "",
    **values: Any,
) -> Select[Any]:
    """The statement of a change, to be built once where it runs often; the event's ``why`` is a parameter.

    ``limit`` takes the oldest by ``not_before``; ``only_free`` passes over rows that another transaction holds
    (SKIP LOCKED) instead of waiting for it. ``values`` are further columns to set; a function among them is asked
    for the value once ``given``, rows that came with the statement and that ``where`` joins, can be named.
    ``named`` stands before every name in it, ``why`` too, so that two changes can be one statement.
    """
    # Rows that are given are found by their ids: the index of states would read all that are in hand.
    allowed = may_become(to, _message.state if given is None else unindexed(_message.state))
    columns = (_message.id, _message.state.label("was"), *(given.c if given is not None else ()))
    picked = select(*columns).where(allowed, *where)
    # Without a limit in the order of ids, so that two who wait for each other's rows are rare.
    picked = picked.order_by(_message.id) if limit is None else picked.order_by(_message.not_before).limit(limit)
    found = picked.with_for_update(skip_locked=only_free, of=Message.__table__).cte(f"{named}picked")
    moved = (
        update(Message.__table__)  # type: ignore[arg-type] # a declarative table is a Table
        .where(_message.id == found.c.id)
        .values(state=to.value, changed_at=CLOCK, **{k: v(found.c) if callable(v) else v for k, v in values.items()})
        .returning(_message.id, found.c.was, _message.epoch, _message.changed_at)
        .cte(f"{named}moved")
    )
    why = bindparam(f"{named}why", type_=Text)
    row = select(moved.c.id, moved.c.was, literal(to.value, Text), moved.c.epoch, why)
    noted = insert(MessageEvent).from_select(["message_id", "from_state", "to_state", "epoch", "why"], row)
    return select(moved.c.id, moved.c.epoch, moved.c.changed_at).add_cte(noted.cte(f"{named}noted"))


def may_become(to: State, state: ColumnElement[str] = _message.state) -> ColumnElement[bool]:
    """Whether a row may come to state ``to``; in constants, which a partial index is found by."""
    return state.in_([literal_column(f"'{one}'") for one in sorted(MAY_COME_FROM[to])])


def again_after_deadlock(act: Callable[P, T]) -> Callable[P, T]:
    """A use case that owns its transaction, done anew when PostgreSQL broke it off because two waited for each other.

    Whoever it waited for has gone on by then. Raises what the last of three tries raised.
    """

    @wraps(act)
    def done(*args: P.args, **given: P.kwargs) -> T:
        for _ in range(_TRIES - 1):
            try:
                return act(*args, **given)
            except OperationalError as error:
                session.rollback()
                if not isinstance(error.orig, DeadlockDetected):
                    raise
        return act(*args, **given)

    return done
