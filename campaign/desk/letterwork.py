"""Letters of an appeal, office by office, for its organisers: it keeps to itself which states make one column."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select

from campaign.appeals.models import Appeal
from campaign.db import session
from campaign.letters import launching, queries
from campaign.letters.models import LetterTally
from campaign.offices import queries as offices
from campaign.offices.models import Office

_COLUMNS = {
    "to_confirm": frozenset({"pending"}),
    "waiting": frozenset({"held", "folded", "ready", "leased", "attempting", "deferred", "confirmed"}),
    "accepted": frozenset({"accepted", "settled"}),
    "unknown": frozenset({"unknown"}),
    "wrong": frozenset({"failed", "bounced", "suppressed"}),
}


@dataclass(frozen=True, slots=True)
class OfficeLetters:
    """Letters to one office: what waits for its writer, for its turn, what was accepted, what nobody knows, what
    went wrong; those that writers took along to their own mailbox or to paper; and the day the last waiting goes."""

    title: str
    to_confirm: int
    waiting: int
    accepted: int
    unknown: int
    wrong: int
    taken_along: int
    last_day: date | None


def letters_by_office(appeal: Appeal, addressees: Iterable[str]) -> list[OfficeLetters]:
    """One line an addressee, in the appeal's order, those without letters too."""
    slugs = list(addressees)
    found = offices.by_slugs(slugs)
    titles = {slug: office.title for slug, office in found.items()}
    taken = _taken_along(appeal)
    counted: dict[str, dict[str, int]] = {}
    for slug, _title, state, n in queries.by_office(appeal.id):
        counted.setdefault(slug, {})[state] = n
    ends = _last_days(found.values())
    return [
        _line(titles.get(slug, slug), counted.get(slug, {}), taken_along=taken.get(slug, 0), last_day=ends.get(slug))
        for slug in slugs
    ]


def _last_days(found: Iterable[Office]) -> dict[str, date | None]:
    """When the last letter to each office goes, over all appeals, since they share its budget."""
    return {line.office.slug: line.outlook.last_day for line in launching.lines(list(found), offices.today())}


def _line(title: str, by_state: dict[str, int], *, taken_along: int, last_day: date | None) -> OfficeLetters:
    columns = {name: sum(by_state.get(state, 0) for state in states) for name, states in _COLUMNS.items()}
    return OfficeLetters(title=title, taken_along=taken_along, last_day=last_day, **columns)


def _taken_along(appeal: Appeal) -> dict[str, int]:
    rows = session.execute(
        select(Office.slug, func.sum(LetterTally.letters))
        .join(Office, Office.id == LetterTally.office_id)
        .where(LetterTally.appeal_id == appeal.id)
        .group_by(Office.slug)
    )
    return {slug: int(n) for slug, n in rows}
