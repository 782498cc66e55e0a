"""The statement that takes signatures in: it keeps to itself that look, row, mail and event are one round trip.

The same statement runs for everybody, and it is a transaction of its own. Six statements and a commit took
2.5 times the processor time. It takes as many as come at the same moment (``together``): that halves what PostgreSQL
does for each. They come as one JSON parameter, which costs a fifth of 40 parameters each. Its words are constants,
since as parameters they would hide the partial indexes from the planner, which plans it once for a connection.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from functools import cache
from typing import Any

import orjson
from sqlalchemy import (
    CTE,
    JSON,
    ColumnElement,
    LargeBinary,
    Select,
    TableValuedAlias,
    Text,
    bindparam,
    case,
    cast,
    column,
    exists,
    func,
    insert,
    literal_column,
    select,
)

from campaign import at_once
from campaign.appeals.models import Appeal
from campaign.db import clock
from campaign.mail import outbox
from campaign.mail.models import Message
from campaign.petition.models import Signature

OPEN = ("demonstration", "open")  # the states in which an appeal takes signatures

_column = Signature.__table__.c
_ALWAYS = ("id", "appeal_id", "visibility", "language", "wording_id", "updates", "held_reasons", "origin")
_UNLESS_KNOWN = ("email_index", "person_index", "country", "domain", "network")


def take(rows: Sequence[dict[str, Any]]) -> list[bool]:
    """Store these signatures with their mails, in one commit; of each, whether its appeal was as the caller saw it.

    A row holds the columns of a signature, those of ``outbox.addressed``, ``bare`` (sealed without the person),
    ``at_risk`` (the country that the caller knew of), ``day``, ``first_key`` and
    ``own_key`` (of the confirmation mail; the first is that of the same press).
    """
    given = orjson.dumps(rows, default=_as_postgresql_reads).decode()
    stored = set(at_once.execute(statement(), {"rows": given}))
    return [row["id"] in stored for row in rows]


def _as_postgresql_reads(value: object) -> str:
    match value:
        case bytes():
            return f"\\x{value.hex()}"
        case timedelta():
            return f"{value.total_seconds()} s"
    raise TypeError(type(value).__name__)


@cache
def statement() -> Select[Any]:
    """Gives the ids of the rows that it stored, out of those in ``rows``."""
    seen = _seen(_given())
    taken = _taken(seen)
    return select(taken.c.id).add_cte(outbox.caused(_cause(seen, taken), capped=True))


def _given() -> TableValuedAlias:
    """The rows, as ``take`` describes them."""
    own = {name: _column[name].type for name in (*_ALWAYS, *_UNLESS_KNOWN, "sealed")}
    more = dict.fromkeys(("at_risk", "day", "first_key", "own_key"), Text())
    kinds = own | {"bare": LargeBinary()} | more | outbox.columns()
    rows = func.json_to_recordset(cast(bindparam("rows", type_=Text), JSON))
    return rows.table_valued(*(column(name, kind) for name, kind in kinds.items()), name="given").render_derived(
        with_types=True
    )


def _seen(given: TableValuedAlias) -> CTE:
    """The rows whose appeal is as the caller saw it, each with the confirmed signature of its mailbox, if any."""
    known = select(_column.id).where(
        _column.appeal_id == given.c.appeal_id,
        _column.email_index == given.c.email_index,
        _column.state == _word("confirmed"),
    )
    as_seen = (
        Appeal.id == given.c.appeal_id,
        Appeal.state.in_([_word(state) for state in OPEN]),
        Appeal.country_at_risk.is_not_distinct_from(given.c.at_risk),
    )
    return select(*given.c, known.scalar_subquery().label("known")).where(*as_seen).cte("seen")


def _taken(seen: CTE) -> CTE:
    """The signatures. Whoever had confirmed before gets one that has lapsed already and holds no name."""
    fresh = seen.c.known.is_(None)
    values = {
        **{name: seen.c[name] for name in _ALWAYS},
        **{name: case((fresh, seen.c[name])) for name in _UNLESS_KNOWN},
        "state": case((fresh, _word("pending")), else_=_word("lapsed")),
        "ended_at": case((~fresh, clock())),
        "sealed": case((fresh, seen.c.sealed), else_=seen.c.bare),
        "held_at": case((func.cardinality(seen.c.held_reasons) > literal_column("0"), clock())),
    }
    return insert(Signature).from_select(list(values), select(*values.values())).returning(_column.id).cte("taken")


def _cause(seen: CTE, taken: CTE) -> CTE:
    """Why there is a mail: to confirm, or that this person has signed already, at most once a day.

    A second press has the key of the first and so no mail, unless what the first mail was about waits no more.
    """
    again = _word("already_signed:") + cast(seen.c.known, Text) + _word(":") + seen.c.day
    return (
        select(
            case((seen.c.known.is_(None), _word("confirm")), else_=_word("already_signed")).label("kind"),
            func.coalesce(seen.c.known, taken.c.id).label("subject_id"),
            func.coalesce(again, case((_is_over(seen), seen.c.own_key), else_=seen.c.first_key)).label("dedupe_key"),
            *(seen.c[name] for name in outbox.columns()),
        )
        .select_from(seen.join(taken, taken.c.id == seen.c.id))
        .cte("cause")
    )


def _is_over(seen: CTE) -> ColumnElement[bool]:
    """Whether the same press has had its mail, and what that was about was confirmed, refused or withdrawn since."""
    mine = Message.subject_id == Signature.id, Message.dedupe_key == seen.c.first_key
    return exists().where(*mine, _column.state != _word("pending"))


def _word(word: str) -> ColumnElement[str]:
    return literal_column(f"'{word}'", Text)
