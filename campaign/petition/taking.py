"""The statement that takes a signature in: it keeps to itself that look, row, mail and event are one round trip.

The same statement runs for everybody, and it is a transaction of its own. Six statements and a commit took
2.5 times the processor time. Its words are constants, since as parameters they would hide the partial
indexes from the planner, which plans it once for a connection.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    LargeBinary,
    Select,
    Text,
    bindparam,
    case,
    cast,
    func,
    insert,
    literal_column,
    select,
    true,
)

from campaign.appeals.models import Appeal
from campaign.db import clock
from campaign.mail import outbox
from campaign.petition.models import Signature

OPEN = ("demonstration", "open")  # the states in which an appeal takes signatures

_column = Signature.__table__.c
_ALWAYS = ("id", "appeal_id", "visibility", "language", "wording_id", "updates", "held_reasons", "origin")
_UNLESS_KNOWN = ("email_index", "person_index", "country", "domain", "network")


@cache
def statement() -> Select[Any]:
    """Gives the new row's id, or nothing when the appeal is no longer as the caller saw it.

    Parameters: the columns of a signature, those of ``outbox.addressed``, ``bare`` (sealed without the person),
    ``at_risk`` (the country that the caller knew of), ``day``, ``first_key`` (of the confirmation mail).
    """
    seen = _seen()
    taken = _taken(seen)
    return select(taken.c.id).add_cte(outbox.caused(_cause(seen, taken), capped=True))


def _seen() -> CTE:
    """One row when the appeal is as the caller saw it: with the confirmed signature of the same mailbox, if any."""
    known = select(_column.id).where(
        _column.appeal_id == _given("appeal_id"),
        _column.email_index == _given("email_index"),
        _column.state == _word("confirmed"),
    )
    as_seen = (
        Appeal.id == _given("appeal_id"),
        Appeal.state.in_([_word(state) for state in OPEN]),
        Appeal.country_at_risk.is_not_distinct_from(_text("at_risk")),
    )
    return select(known.scalar_subquery().label("known")).where(*as_seen).cte("seen")


def _taken(seen: CTE) -> CTE:
    """The row. Whoever had confirmed before gets one that has lapsed already and holds no name."""
    fresh = seen.c.known.is_(None)
    values = {
        **{name: _given(name) for name in _ALWAYS},
        **{name: case((fresh, _given(name))) for name in _UNLESS_KNOWN},
        "state": case((fresh, _word("pending")), else_=_word("lapsed")),
        "ended_at": case((~fresh, clock())),
        "sealed": case((fresh, _given("sealed")), else_=bindparam("bare", type_=LargeBinary)),
        "held_at": case((func.cardinality(_given("held_reasons")) > literal_column("0"), clock())),
    }
    return insert(Signature).from_select(list(values), select(*values.values())).returning(_column.id).cte("taken")


def _cause(seen: CTE, taken: CTE) -> CTE:
    """Why there is a mail: to confirm, or that this person has signed already, at most once a day."""
    again = _word("already_signed:") + cast(seen.c.known, Text) + _word(":") + _text("day")
    return (
        select(
            case((seen.c.known.is_(None), _word("confirm")), else_=_word("already_signed")).label("kind"),
            func.coalesce(seen.c.known, taken.c.id).label("subject_id"),
            func.coalesce(again, _text("first_key")).label("dedupe_key"),
        )
        .select_from(seen.join(taken, true()))
        .cte("cause")
    )


def _given(name: str) -> ColumnElement[Any]:
    return bindparam(name, type_=_column[name].type)


def _text(name: str) -> ColumnElement[str]:
    return bindparam(name, type_=Text)


def _word(word: str) -> ColumnElement[str]:
    return literal_column(f"'{word}'", Text)
