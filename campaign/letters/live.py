"""What the script of the composer knows: it keeps to itself how texts, numbers and names get into the page for it.

The script (``static/compose.js``) counts own words and shows the letter while it is typed. It asks the server for
nothing and tells it nothing: everything it needs stands in one attribute.
"""

from __future__ import annotations

from typing import Any

from babel import Locale

from campaign import i18n
from campaign.i18n import gettext as _
from campaign.letters import own_words, tongues
from campaign.letters.drafting import Draft

_DIGITS = {"ar": "arab", "fa": "arabext"}  # as CLDR names the numerals that ``i18n.number`` writes
_FILLED = "{language}"


def known(draft: Draft, *, page: str, at_risk: str | None, own: int, keep: bool) -> dict[str, Any]:
    """The texts in the ``page``'s language, the names in the letter's; JSON values, 1 to 5 kB compressed.

    ``own`` is the number of own words that the page shows; ``at_risk`` the country (ISO 3166-1) that stands under no
    letter; ``keep`` whether the tab's history may hold what was typed, for a reload.
    """
    return {
        "own": own,
        "keep": keep,
        "drafted": f"{draft.template.opening} {draft.template.closing}",
        "numbers": f"{page}-u-nu-{_DIGITS.get(page, 'latn')}",
        "meter": _meter(page),
        "marks": [tongues.marked(_FILLED, draft.language, several=several) for several in (False, True)],
        "tongues": _tongues(draft.language),
        "page": page,
        "letter": draft.language,
        "atRisk": at_risk,
        "countries": {} if page == draft.language else dict(i18n.countries(draft.language)),
    }


def _meter(page: str) -> dict[str, Any]:
    """The sentences of ``own_words.meter``, those with a number by CLDR's plural categories."""
    rule = Locale.parse(page).plural_form
    counted = {rule(n): own_words.said(n, "{n}") for n in reversed(range(1, 200))}
    fates = own_words.fate(1), _("It goes alone, unless another letter to this office is much like it.")
    return {
        "most": own_words.ENOUGH,
        "none": own_words.label(0),
        "counted": counted,
        "yours": own_words.yours("{said}"),
        "fates": fates,
    }


def _tongues(letter: str) -> dict[str, Any]:
    """Each language of own words: its name in the letter's language, and its scripts."""
    return {code: [name, tongues.scripts(code)] for code, name in tongues.offered(tongues.spoken(letter))}
