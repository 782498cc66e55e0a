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
_IDEOGRAPH = "\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"  # written without spaces: each character counts
_WORD = re.compile(rf"[{_IDEOGRAPH}]|[^\W{_IDEOGRAPH}]+(?:[\u200c\u200d'’‑-][^\W{_IDEOGRAPH}]+)*")


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
    return Meter(min(own, ENOUGH), ENOUGH, _label(own, alike), _fate(own, alike))


def _label(own: int, alike: bool) -> str:
    if not own:
        return str(_("No words of your own yet"))
    said: str = ngettext("%(n)s word of your own", "%(n)s words of your own", own, n=number(own))
    return said if own < ENOUGH or alike else str(_("%(said)s: this letter is yours", said=said))


def _fate(own: int, alike: bool) -> str:
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
    return [word.casefold() for word in _WORD.findall(text)]
