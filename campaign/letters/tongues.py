"""A writer's own words in another language than the letter's: it keeps to itself how the letter says so."""

from __future__ import annotations

from campaign import i18n
from campaign.i18n import gettext as _

ALL = (
    *i18n.INTERFACE,
    *("am", "az", "bal", "bn", "ckb", "de", "el", "he", "hi", "hy", "id", "it", "ja", "ka", "ko", "ku", "nl"),
    *("pl", "ps", "pt", "ro", "sv", "sw", "ta", "th", "tr", "uk", "ur", "vi"),
)
"""What can be said of own words: the languages of our pages, and those that many who fled speak (ISO 639)."""


def offered(page: str) -> tuple[tuple[str, str], ...]:
    """(code, name) of each in the page's language, in its order."""
    return i18n.language_names(ALL, page)


def mark(message: str, language: str, letter: str) -> str:
    """The sentence before own words in another ``language``, in the ``letter``'s (English where we have no words).

    Empty when there are no own words, or they are in the letter's language or in one that was not said.
    """
    if not message.strip() or language not in ALL or language == letter:
        return ""
    said_in = letter if letter in i18n.INTERFACE else "en"
    [(_code, name)] = i18n.language_names((language,), said_in)
    with i18n.speaking(said_in):
        if "\n\n" in message.strip():
            return str(_("The following paragraphs are in %(language)s, as their author wrote them.", language=name))
        return str(_("The following paragraph is in %(language)s, as its author wrote it.", language=name))
