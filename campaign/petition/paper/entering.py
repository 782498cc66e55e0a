"""Entering sheets: it keeps to itself which sheets may be entered. Only the lines of each country are told us."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID, uuid4

import structlog
from sqlalchemy import select

from campaign.appeals.models import Appeal, ConsentWording
from campaign.appeals.states import IS_OVER
from campaign.db import session
from campaign.errors import Refused
from campaign.i18n import gettext as _
from campaign.i18n import number
from campaign.organisers import audit
from campaign.organisers.models import Organiser
from campaign.petition.paper.models import LINES, MOST, PaperBatch
from campaign.petition.taking import OPEN

log = structlog.get_logger()
TAKEN = (*OPEN, "closed")  # what was signed before it closed comes in by post
Counts = Mapping[str, int]  # lines by country (ISO 3166-1 alpha-2); "" not said


@dataclass(frozen=True, slots=True)
class Sheets:
    """What somebody holds in their hand: sheets of one code, from one place and day."""

    wording: ConsentWording
    place: str
    collected_on: date
    number: int


def enter(appeal: Appeal, sheets: Sheets, counts: Counts, *, by: Organiser, now: datetime) -> UUID:
    """Keep a first count of some sheets until somebody else has counted them too; the batch.

    Raises Refused when this appeal takes none, the day cannot be, or so many lines are not on so many sheets.
    """
    _takes_paper(appeal)
    _could_be(sheets, now)
    batch = _batch(appeal, sheets, counts, by)
    session.add(batch)
    # Not how many lines: whoever counts them next must not read it in the log.
    audit.record("paper.entered", f"appeal {appeal.slug}", organiser=by, sheets=sheets.number)
    session.commit()
    log.info("paper.entered", appeal=appeal.slug, batch=str(batch.id))
    return batch.id


def _batch(appeal: Appeal, sheets: Sheets, counts: Counts, by: Organiser) -> PaperBatch:
    return PaperBatch(
        id=uuid4(),
        appeal_id=appeal.id,
        wording_id=sheets.wording.id,
        place=sheets.place,
        collected_on=sheets.collected_on,
        sheets=sheets.number,
        entered=guarded(appeal, counts),
        signatures=counted_lines(counts, sheets.number),
        entered_by=by.id,
    )


def guarded(appeal: Appeal, counts: Counts) -> dict[str, int]:
    """The lines as we keep them: not that somebody lives in the country at risk."""
    kept: dict[str, int] = {}
    for country, lines in counts.items():
        said = "" if country == appeal.country_at_risk else country
        kept[said] = kept.get(said, 0) + lines
    return {country: lines for country, lines in sorted(kept.items()) if lines}


def counted_lines(counts: Counts, sheets: int) -> int:
    """The lines in all. Raises Refused when they cannot stand on so many sheets."""
    if not 1 <= sheets <= MOST:
        raise Refused(_("A batch has from 1 to %(most)s sheets.", most=number(MOST)))
    lines = sum(counts.values())
    if lines < sheets:
        raise Refused(_("Each sheet has at least one line: leave empty sheets out."))
    if lines > LINES * sheets:
        raise Refused(_("A sheet has %(n)s lines: so many do not stand on these sheets.", n=number(LINES)))
    return lines


def _takes_paper(appeal: Appeal) -> None:
    if appeal.sensitive:
        raise Refused(_("This appeal is sensitive: it takes no signatures on paper."))
    over = session.scalar(select(IS_OVER).where(Appeal.id == appeal.id))
    if appeal.state not in TAKEN or over:
        raise Refused(_("This appeal takes no signatures at the moment."))


def _could_be(sheets: Sheets, now: datetime) -> None:
    """A day of difference is left to the clocks of the world."""
    if sheets.collected_on > now.date() + timedelta(days=1):
        raise Refused(_("This day is yet to come."))
    if sheets.collected_on < sheets.wording.created_at.date() - timedelta(days=1):
        raise Refused(_("On this day these words were not printed yet: look at the day and at the code."))
