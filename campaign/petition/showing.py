"""What the templates of an appeal are given: it keeps to itself how facts, words and offices come together."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import url_for

from campaign import i18n
from campaign.appeals import organisations, queries, texts
from campaign.appeals.content import Demand, DemandStatus, DemandText, OfficeText, Text
from campaign.appeals.models import OrganisationSignOn
from campaign.appeals.queries import Published
from campaign.offices import addressing
from campaign.offices import queries as offices
from campaign.offices.models import Office
from campaign.offices.partial_dates import PartialDate
from campaign.petition import counting
from campaign.petition.comments import writing as comments
from campaign.petition.defence import corrections
from campaign.petition.models import Signature
from campaign.petition.paper import counting as on_paper
from campaign.petition.surge.standing import surge_is_on
from campaign.petition.wall import reading
from campaign.web import link

SOME = 25  # below that the number stands alone, without a bar that looks empty
TONES = {
    DemandStatus.OPEN: "open",
    DemandStatus.OVERTAKEN_IN_PART: "part",
    DemandStatus.PARTLY_MET: "part",
    DemandStatus.MET: "good",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the demand ledger, with who holds the offices on the day shown."""

    demand: Demand
    words: DemandText
    tone: str
    holders: tuple[tuple[str, str], ...]  # (office as the page speaks of it, name)


@dataclass(frozen=True, slots=True)
class Card:
    """An office that letters can go to."""

    slug: str
    name: str
    about: str
    holder: str
    sendable: bool


def of(row: Signature | OrganisationSignOn) -> Published:
    """The appeal that a person or an organisation signed."""
    return queries.by_id(row.appeal_id)


def frame(published: Published, lang: str) -> dict[str, Any]:
    """What every page of an appeal is given, in one of its languages."""
    content = published.content
    words = content.text(lang)
    return {
        "appeal": published.appeal,
        "content": content,
        "words": words,
        "languages": _languages(published),
        "count": counting.count(published.appeal),
        "on_paper": on_paper.count(published.appeal),
        "goal": goal(published),
        "countries": counting.countries(published.appeal),
        "surge": surge_is_on(published.appeal),
        "when": when,
        "prose": texts.render,
        "year": i18n.part_of_date(date(content.statement.year, 1, 1), "y"),
        "page_url": _absolute(published, lang),
    }


def document(published: Published, lang: str, today: date) -> dict[str, Any]:
    """What the appeal's own page is given beside its frame: the ledger and the addressees as they are today."""
    content = published.content
    slugs = {a.office for d in content.demands for a in d.addressees} | set(content.addressees)
    found = offices.by_slugs(slugs)
    words = content.text(lang)
    return {
        "today": today,
        "wall": reading.is_there(published.appeal) or bool(comments.shown(published.appeal, limit=1)),
        "corrections": corrections.of(published.appeal),
        "organisations": organisations.by_status(published.appeal),
        "ledger": [_line(demand, words, found, today) for demand in content.demands],
        "cards": [_card(found[slug], words.offices[slug], today) for slug in content.addressees],
    }


def recipients(published: Published, lang: str) -> list[str]:
    """The offices that get the names of who allowed it; the Council's President, as a State's envoy, gets numbers."""
    names = published.content.text(lang).offices
    found = offices.by_slugs(published.content.addressees)
    return [names[s].name for s in published.content.addressees if found[s].form != "council-president"]


def about(signatures: int) -> int:
    """A count as one says it: two digits and noughts; 0 while it is too small to be told roughly."""
    if signatures < SOME:
        return 0
    noughts: int = 10 ** max(len(str(signatures)) - 2, 0)
    return signatures // noughts * noughts


def goal(published: Published) -> int:
    """The next milestone of an appeal; 0 while too few have signed for a bar."""
    if counting.count(published.appeal) < SOME:
        return 0
    return counting.goal(published.appeal, published.content.milestones)


def when(moment: PartialDate) -> str:
    """A day, a month or a year in words, in the page's language."""
    if moment.is_day:
        return i18n.day(moment.first)
    return i18n.part_of_date(moment.first, "y" if moment.is_year else "yMMMM")


def _show(published: Published, lang: str) -> str:
    return url_for("petition.show", lang=lang, slug=published.appeal.slug)


def _absolute(published: Published, lang: str) -> str:
    return link("petition.show", lang=lang, slug=published.appeal.slug)


def _languages(published: Published) -> list[tuple[str, str, str]]:
    return [(code, i18n.OWN_NAMES[code], _show(published, code)) for code in published.content.languages]


def _line(demand: Demand, words: Text, found: dict[str, Office], today: date) -> Line:
    held = [(a.office, addressing.greeted(found[a.office], today)) for a in demand.addressees]
    holders = tuple((words.offices[slug].name, term.name) for slug, term in held if term and slug in words.offices)
    return Line(demand, words.demands[demand.id], TONES[demand.status], holders)


def _card(office: Office, words: OfficeText, today: date) -> Card:
    holder = addressing.greeted(office, today)
    sendable = addressing.sendable_address(office, today) is not None
    return Card(office.slug, words.name, words.about, holder.name if holder else "", sendable)
