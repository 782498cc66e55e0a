"""What is done with rows while they are ours: it keeps to itself that only their holder, by ``epoch``, may do it.

Each change takes any number of rows in one statement and one commit; whoever asks for several must be content
with what a kill leaves of all of them (``campaign.mail.delivery`` says when that is).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, FromClause, Interval, Select, Uuid, bindparam, func

from campaign.db import session
from campaign.mail.claiming import Claim, may_leave
from campaign.mail.models import Message
from campaign.mail.moving import CLOCK, change, run
from campaign.mail.states import ATTEMPT_LEASE, State

_message = Message.__table__.c
_BYTES = ("content", "message_id", "date_header")
Held = Iterable[tuple[Claim, Mapping[str, Any]]]
"""Rows of ours, each with the columns to set."""


def begin(held: Held) -> set[UUID]:
    """Make rows ``attempting`` for twelve minutes; gives those that are still ours and still may leave. Commits.

    Their columns are those of a first rendering, or none. For any other row DATA must not be said.
    """
    return _run(_beginning(), held, _BYTES, "begins to leave")


def finish(held: Held, to: State, why: str, *, wait: timedelta | None = None, commit: bool = True) -> set[UUID]:
    """Record what became of rows, all with the same columns; gives those that were still ours. Commits if asked.

    ``wait`` is how long they shall not be claimed again.
    """
    rows = [(claim, values if wait is None else {**values, "not_before": wait}) for claim, values in held]
    columns = tuple(rows[0][1])
    return _run(_finishing(to, columns), rows, columns, why, commit=commit)


def release(*claims: Claim, why: str) -> None:
    """Give back rows of which nothing was sent, at once instead of when their lease ends. Commits.

    One whose ``attempting`` is written already is ``deferred`` until now: only its holder can know that it stayed.
    """
    rows: Held = [(claim, {}) for claim in claims]
    _run(_giving_back(State.LEASED, State.READY), rows, (), why, commit=False)
    _run(_giving_back(State.ATTEMPTING, State.DEFERRED), rows, (), why)


def _run(statement: Select[Any], held: Held, columns: tuple[str, ...], why: str, *, commit: bool = True) -> set[UUID]:
    rows = list(held)
    given: dict[str, Any] = {"row": [claim.id for claim, _ in rows], "ours": [claim.epoch for claim, _ in rows]}
    given |= {f"new_{name}": [values.get(name) for _, values in rows] for name in columns}
    moved = run(statement, why=why, **given)
    if commit:
        session.commit()
    return {row.id for row in moved}


@cache
def _beginning() -> Select[Any]:
    rows = _given(_BYTES)
    kept = {name: _or_as_it_was(name) for name in _BYTES}
    where = (*_ours(rows), _message.lease_until > CLOCK, *may_leave())
    return change(*where, to=State.ATTEMPTING, given=rows, lease_until=CLOCK + ATTEMPT_LEASE, **kept)


@cache
def _finishing(to: State, columns: tuple[str, ...]) -> Select[Any]:
    rows = _given(columns)
    values: dict[str, Any] = {name: _as_given(name) for name in columns}
    if "not_before" in values:
        values["not_before"] = lambda found: CLOCK + found.new_not_before
    return change(*_ours(rows), to=to, given=rows, lease_until=None, **values)


@cache
def _giving_back(held: State, to: State) -> Select[Any]:
    rows = _given(())
    return change(*_ours(rows), _message.state == held, to=to, given=rows, lease_until=None)


def _ours(rows: FromClause) -> tuple[Any, ...]:
    return (_message.id == rows.c.row, _message.epoch == rows.c.ours)


def _as_given(name: str) -> Any:
    return lambda found: found[f"new_{name}"]


def _or_as_it_was(name: str) -> Any:
    return lambda found: func.coalesce(found[f"new_{name}"], _message[name])


def _given(columns: tuple[str, ...]) -> FromClause:
    """Rows that come with the statement as one array a column: its text is the same for any number of them."""
    types: dict[str, Any] = {"row": Uuid(), "ours": _message.epoch.type}
    types |= {f"new_{name}": Interval() if name == "not_before" else _message[name].type for name in columns}
    arrays = [bindparam(name, type_=ARRAY(kind)) for name, kind in types.items()]
    return func.unnest(*arrays).table_valued(*types, joins_implicitly=True).render_derived(name="given")
