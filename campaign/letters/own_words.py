"""How much of a letter is the writer's own: it keeps to itself what counts as a word of theirs.

Only what is not in the draft counts, so that the template and the locked block cannot make a letter look
written. The number prompts and encourages; nothing is refused for it.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from campaign.i18n import gettext as _
from campaign.i18n import ngettext, number

ENOUGH = 25  # below this a letter reads like the draft
_IDEOGRAPH = "\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"  # scripts without spaces: each character counts
_WORD = re.compile(rf"[{_IDEOGRAPH}]|[^\W{_IDEOGRAPH}]+(?:[\u200c\u200d'’‑-][^\W{_IDEOGRAPH}]+)*")


@dataclass(frozen=True, slots=True)
class Meter:
    """What the form says about the writer's own words; ``value`` never goes past ``most``."""

    value: int
    most: int
    label: str


def count(written: str, *, drafted: str = "") -> int:
    """The number of words in ``written`` that ``drafted`` does not have."""
    own = Counter(_words(written))
    own.subtract(_words(drafted))
    return sum(found for found in own.values() if found > 0)


def meter(words: int) -> Meter:
    """The meter for so many own words, with a sentence that encourages."""
    return Meter(min(words, ENOUGH), ENOUGH, _label(words))


def _label(words: int) -> str:
    if not words:
        return str(_("No words of your own yet"))
    said: str = ngettext("%(n)s word of your own", "%(n)s words of your own", words, n=number(words))
    return said if words < ENOUGH else str(_("%(said)s: this letter is yours", said=said))


def _words(text: str) -> list[str]:
    return [word.casefold() for word in _WORD.findall(text)]
