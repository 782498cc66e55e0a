"""The list of a joint written statement: it keeps to itself the order and the form that the Council asks for.

Co-sponsors stand under the title by status, general before special before roster; who has none may only share the
views in a footnote to the title. A statement may have 2,000 words when general status submits it, 1,500 for the
others, notes included (ECOSOC resolution 1996/31; OHCHR's guidelines for NGO written statements). Which limit holds
for a mixed joint statement is not said there, so both are shown.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from campaign.appeals.models import OrganisationSignOn

LANGUAGES = ("en", "fr", "es")  # in which written statements are issued
LIMITS = {"general": 2000, "special": 1500, "roster": 1500}
_FORMS: dict[str, dict[str, Any]] = {
    "en": {
        "by": "Joint written statement submitted by {}",
        "general": ("a non-governmental organization in general consultative status",
                    "non-governmental organizations in general consultative status"),
        "special": ("a non-governmental organization in special consultative status",
                    "non-governmental organizations in special consultative status"),
        "roster": ("a non-governmental organization on the roster", "non-governmental organizations on the roster"),
        "none": ("{} also shares the views expressed in this statement.",
                 "{} also share the views expressed in this statement."),
        "and": " and ",
    },
    "fr": {
        "by": "Exposé écrit présenté conjointement par {}",
        "general": ("organisation non gouvernementale dotée du statut consultatif général",
                    "organisations non gouvernementales dotées du statut consultatif général"),
        "special": ("organisation non gouvernementale dotée du statut consultatif spécial",
                    "organisations non gouvernementales dotées du statut consultatif spécial"),
        "roster": ("organisation non gouvernementale inscrite sur la liste",
                   "organisations non gouvernementales inscrites sur la liste"),
        "none": ("{} partage également les vues exprimées dans le présent exposé.",
                 "{} partagent également les vues exprimées dans le présent exposé."),
        "and": " et ",
    },
    "es": {
        "by": "Exposición escrita presentada conjuntamente por {}",
        "general": ("organización no gubernamental reconocida como entidad consultiva general",
                    "organizaciones no gubernamentales reconocidas como entidades consultivas generales"),
        "special": ("organización no gubernamental reconocida como entidad consultiva especial",
                    "organizaciones no gubernamentales reconocidas como entidades consultivas especiales"),
        "roster": ("organización no gubernamental incluida en la Lista",
                   "organizaciones no gubernamentales incluidas en la Lista"),
        "none": ("{} comparte también las opiniones expresadas en la presente exposición.",
                 "{} comparten también las opiniones expresadas en la presente exposición."),
        "and": " y ",
    },
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Annex:
    """The line under the title, and the footnote; either is empty when nobody stands in it."""

    title: str
    footnote: str

    @property
    def words(self) -> int:
        """How many words of the limit they take; the line under the title is the Council's own and counts nothing."""
        return count(self.footnote)


def annex(groups: Mapping[str, Sequence[OrganisationSignOn]], language: str) -> Annex:
    """The list for the checked organisations by status, in one of ``LANGUAGES``."""
    form = _FORMS[language]
    named = {status: [one.name for one in found] for status, found in groups.items() if found}
    parts = [f"{', '.join(named[s])}, {_of(form[s], named[s])}" for s in LIMITS if s in named]
    without = named.get("none", [])
    told = _of(form["none"], without).format(_listed(without, form["and"])) if without else ""
    return Annex(form["by"].format(", ".join(parts)) if parts else "", told)


def limits(groups: Mapping[str, Sequence[OrganisationSignOn]]) -> list[int]:
    """The limits in words that may hold for these, the stricter first; empty when none of them may submit."""
    return sorted({LIMITS[status] for status, found in groups.items() if found and status in LIMITS})


def count(text: str) -> int:
    """Words as a word processor counts them: what stands between spaces and has a letter or a digit in it."""
    return sum(1 for word in text.split() if re.search(r"\w", word))


def _of(forms: tuple[str, str], named: Sequence[str]) -> str:
    return forms[0] if len(named) == 1 else forms[1]


def _listed(named: Sequence[str], last: str) -> str:
    return last.join([", ".join(named[:-1]), named[-1]]) if len(named) > 1 else named[0]
