"""The language of a writer's own words: it keeps to itself what is believed of it, and how the letter says it.

The form proposes the page's language: who reads a Persian page mostly writes Persian, also in an English letter, and
sees the proposal right below the words. A letter that says "in Persian" above English words is worse than one that
says nothing, so a language is not believed whose script the words do not have.
"""

from __future__ import annotations

import unicodedata
from collections import Counter

from campaign import i18n
from campaign.i18n import gettext as _

ALL = (
    *i18n.INTERFACE,
    *("am", "az", "bal", "bn", "ckb", "de", "el", "he", "hi", "hy", "id", "it", "ja", "ka", "ko", "ku", "nl"),
    *("pl", "ps", "pt", "ro", "sv", "sw", "ta", "th", "tr", "uk", "ur", "vi"),
)
"""What can be said of own words: the languages of our pages, and those that many who fled speak (ISO 639)."""

SCRIPTS = {
    **dict.fromkeys(("ar", "fa", "bal", "ckb", "ps", "ur"), ("Arabic",)), "ku": ("Latin", "Arabic"),
    "az": ("Latin", "Arabic", "Cyrillic"), "ru": ("Cyrillic",), "uk": ("Cyrillic",), "zh": ("Han",),
    "ja": ("Hiragana", "Katakana", "Han"), "ko": ("Hangul",), "th": ("Thai",), "am": ("Ethiopic",), "el": ("Greek",),
    "he": ("Hebrew",), "hy": ("Armenian",), "ka": ("Georgian",), "hi": ("Devanagari",), "bn": ("Bengali",),
    "ta": ("Tamil",),
}  # fmt: skip
"""What is written in other scripts than Latin (Unicode's names of scripts)."""
_KNOWN = {"Latin", *(script for scripts in SCRIPTS.values() for script in scripts)}


def offered(page: str) -> tuple[tuple[str, str], ...]:
    """(code, name) of each in the page's language, in its order."""
    return i18n.language_names(ALL, page)


def believed(message: str, said: str, *, page: str, letter: str) -> str:
    """``said``, unless the words are in no script of it; then the letter's, else the page's, else the only one.

    Empty when nothing was said, or it is none of ``ALL``, or the words' script is that of several languages.
    """
    script = _script(message)
    if said not in ALL or not script or script in scripts(said):
        return said if said in ALL else ""
    fitting = [code for code in ALL if script in scripts(code)]
    if usual := [code for code in (letter, page) if code in fitting]:
        return usual[0]
    return fitting[0] if len(fitting) == 1 else ""


def scripts(code: str) -> tuple[str, ...]:
    """The scripts (Unicode's names) that a language is written in."""
    return SCRIPTS.get(code, ("Latin",))


def _script(text: str) -> str:
    """The script that most letters of a text have; empty for none that we know."""
    names = (unicodedata.name(c, "").partition(" ")[0].title().replace("Cjk", "Han") for c in text if c.isalpha())
    counted = Counter(name for name in names if name in _KNOWN)
    return max(counted, key=lambda name: counted[name], default="")


def mark(message: str, language: str, letter: str) -> str:
    """The sentence before own words in another ``language``, in the ``letter``'s (English where we have no words).

    Empty when there are no own words, or they are in the letter's language or in one that was not said.
    """
    if not message.strip() or language not in ALL or language == letter:
        return ""
    [(_code, name)] = i18n.language_names((language,), spoken(letter))
    return marked(name, letter, several="\n\n" in message.strip())


def marked(name: str, letter: str, *, several: bool) -> str:
    """The sentence of ``mark`` about a language of that ``name``, for one paragraph or ``several``."""
    with i18n.speaking(spoken(letter)):
        if several:
            return str(_("The following paragraphs are in %(language)s, as their author wrote them.", language=name))
        return str(_("The following paragraph is in %(language)s, as its author wrote it.", language=name))


def spoken(letter: str) -> str:
    """The language that a ``letter``'s own is named in: itself, else English, where we have no words."""
    return letter if letter in i18n.INTERFACE else "en"
