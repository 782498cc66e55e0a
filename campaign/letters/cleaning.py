"""What a writer types, made fit to send without touching its meaning: it keeps to itself which characters hurt."""

from __future__ import annotations

import re
import unicodedata

from campaign.appeals.names import turns_direction, without_marks
from campaign.errors import Refused
from campaign.i18n import gettext as _
from campaign.i18n import number

LONGEST = {"opening": 600, "message": 4000, "closing": 300}  # characters
_GAP = re.compile(r"\n{3,}")


def clean_words(text: str, *, field: str) -> str:
    """A block of a letter in any language: NFC, ``\\n`` line ends, no control characters.

    Raises Refused with ``field`` (a key of ``LONGEST``) when it is too long or would turn the direction of
    what follows.
    """
    if turns_direction(text):
        raise Refused(
            _("This text holds invisible characters that turn its direction. Please type that part again."),
            field=field,
        )
    words = _GAP.sub("\n\n", "".join(map(_fit, without_marks(_one_line_end(text))))).strip()
    if len(words) > LONGEST[field]:
        raise Refused(_too_long(len(words), LONGEST[field]), field=field)
    return words


def _one_line_end(text: str) -> str:
    return re.sub(r"\r\n?|[\u0085\u2028\u2029]", "\n", text).replace("\t", " ")


def _fit(character: str) -> str:
    kept = character == "\n" or unicodedata.category(character) not in {"Cc", "Cs", "Cn", "Co"}
    return character if kept else ""


def _too_long(length: int, most: int) -> str:
    sizes = {"length": number(length), "most": number(most)}
    return str(
        _("This is %(length)s characters long; up to %(most)s fit. Offices read short letters first.", **sizes)
    )
