"""How a letter addresses an office on a day: title, greeting, envelope and mailbox; it names only a sure holder."""

from __future__ import annotations

from datetime import date

from campaign.offices.models import Office, OfficeTerm
from campaign.offices.placeholders import fill
from campaign.offices.terms import holder_to_greet

HONORIFICS = {
    "en": {"Ms.": "Ms.", "Mr.": "Mr.", "Ambassador": "H.E."},
    "fr": {"Ms.": "Mme", "Mr.": "M.", "Ambassador": "S.E."},
    "es": {"Ms.": "Sra.", "Mr.": "Sr.", "Ambassador": "S.E."},
}


def greeted(office: Office, day: date) -> OfficeTerm | None:
    """Whom a letter of ``day`` may greet by name: one sure holder, checked within 90 days; else None."""
    several = bool(office.details.get("several_members"))
    return holder_to_greet(office.terms, day, several_members=several)


def greeting(office: Office, language: str, day: date) -> str:
    """The first line of a letter of ``day``, with its comma or colon. English where we have no form.

    Source: UN Correspondence Manual, ST/DCS/4/Rev.1 (2000), paras. 87 and 105.
    """
    greetings = office.details["greetings"]
    forms = greetings.get(language) or greetings["en"]
    holder = greeted(office, day)
    if holder and holder.family_name:
        by_name = forms.get({"Ms.": "ms", "Mr.": "mr"}.get(holder.honorific, ""))
        return fill(by_name or forms["office"], {"family_name": holder.family_name})
    return str(forms["office"])


def title(office: Office, language: str, day: date) -> str:
    """The official title in ``language`` if a source states it, else in English."""
    found = office.titles.get(language)
    if not found:
        return office.title
    holder = greeted(office, day)
    feminine = found.get("feminine") if holder and holder.honorific == "Ms." else None
    return str(feminine or found["text"])


def address_lines(office: Office, language: str, day: date) -> list[str]:
    """What stands on the envelope: the holder if sure, the title, the postal address if one is known."""
    holder = greeted(office, day)
    honorifics = HONORIFICS.get(language, HONORIFICS["en"])
    named = [f"{honorifics[holder.honorific]} {holder.name}"] if holder else []
    return [*named, title(office, language, day), *(office.postal or "").splitlines()]


def accepts_letters(office: Office) -> bool:
    """Whether campaign letters may be addressed to it: no channel is, nor an office that takes cases only."""
    return office.kind != "channel" and not office.cases_only


def sendable_address(office: Office, day: date) -> str | None:
    """The mail address that our server may write to on ``day``: verified, and dated no later; else None.

    Of several the one checked last; of two checked on one day the one that a person saw.
    """
    if not accepts_letters(office):
        return None
    checked = [a for a in office.addresses if a.status == "verified" and a.checked_on and a.checked_on <= day]
    newest = max(checked, key=lambda a: (a.checked_on or date.min, bool(a.checked_by), a.email), default=None)
    return newest.email if newest else None


def stand_in(office: Office) -> str:
    """An address that leads nowhere (RFC 2606), so that a rehearsal can show where a letter would go."""
    return f"{office.slug}@office.invalid"
