"""Why a letter of a day names whom it names, and what is known of an office's address, in words for the desk."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from campaign.i18n import day as in_words
from campaign.i18n import gettext as _
from campaign.offices import addressing, terms
from campaign.offices.models import Office, OfficeAddress, OfficeTerm


@dataclass(frozen=True, slots=True)
class Greeted:
    """How a letter in one language begins, and whether that is to its holder or to the office."""

    language: str
    line: str
    to_holder: bool


def greetings(office: Office, day: date, languages: tuple[str, ...] = ("en", "fr", "es")) -> list[Greeted]:
    """The first line of a letter of ``day`` in each language; none for a channel, which nobody writes to."""
    known = office.details.get("greetings")
    if not known:
        return []
    to_office = {code: (known.get(code) or known["en"])["office"] for code in languages}
    lines = {code: addressing.greeting(office, code, day) for code in languages}
    return [Greeted(code, line, line != to_office[code]) for code, line in lines.items()]


def why(office: Office, day: date) -> str:
    """Why a letter of ``day`` greets a holder, or nobody by name: one sentence."""
    possible = terms.possible_on(office.terms, day)
    if office.details.get("several_members"):
        return _("It has several members and is greeted as a group.")
    if not possible:
        return _("Nobody is known to hold it today.")
    if len(possible) > 1:
        names = ", ".join(term.name for term in possible)
        return _("More than one could hold it today: %(names)s. Correct the dates of whoever does not.", names=names)
    return _why_one(possible[0], day)


def is_old(office: Office, day: date) -> bool:
    """Whether its holder or its verified address was checked once, and more than 90 days before ``day``."""
    possible = [] if office.details.get("several_members") else terms.possible_on(office.terms, day)
    checked = [fact.checked_on for fact in possible if fact.verified]
    checked += [fact.checked_on for fact in office.addresses if fact.status == "verified"]
    return any(on is not None and not terms.is_fresh(on, day) for on in checked)


def best_address(office: Office, day: date) -> OfficeAddress | None:
    """The address to speak of: the one that is written to, else one to be checked, else a retired one."""
    sendable = addressing.sendable_address(office, day)
    order = {"verified": 1, "unverified": 2, "retired": 3}
    return min(office.addresses, key=lambda a: (a.email != sendable, order[a.status], a.email), default=None)


def _why_one(only: OfficeTerm, day: date) -> str:
    known = {"name": only.name, "day": in_words(only.checked_on) if only.checked_on else ""}
    if not only.verified:
        return _("%(name)s was never checked.", **known)
    if terms.holder_on([only], day) is None:
        return _unsure(only, day)
    if not only.checked_on:
        return _("%(name)s was never checked.", **known)
    if not terms.is_fresh(only.checked_on, day):
        return _("%(name)s was last checked on %(day)s, more than 90 days ago.", **known)
    if not only.family_name:
        return _("%(name)s holds it, checked on %(day)s; no family name for a greeting is known.", **known)
    return _("%(name)s holds it, checked on %(day)s.", **known)


def _unsure(only: OfficeTerm, day: date) -> str:
    if only.ends is None and only.check_from and only.check_from <= day:
        due = in_words(only.check_from)
        return _("%(name)s was due to leave or to be renewed by %(day)s.", name=only.name, day=due)
    return _("The dates of %(name)s are not precise enough to be sure today.", name=only.name)
