"""An organiser says who holds an office: it keeps to itself what saying so changes in the terms."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy.exc import IntegrityError

from campaign import db
from campaign.db import session
from campaign.errors import Refused
from campaign.i18n import gettext as _
from campaign.offices import changing, queries
from campaign.offices.models import Office, OfficeTerm
from campaign.offices.partial_dates import PartialDate
from campaign.organisers.models import Organiser

_EARLIEST, _AHEAD = 1945, 10  # the Charter; years ahead that somebody can know of


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Who holds an office from a day on; ``family_name`` is what follows Ms. or Mr. in a greeting."""

    name: str
    honorific: str  # "Ms.", "Mr." or "Ambassador"
    starts: PartialDate
    source: str
    family_name: str | None = None


def confirm(slug: str, term: UUID, *, by: Organiser) -> None:
    """The organiser checked today that this person holds the office.

    Raises Refused when the term is gone, over or not begun, or was confirmed today already.
    """
    office, today = changing.hold(slug), queries.today()
    row = _term(office, term)
    _refuse_unless_current(row, today)
    values: dict[str, Any] = {"verified": True, "checked_on": today, "entered_by": by.id}
    if row.check_from and row.check_from <= today:
        values["check_from"] = None  # what was due by then has been looked at; now the 90 days decide
    changing.note(office, "office.holder_confirmed", [changing.alter(row, values)], by=by, holder=row.name)


def enter(slug: str, newcomer: Newcomer, *, ending: UUID | None = None, by: Organiser) -> None:
    """Add a holder whom the organiser checked today, and end the term ``ending`` by the new one's start.

    Raises Refused (field ``starts`` or ``name``) for a start that cannot be, or a term that is listed already.
    """
    office, today = changing.hold(slug), queries.today()
    _refuse_strange_year(newcomer.starts, today, field="starts")
    changes = [_end(_term(office, ending), newcomer.starts, by=by)] if ending else []
    try:
        changes.append(changing.add(office, _row(office, newcomer, today=today, by=by)))
        changing.note(office, "office.holder_entered", changes, by=by, holder=newcomer.name)
    except IntegrityError as error:
        raise _said_already(error, field="name") from None


def correct(
    slug: str, term: UUID, *, starts: PartialDate | None, ends: PartialDate | None, source: str = "", by: Organiser
) -> None:
    """Put right when a term began and ended (None: not known, or still in office), and where that was read.

    It says nothing about who holds the office today: that is confirmed on its own. Raises Refused (field
    ``starts`` or ``ends``) for dates that cannot be.
    """
    office, today = changing.hold(slug), queries.today()
    row = _term(office, term)
    _refuse_impossible(starts, ends, today)
    values = {"starts": starts and str(starts), "ends": ends and str(ends), "source": source or row.source}
    same = all(getattr(row, name) == value for name, value in values.items())
    try:
        change = changing.alter(row, values if same else values | {"entered_by": by.id})
        changing.note(office, "office.dates_corrected", [change], by=by, holder=row.name)
    except IntegrityError as error:
        raise _said_already(error, field="starts") from None


def day_before(starts: PartialDate) -> PartialDate:
    """When whoever was there before left: the day before; the same month or year where no day is known."""
    return PartialDate(str(starts.first - timedelta(days=1))) if starts.is_day else starts


def _row(office: Office, newcomer: Newcomer, *, today: date, by: Organiser) -> OfficeTerm:
    return OfficeTerm(
        id=uuid4(),
        position=max((term.position for term in office.terms), default=-1) + 1,
        name=newcomer.name,
        honorific=newcomer.honorific,
        family_name=newcomer.family_name,
        starts=str(newcomer.starts),
        approximate=False,
        verified=True,
        source=newcomer.source,
        checked_on=today,
        entered_by=by.id,
    )


def _end(row: OfficeTerm, starts: PartialDate, *, by: Organiser) -> changing.Change:
    ends = day_before(starts)
    if row.starts and ends.last < PartialDate(row.starts).first:
        raise Refused(_("%(name)s began later than that.", name=row.name), field="starts")
    return changing.alter(row, {"ends": str(ends), "entered_by": by.id})


def _term(office: Office, term: UUID) -> OfficeTerm:
    found = next((row for row in office.terms if row.id == term), None)
    if found is None:
        raise Refused(_("This term is no longer listed."))
    return found


def _refuse_unless_current(row: OfficeTerm, today: date) -> None:
    if row.ends and PartialDate(row.ends).last < today:
        raise Refused(_("The term of %(name)s is over. Correct its end first.", name=row.name))
    if row.starts and PartialDate(row.starts).first > today:
        raise Refused(_("The term of %(name)s has not begun.", name=row.name))


def _refuse_impossible(starts: PartialDate | None, ends: PartialDate | None, today: date) -> None:
    for bound, field in ((starts, "starts"), (ends, "ends")):
        if bound:
            _refuse_strange_year(bound, today, field=field)
    if starts and ends and ends.last < starts.first:
        raise Refused(_("The end is before the start"), field="ends")


def _refuse_strange_year(bound: PartialDate, today: date, *, field: str) -> None:
    latest = today.year + _AHEAD
    if not _EARLIEST <= bound.first.year <= latest:
        raise Refused(_("Enter a year from %(first)s to %(last)s", first=_EARLIEST, last=latest), field=field)


def _said_already(error: IntegrityError, *, field: str) -> Exception:
    session.rollback()
    if db.violated(error) != "uq_office_term_office_id_name_starts":
        return error
    return Refused(_("A term of this person from this date is listed already"), field=field)
