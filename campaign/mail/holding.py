"""What is done with rows while they are ours: it keeps to itself that only their holder, by ``epoch``, may do it.

Each act takes any number of rows in one statement, which is a transaction: one round trip, and on disk when it
returns. Whoever asks for several rows must be content with what a kill leaves of all of them
(``campaign.mail.delivery`` says when that is).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, FromClause, Interval, Select, Uuid, bindparam, func, select

from campaign import at_once
from campaign.mail.claiming import Claim, may_leave
from campaign.mail.models import Message
from campaign.mail.moving import CLOCK, change
from campaign.mail.replies import Why
from campaign.mail.states import ATTEMPT_LEASE, State

ANSWER = ("attempts", "reply_code", "reply_enhanced", "reply_text", "queue_id")
"""The columns that a server's answer sets."""

_message = Message.__table__.c
_BYTES = ("content", "message_id", "date_header")
_DONE = "done_"
Held = Iterable[tuple[Claim, Mapping[str, Any]]]
"""Rows of ours, each with the columns to set."""


def go_on(accepted: Held, beginning: Held) -> set[UUID]:
    """Record what was accepted and make the next ``attempting`` for twelve minutes, together; either may be none.

    Gives those of the next that are still ours and still may leave: for any other DATA must not be said. The
    columns of what was accepted are those of ``ANSWER``; of the next, those of a first rendering, or none.
    """
    given = _given(accepted, ANSWER, Why.ACCEPTED, _DONE) | _given(beginning, _BYTES, "begins to leave")
    return set(at_once.execute(_going_on(), given))


def finish(held: Held, to: State, why: str, *, wait: timedelta | None = None) -> set[UUID]:
    """Record what became of rows, all with the same columns; gives those that were still ours.

    ``wait`` is how long they shall not be claimed again.
    """
    rows = [(claim, values if wait is None else {**values, "not_before": wait}) for claim, values in held]
    columns = tuple(rows[0][1])
    return set(at_once.execute(_finishing(to, columns), _given(rows, columns, why)))


def release(*claims: Claim, why: str) -> None:
    """Give back rows of which nothing was sent, at once instead of when their lease ends.

    One whose ``attempting`` is written already is ``deferred`` until now: only its holder can know that it stayed.
    """
    rows: Held = [(claim, {}) for claim in claims]
    at_once.execute(_giving_back(), _given(rows, (), why) | _given(rows, (), why, _DONE))


def _given(held: Held, columns: tuple[str, ...], why: str, named: str = "") -> dict[str, Any]:
    rows = list(held)
    given: dict[str, Any] = {"row": [claim.id for claim, _ in rows], "ours": [claim.epoch for claim, _ in rows]}
    given |= {f"new_{name}": [values.get(name) for _, values in rows] for name in columns}
    return {f"{named}{name}": value for name, value in {**given, "why": why}.items()}


@cache
def _going_on() -> Select[Any]:
    rows = _rows(_BYTES)
    kept = {name: _or_as_it_was(name) for name in _BYTES}
    where = (*_ours(rows), _message.lease_until > CLOCK, *may_leave())
    begun = change(*where, to=State.ATTEMPTING, given=rows, lease_until=CLOCK + ATTEMPT_LEASE, **kept)
    return begun.add_cte(_finishing(State.ACCEPTED, ANSWER, _DONE).cte("done"))


@cache
def _finishing(to: State, columns: tuple[str, ...], named: str = "") -> Select[Any]:
    rows = _rows(columns, named)
    values: dict[str, Any] = {name: _as_given(name) for name in columns}
    if "not_before" in values:
        values["not_before"] = lambda found: CLOCK + found.new_not_before
    return change(*_ours(rows), to=to, given=rows, named=named, lease_until=None, **values)


@cache
def _giving_back() -> Select[Any]:
    def back(held: State, to: State, named: str = "") -> Select[Any]:
        rows = _rows((), named)
        return change(*_ours(rows), _message.state == held, to=to, given=rows, named=named, lease_until=None)

    return back(State.LEASED, State.READY).add_cte(back(State.ATTEMPTING, State.DEFERRED, _DONE).cte("done"))


def _ours(rows: FromClause) -> tuple[Any, ...]:
    return (_message.id == rows.c.row, _message.epoch == rows.c.ours)


def _as_given(name: str) -> Any:
    return lambda found: found[f"new_{name}"]


def _or_as_it_was(name: str) -> Any:
    return lambda found: func.coalesce(found[f"new_{name}"], _message[name])


def _rows(columns: tuple[str, ...], named: str = "") -> FromClause:
    """Rows that come with the statement as one array a column: its text is the same for any number of them.

    Each array by a sub-select, so that PostgreSQL does not see its length, for which it would plan anew each time.
    """
    types: dict[str, Any] = {"row": Uuid(), "ours": _message.epoch.type}
    types |= {f"new_{name}": Interval() if name == "not_before" else _message[name].type for name in columns}
    given = [bindparam(f"{named}{name}", type_=ARRAY(kind)) for name, kind in types.items()]
    arrays = [select(one).scalar_subquery() for one in given]
    return func.unnest(*arrays).table_valued(*types, joins_implicitly=True).render_derived(name="given")
