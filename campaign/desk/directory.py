"""The offices as organisers look through them: it keeps to itself how they are searched, filtered and ordered."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from campaign.appeals import queries as appeals
from campaign.appeals.models import Appeal
from campaign.appeals.names import folded
from campaign.db import session
from campaign.offices import addressing, explaining
from campaign.offices import queries as offices
from campaign.offices.models import Office, OfficeAddress

ALL, ADDRESSEES, UNCHECKED, OLD = FILTERS = ("", "addressees", "unchecked", "old")


@dataclass(frozen=True, slots=True)
class Line:
    """One office on a day: whom a letter names, or why nobody, and what is known of its address."""

    office: Office
    addressed: bool  # by an appeal of ours
    holder: str | None
    why: str
    address: OfficeAddress | None
    sendable: bool
    old: bool

    @property
    def takes_letters(self) -> bool:
        """Whether a campaign may write to it at all."""
        return addressing.accepts_letters(self.office)

    def passes(self, show: str) -> bool:
        """Whether it belongs under a filter."""
        unchecked = self.takes_letters and not self.sendable
        return {ADDRESSEES: self.addressed, UNCHECKED: unchecked, OLD: self.old}.get(show, True)


def lines(*, words: str = "", appeal: str = "", on: date) -> list[Line]:
    """Offices that hold each of ``words``, or one that begins so, in title, holders or address.

    Of one appeal if given; the addressees of our appeals come first.
    """
    asked = [folded(word) for word in words.split()]
    addressed = _addressees(appeal)
    found = [office for office in offices.every() if not appeal or office.slug in addressed]
    listed = [_line(office, office.slug in addressed, on) for office in found if _holds(office, asked)]
    return sorted(listed, key=lambda line: (not line.addressed, addressed.get(line.office.slug, 0)))


def counted(found: Iterable[Line]) -> dict[str, int]:
    """How many pass each filter."""
    listed = list(found)
    return {show: sum(line.passes(show) for line in listed) for show in FILTERS}


def _addressees(appeal: str) -> dict[str, int]:
    """The slugs that an appeal speaks to, or that any does, in the order of the appeals."""
    asked = [appeal] if appeal else session.scalars(select(Appeal.slug).order_by(Appeal.created_at))  # drafts too
    speaking = [found for slug in asked if (found := appeals.published(slug))]
    slugs = dict.fromkeys(slug for each in speaking for slug in each.content.addressees)
    return {slug: place for place, slug in enumerate(slugs)}


def _holds(office: Office, asked: list[str]) -> bool:
    titles = [title["text"] for title in office.titles.values()]
    names = [term.name for term in office.terms]
    text = " ".join([office.slug, office.title, *titles, *names, *(a.email for a in office.addresses)])
    held = {folded(word) for word in f"{text} {text.replace('-', ' ')}".split()}
    return all(any(word.startswith(begun) for word in held) for begun in asked)


def _line(office: Office, addressed: bool, on: date) -> Line:
    named = addressing.greeted(office, on)
    return Line(
        office=office,
        addressed=addressed,
        holder=named.name if named else None,
        why=explaining.why(office, on),
        address=explaining.best_address(office, on),
        sendable=addressing.sendable_address(office, on) is not None,
        old=explaining.is_old(office, on),
    )
