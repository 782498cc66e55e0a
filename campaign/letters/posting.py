"""Letters for the post as one PDF: it keeps to itself how a sheet of paper differs from a mail.

Nothing is kept: the PDF is made for whoever asks, of what they send along, and forgotten. Its metadata names nobody.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from campaign import i18n, typesetting
from campaign.letters.composing import Sheet
from campaign.letters.papers import runs_right_to_left

SIZES = {"a4": "a4", "letter": "us-letter"}
"""The papers: as a form names them, and as Typst does."""


@dataclass(frozen=True, slots=True)
class Posted:
    """One letter to sign: ``address`` are the lines of the envelope, none where no postal address is known."""

    language: str
    address: list[str]
    greeting: str
    sheet: Sheet


def pdf(letters: list[Posted], *, title: str, size: str, day: date) -> bytes:
    """The letters, each on its own pages of a size of ``SIZES``, in their order. Takes about 10 ms a letter."""
    said = [_said(letter, day) for letter in letters]
    return typesetting.pdf("letter", {"title": title, "paper": SIZES[size], "letters": said})


def _said(letter: Posted, day: date) -> dict[str, Any]:
    sheet = letter.sheet
    body = [letter.greeting, sheet.opening, sheet.mark, sheet.message, sheet.facts, sheet.request]
    return {
        "lang": letter.language,
        "rtl": i18n.direction(letter.language) == "rtl",
        "address": "\n".join(letter.address),
        "date": i18n.day(day, letter.language),
        "subject": sheet.subject,
        "paragraphs": _paragraphs(*body),
        "closing": _paragraphs(sheet.closing),
        "signature": sheet.signature,
    }


def _paragraphs(*blocks: str) -> list[dict[str, Any]]:
    parts = [part.strip("\n") for block in blocks for part in block.split("\n\n") if part.strip()]
    return [{"words": part, "rtl": runs_right_to_left(part)} for part in parts]
