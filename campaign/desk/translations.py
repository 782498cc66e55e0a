"""What awaits a native speaker: texts that a catalogue marks so, and titles of offices that no source states.

Read from the files that translators change, once a process: what they take away is gone from the page when the
application starts anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from babel.messages.pofile import read_po
from flask import Blueprint, current_app, render_template

from campaign.i18n import INTERFACE, OWN_NAMES, direction
from campaign.offices import directory
from campaign.organisers import access

MARK = "needs review by a native speaker"  # above a text of a catalogue
UNREAD = "A native speaker has not read them yet"  # in the head of a catalogue

blueprint = access.protect(Blueprint("translations", __name__, url_prefix="/desk/translations"))


@dataclass(frozen=True, slots=True)
class Awaiting:
    """One language: what of it a native speaker should see first, as pairs of English and that language."""

    code: str
    name: str  # of the language, in itself
    way: str  # ltr or rtl
    read: bool
    texts: int  # in the whole catalogue
    marked: tuple[tuple[str, str], ...]
    titles: tuple[tuple[str, str], ...]


@blueprint.get("")
def show() -> str:
    """Every language that was translated into."""
    return render_template("desk/translations.html", translated=_everything(Path(current_app.root_path)))


@cache
def _everything(root: Path) -> tuple[Awaiting, ...]:
    titles = unsure_titles(root / "data/un_offices.yaml")
    codes = [code for code in INTERFACE if code != "en"]
    return tuple(awaiting(root / "translations", code, titles.get(code, ())) for code in codes)


def awaiting(translations: Path, code: str, titles: tuple[tuple[str, str], ...] = ()) -> Awaiting:
    """What the catalogue of a language says about itself. ``translations``: where catalogues are kept."""
    with (translations / code / "LC_MESSAGES/messages.po").open("rb") as file:
        catalogue = read_po(file, locale=code)
    texts = [message for message in catalogue if message.id]
    marked = tuple((_one(m.id), _one(m.string)) for m in texts if MARK in m.user_comments)
    read = UNREAD not in catalogue.header_comment
    return Awaiting(code, OWN_NAMES[code], direction(code), read, len(texts), marked, titles)


def _one(said: str | Sequence[str] | None) -> str:
    return said if isinstance(said, str) else " / ".join(said or ())


def unsure_titles(path: Path) -> dict[str, tuple[tuple[str, str], ...]]:
    """By language: the English title of each office and what we recall of its title there, without a source."""
    found: dict[str, tuple[tuple[str, str], ...]] = {}
    for office in directory.read_directory(path).offices:
        for code, title in office.titles.items():
            if title.confidence == "unverified":
                recalled = " / ".join(filter(None, (title.text, title.feminine)))
                found[code] = (*found.get(code, ()), (office.titles["en"].text, recalled))
    return found
