"""How much of a letter is the writer's own: it keeps to itself what counts as a word of theirs.

Only what is not in the draft counts, so that the template and the locked block cannot make a letter look
written. The number prompts and encourages; nothing is refused for it.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from functools import cache
from itertools import chain

from campaign.i18n import gettext as _
from campaign.i18n import ngettext, number

ENOUGH = 25  # below this a letter reads like the draft
_IDEOGRAPH = "\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"  # written without spaces: each character counts
_LETTER = rf"[^\W{_IDEOGRAPH}]"
# Thai to Lao, Burmese and Khmer have no spaces either: there a vowel sign parts what counts, about a word each.
_PARTING = (*range(0x0E00, 0x0F00), *range(0x1000, 0x10A0), *range(0x1780, 0x1800))


@dataclass(frozen=True, slots=True)
class Meter:
    """What the form says about the writer's own words; ``value`` never goes past ``most``.

    ``fate`` says how the letter would go; nothing before there is anything to say.
    """

    value: int
    most: int
    label: str
    fate: str = ""


def count(written: str, *, drafted: str = "") -> int:
    """The number of words in ``written`` that ``drafted`` does not have."""
    own = Counter(words(written))
    own.subtract(words(drafted))
    return sum(found for found in own.values() if found > 0)


def meter(own: int, *, alike: bool = False) -> Meter:
    """The meter for so many own words, with a sentence that encourages; ``alike``: others wrote nearly the same."""
    return Meter(min(own, ENOUGH), ENOUGH, label(own, alike=alike), fate(own, alike=alike))


def label(own: int, *, alike: bool = False) -> str:
    """How many own words there are, as a sentence in the page's language."""
    if not own:
        return str(_("No words of your own yet"))
    counted = said(own, number(own))
    return counted if own < ENOUGH or alike else yours(counted)


def said(own: int, written: str) -> str:
    """So many own words, the number ``written`` so."""
    return str(ngettext("%(n)s word of your own", "%(n)s words of your own", own, n=written))


def yours(counted: str) -> str:
    """That so many words (a text of ``said``) are enough."""
    return str(_("%(said)s: this letter is yours", said=counted))


def fate(own: int, *, alike: bool = False) -> str:
    """How a letter of so many own words goes; empty while there are none."""
    if not own:
        return ""
    if own >= ENOUGH and not alike:
        return str(_("It goes alone."))
    if alike:
        return str(
            _(
                "It is much like other letters to this office: it would go together with them, in a digest. "
                "Three sentences of yours send it alone."
            )
        )
    return str(
        _("As it stands it would go together with others, in a digest. Three sentences of yours send it alone.")
    )


def words(text: str) -> list[str]:
    """The words of a text without case, in order; where none are set apart by spaces, its characters."""
    return [word.casefold() for word in _word().findall(text)]


@cache
def _word() -> re.Pattern[str]:
    """A word; the script of the composer (``static/compose.js``) knows the same rule.

    A mark belongs to the letter before it, as in Hindi or vocalised Arabic: ``\\w`` alone would break words there.
    """
    known = map(chr, chain(range(0x0300, 0x20000), range(0xE0100, 0xE01F0)))  # where Unicode has its marks
    marks = "".join({c for c in known if unicodedata.category(c)[0] == "M"} - set(map(chr, _PARTING)))
    run = f"{_LETTER}(?:{_LETTER}|[{marks}])*"
    return re.compile(f"[{_IDEOGRAPH}]|{run}(?:[\u200c\u200d'’‑-]{run})*")
