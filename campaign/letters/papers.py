"""Letters as one PDF: it keeps to itself the typesetter, and that what people wrote is data to it, never markup.

Typst, from its wheel: one library without a browser or system packages, abi3 for every CPython from 3.9 on and for
Linux and macOS, 4 ms a page. (WeasyPrint needs Pango from the system; fpdf2 shapes no Persian without another
library.) It is set in the bundled fonts only (``campaign/typesetting.py``), so it looks the same on every machine.

The text goes in as one JSON string; the template (``templates/print/letters.typ``) never evaluates it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from campaign import typesetting


@dataclass(frozen=True, slots=True)
class Block:
    """Somebody's words, paragraphs apart by an empty line; ``by`` who they are, if that may be said.

    ``mark`` stands before them: in which language they are, if it is not that of their letter.
    """

    words: str
    by: str = ""
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and what stands below it; ``ruled`` puts a line between its blocks."""

    title: str
    blocks: tuple[Block, ...]
    ruled: bool = False


@dataclass(frozen=True, slots=True)
class Paper:
    """One document: a line above its title, facts as term and description, sections, a note and a link at its end."""

    language: str
    kicker: str
    title: str
    facts: tuple[tuple[str, str], ...]
    sections: tuple[Section, ...]
    note: str = ""
    link: str = ""


def typeset(paper: Paper) -> bytes:
    """The PDF of a paper; the same paper gives the same bytes on every machine. Takes about 5 ms a page."""
    return typesetting.pdf("letters", _as_data(paper))


def _as_data(paper: Paper) -> dict[str, Any]:
    return {
        "lang": paper.language,
        "kicker": paper.kicker,
        "title": paper.title,
        "facts": paper.facts,
        "sections": [_section(section) for section in paper.sections],
        "note": paper.note,
        "link": paper.link,
    }


def _section(section: Section) -> dict[str, Any]:
    return {"title": section.title, "ruled": section.ruled, "blocks": [_block(block) for block in section.blocks]}


def _block(block: Block) -> dict[str, Any]:
    paragraphs = [part.strip("\n") for part in block.words.split("\n\n") if part.strip()]
    return {"paragraphs": paragraphs, "by": block.by, "mark": block.mark, "rtl": runs_right_to_left(block.words)}


def runs_right_to_left(words: Iterable[str]) -> bool:
    """By the first letter that has a direction (UAX #9, P2)."""
    strong = (kind for kind in map(unicodedata.bidirectional, words) if kind in {"L", "R", "AL"})
    return next(strong, "L") != "L"
