"""Whose letter goes next: it keeps to itself that one letter an office and a domain has its turn at a time.

What each bears is ``pacing``'s; whoever takes a turn holds its budgets' rows until the transaction ends.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    Boolean,
    ColumnElement,
    Select,
    Text,
    bindparam,
    cast,
    func,
    literal_column,
    select,
    text,
    true,
)
from sqlalchemy.dialects.postgresql import insert

from campaign.db import session
from campaign.mail.models import Budget, Message
from campaign.mail.pacing import Standing, singly_to_one_that_gathers, standard, standings
from campaign.mail.pausing import free

_WAITS = "state IN ('ready', 'deferred') AND paced"
_LISTS = free(_WAITS, within="budget_key")  # one step for each office and list, however many letters it has
_WAITING = text(f"SELECT budget_key, CAST(pause_keys AS text) AS keys FROM ({_LISTS}) AS waiting")  # noqa: S608 - ours


def anything_open() -> bool:
    """Whether a letter waits, and is not paused, whose office may be written to now."""
    return any(standing.is_open for standing in standings(_waiting()).values())


def next_letters(*may_go: ColumnElement[bool], limit: int) -> list[UUID]:
    """Whose turn it is: one letter an office and a domain, until the transaction ends nobody else's.

    ``may_go`` is what else a letter must meet. Offices that waited longest come first.
    """
    waiting = _waiting()
    offices = _held_open(key for key, standing in standings(waiting).items() if standing.is_open)
    letters = _oldest({office.key: waiting[office.key] for office in offices}, may_go)
    open_domains = {standing.key for standing in _held_open(domain for _, domain in letters)}
    chosen: dict[str, UUID] = {}
    for letter, domain in letters:
        if domain in open_domains:
            chosen.setdefault(domain, letter)
    return list(chosen.values())[:limit]


def _waiting() -> dict[str, list[str]]:
    """By office, the lists of keys of its letters that wait and are not paused."""
    found: dict[str, list[str]] = {}
    for office, keys in session.execute(_WAITING):
        found.setdefault(office, []).append(keys)
    return found


def _held_open(keys: Iterable[str]) -> list[Standing]:
    """Those of the budgets that nobody else holds and that are open, the one longest without a letter first.

    Read again once they are held: what another claim took meanwhile must count.
    """
    wanted = sorted(set(keys))
    if not wanted:
        return []
    rows = [{"key": key} | standard(key) for key in wanted]
    session.execute(insert(Budget).values(rows).on_conflict_do_nothing())
    lock = select(Budget.key).where(Budget.key.in_(wanted)).order_by(Budget.key).with_for_update(skip_locked=True)
    held = standings(session.scalars(lock).all()).values()
    return sorted((one for one in held if one.is_open), key=lambda one: (one.turns[-1:], one.next_turn, one.key))


def _oldest(waiting: Mapping[str, Sequence[str]], may_go: Sequence[ColumnElement[bool]]) -> list[tuple[UUID, str]]:
    """Of each office the letter that goes first, and its domain's key: one tried before, else the oldest."""
    pairs = [(office, keys) for office, lists in waiting.items() for keys in lists]
    rows = session.execute(_first_of_each(may_go), {"offices": [o for o, _ in pairs], "lists": [k for _, k in pairs]})
    found: dict[str, Any] = {}
    for row in sorted(rows, key=lambda row: (row.state, row.not_before)):
        found.setdefault(row.key, row)
    return [(found[key].id, f"domain:{found[key].recipient_domain}") for key in waiting if key in found]


def _first_of_each(may_go: Sequence[ColumnElement[bool]]) -> Select[Any]:
    """The letter that goes first of each office and list of keys."""
    arrays = [bindparam(name, type_=ARRAY(Text)) for name in ("offices", "lists")]
    asked = func.unnest(*arrays).table_valued("office", "keys").render_derived(name="asked")
    its = (Message.budget_key == Budget.key, Message.pause_keys == cast(asked.c["keys"], ARRAY(Text)))
    due = (literal_column(_WAITS, Boolean), ~singly_to_one_that_gathers(), *may_go)
    columns = (Message.id, Message.recipient_domain, Message.state, Message.not_before)
    first = select(*columns).where(*its, *due).order_by(Message.state, Message.not_before).limit(1).lateral()
    return select(Budget.key, first).select_from(asked).join(Budget, Budget.key == asked.c.office).join(first, true())
