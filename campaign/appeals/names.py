"""Names as they are written, in any script, of people and organisations; it keeps to itself what is no name.

A name is shown, mailed and exported. So it is one line, holds no address of a web page, no formula for a
spreadsheet, and no character that turns the direction of what follows; the joiners that Persian and Indic
scripts need stay where they are.
"""

from __future__ import annotations

import re
import unicodedata

from campaign.errors import Refused
from campaign.i18n import gettext as _

SHORTEST, LONGEST = 2, 120  # characters; longer ones are somebody's text
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e")  # embeddings and overrides (UAX 9); nothing typed needs them
_ISOLATES = frozenset("\u2066\u2067\u2068\u2069")  # may come along with a text, never with a name
_MARKS = dict.fromkeys(map(ord, "\u00ad\u061c\u200b\u200e\u200f\u2060\u2066\u2067\u2068\u2069\ufeff"))
_BLANKS = dict.fromkeys(map(ord, "\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0"))  # letters and signs that show nothing
_HEAP = 5  # marks on one letter; no spelling needs more, and a heap of them runs over its neighbours
_JOINERS = frozenset("\u200c\u200d")
# Scripts whose words need the joiners; elsewhere they would make two names that look the same.
_JOINING = (
    "ARABIC", "SYRIAC", "NKO", "MONGOLIAN", "DEVANAGARI", "BENGALI", "GURMUKHI", "GUJARATI", "ORIYA",
    "TAMIL", "TELUGU", "KANNADA", "MALAYALAM", "SINHALA", "KHMER", "MYANMAR", "TIBETAN",
)  # fmt: skip
_FORMULA = tuple("=+-@＝＋－＠−")
_KIN = str.maketrans("يك", "یک")  # two keyboards, one letter to whoever reads it
_NEVER = frozenset("<>{}[]|\\^~=@＝＠")
_WEB = re.compile(
    r"https?:|www\.|[\w-]{2,}\.(?:com|net|org|info|biz|io|ru|xyz|top|site|online|shop|link|click|ly|me|app|dev)\b",
    re.I,
)


def turns_direction(text: str) -> bool:
    """Whether ``text`` holds a character that makes what follows run the other way, unseen."""
    return not _TURNING.isdisjoint(text)


def without_marks(text: str) -> str:
    """``text`` in NFC, without direction marks, isolates and zero-width spaces; the joiners stay."""
    return unicodedata.normalize("NFC", text).translate(_MARKS)


def clean_name(text: str) -> str:
    """A name in NFC with single spaces. Raises Refused (field ``name``) with a kind message."""
    if turns_direction(text) or not _ISOLATES.isdisjoint(text):
        raise Refused(
            _("This name holds invisible characters that turn its direction. Please type it again."), field="name"
        )
    name = _joined(" ".join(without_marks(text).translate(_BLANKS).split()))
    if problem := _problem(text, name):
        raise Refused(problem, field="name")
    return name


def clean_line(text: str, *, longest: int = LONGEST) -> str:
    """A line about an organisation, as a name; empty when nothing was typed. Raises Refused with a kind message."""
    if turns_direction(text) or not _ISOLATES.isdisjoint(text):
        raise Refused(_("This holds invisible characters that turn its direction. Please type it again."))
    line = _joined(" ".join(without_marks(text).split()))
    if len(line) > longest:
        raise Refused(_("Enter at most %(most)s characters", most=longest))
    if line.startswith(_FORMULA) or not _NEVER.isdisjoint(line) or _WEB.search(line):
        raise Refused(_("Leave out web addresses and signs such as = or @"))
    if any(_is_control(c) for c in text.strip()) or any(_is_unseen(c) for c in line):
        raise Refused(_("Write this in one line"))
    return line


def folded(name: str) -> str:
    """The letters and digits of ``name`` without case and accents: two that fold alike are one organisation."""
    plain = unicodedata.normalize("NFKD", name).casefold().translate(_KIN)
    return "".join(c for c in plain if unicodedata.category(c)[0] in "LN")


def _joined(name: str) -> str:
    """``name`` with a joiner only after a letter of a script that joins, and once."""
    kept = ""
    for character in name:
        if character not in _JOINERS or unicodedata.name(kept[-1:] or " ", "").startswith(_JOINING):
            kept += character
    return kept.rstrip("\u200c")


def _problem(typed: str, name: str) -> str:
    if not name:
        return _("Enter your name")
    if len(name) < SHORTEST:
        return _("Enter your name in full")
    if len(name) > LONGEST:
        return _("Enter a name of at most %(most)s characters", most=LONGEST)
    if name.startswith(_FORMULA) or not _NEVER.isdisjoint(name) or _WEB.search(name):
        return _("Enter your name only, without web addresses and signs such as = or @")
    if any(_is_control(c) for c in typed.strip()) or any(_is_unseen(c) for c in name):
        return _("Enter your name in one line")
    if not any(unicodedata.category(c).startswith("L") for c in name) or _is_heaped(name):
        return _("Enter your name with letters")
    return ""


def _is_heaped(name: str) -> bool:
    marks = "".join("m" if unicodedata.combining(c) else " " for c in name)
    return "m" * (_HEAP + 1) in marks


def _is_control(character: str) -> bool:
    kind = unicodedata.category(character)
    return kind in {"Cc", "Cn", "Co", "Cs", "Zl", "Zp"} and character not in _JOINERS


def _is_unseen(character: str) -> bool:
    return unicodedata.bidirectional(character) == "BN" and character not in _JOINERS
