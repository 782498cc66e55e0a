"""A bundle, a folder of files, as one ``Content``; it keeps to itself which file holds what.

    appeal.yaml                    the facts
    text.<language>.md             front matter: the short words; body: the long texts
    letters/<office>.<language>.md the draft to one office

Reading checks everything before it answers, and complains about everything at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path

from campaign.appeals import checking
from campaign.appeals.content import Content, Letter, Page, Text, Wording
from campaign.appeals.facts import Facts, Value, Words
from campaign.appeals.folders import CHAPTER, SECTION, Document, Part, read_document, read_text
from campaign.offices.strict_yaml import Problem, read_yaml

PAGES = {"statement": "statement", "read-first": "read_first", "cases": "cases"}
BLOCKS = ("opening", "facts", "request", "closing")


class BundleRefused(Exception):
    """A bundle that cannot be used: every problem, each with file, field and what to do."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


class _LetterFront(Value):
    subject: Words


def read(folder: Path, *, offices: Mapping[str, bool], today: date) -> Content:
    """The content of the bundle in ``folder``.

    ``offices``: the slugs of all known offices, and whether each accepts campaign letters. ``today`` tells
    dates that cannot be true. Raises BundleRefused with every problem found.
    """
    facts, problems = _facts(folder)
    languages, lettered = _languages(folder, facts)
    texts: dict[str, Text] = {}
    for language in languages:
        text, found = _text(folder, language)
        problems += found
        if text:
            texts[language] = text
    letters, found = _letters(folder, facts, lettered)
    problems += found
    if facts:
        problems += checking.of_facts(facts, offices, today)
        problems += checking.of_texts(facts, texts)
        problems += checking.of_letters(letters)
        problems += _strangers(folder, facts, lettered)
    if problems or not facts:
        raise BundleRefused(sorted(problems))
    return Content(**facts.model_dump(), texts=texts, letters=letters)


def _facts(folder: Path) -> tuple[Facts | None, list[Problem]]:
    text, problems = read_text(folder / "appeal.yaml", "appeal.yaml")
    if text is None:
        return None, problems
    return read_yaml(text, Facts, file="appeal.yaml")


def _languages(folder: Path, facts: Facts | None) -> tuple[list[str], list[str]]:
    """The languages of the page and of the letters; guessed from the files when the facts are of no use."""
    if facts:
        return list(facts.languages), list(dict.fromkeys((*facts.letter_languages, *facts.languages)))
    found = sorted(path.name.split(".")[1] for path in folder.glob("text.*.md"))
    return found, []


def _text(folder: Path, language: str) -> tuple[Text | None, list[Problem]]:
    name = f"text.{language}.md"
    document, problems = read_document(folder / name, name, CHAPTER, tuple(PAGES))
    if not document:
        return None, problems
    wording, found = read_yaml(document.front, Wording, file=name, first_line=2)
    problems += found
    problems += [problem for part in document.parts for problem in checking.of_markdown(name, part)]
    if problems or not wording:
        return None, problems
    pages = {PAGES[part.id]: Page(title=part.title, body=part.body) for part in document.parts}
    return Text(**wording.model_dump(), **pages), []


def _letters(
    folder: Path, facts: Facts | None, languages: list[str]
) -> tuple[dict[str, dict[str, Letter]], list[Problem]]:
    letters: dict[str, dict[str, Letter]] = {}
    problems: list[Problem] = []
    for office in facts.addressees if facts else ():
        for language in languages:
            letter, found = _letter(folder, f"letters/{office}.{language}.md")
            problems += found
            if letter:
                letters.setdefault(office, {})[language] = letter
    return letters, problems


def _letter(folder: Path, name: str) -> tuple[Letter | None, list[Problem]]:
    document, problems = read_document(folder / name, name, SECTION, BLOCKS)
    if not document:
        return None, problems
    front, found = read_yaml(document.front, _LetterFront, file=name, first_line=2)
    problems += found
    if problems or not front:
        return None, problems
    return Letter(subject=front.subject, **_blocks(document)), []


def _blocks(document: Document) -> dict[str, str]:
    return {part.id: _unwrapped(part) for part in document.parts}


def _unwrapped(part: Part) -> str:
    """Paragraphs as one line each: a file is wrapped for its writer, a letter by its reader."""
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in part.body.split("\n\n"))


def _strangers(folder: Path, facts: Facts, languages: list[str]) -> list[Problem]:
    """Files that nothing uses: more often a language left out than a file too many."""
    expected = {"appeal.yaml", *(f"text.{language}.md" for language in facts.languages)}
    expected |= {f"letters/{office}.{language}.md" for office in facts.addressees for language in languages}
    present = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    return [
        Problem(name, 0, "file", "is not used; name its language or office in appeal.yaml, or remove it")
        for name in sorted(present - expected)
    ]
