"""The files of a bundle: front matter, sections, headings; it keeps to itself how they are told apart."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from campaign.offices.strict_yaml import Problem

FRONT = re.compile(r"\A---[ ]*\n(.*?\n)---[ ]*(?:\n|\Z)", re.DOTALL)
CHAPTER = re.compile(r"^#[ ]+(?P<title>.+?)[ ]+\{#(?P<id>[a-z-]+)\}[ ]*$", re.MULTILINE)
SECTION = re.compile(r"^##[ ]+(?P<id>[a-z-]+)[ ]*$", re.MULTILINE)


@dataclass(frozen=True)
class Part:
    """A piece of a file: its heading, its words and the line on which the words begin."""

    id: str
    title: str
    body: str
    line: int


@dataclass(frozen=True)
class Document:
    """A Markdown file: the YAML in front, and its parts in order."""

    file: str
    front: str
    parts: tuple[Part, ...]

    def part(self, id: str) -> Part | None:
        """The first part with this id, or None."""
        return next((part for part in self.parts if part.id == id), None)


def read_text(path: Path, name: str) -> tuple[str | None, list[Problem]]:
    """The text of a file, with ``\\n`` line ends, or what is wrong with the file."""
    try:
        return path.read_text(encoding="utf-8-sig"), []
    except FileNotFoundError:
        return None, [Problem(name, 0, "file", "is missing; add it")]
    except UnicodeDecodeError:
        return None, [Problem(name, 0, "file", "is not UTF-8; save it as UTF-8")]
    except OSError as error:
        return None, [Problem(name, 0, "file", f"cannot be read: {error.strerror}")]


def read_document(
    path: Path, name: str, heading: re.Pattern[str], wanted: tuple[str, ...]
) -> tuple[Document | None, list[Problem]]:
    """A file with front matter and exactly the ``wanted`` parts, each under a ``heading`` of its own."""
    text, problems = read_text(path, name)
    if text is None:
        return None, problems
    front = FRONT.match(text)
    if not front:
        return None, [Problem(name, 1, "front matter", "is missing; begin with --- , YAML, ---")]
    parts = _parts(text, front.end(), heading)
    document = Document(name, front.group(1), tuple(parts))
    return document, _part_problems(document, text[front.end() :], heading, wanted)


def _parts(text: str, start: int, heading: re.Pattern[str]) -> list[Part]:
    found = list(heading.finditer(text, start))
    ends = [match.start() for match in found[1:]] + [len(text)]
    parts = []
    for match, end in zip(found, ends, strict=True):
        body = text[match.end() : end]
        leading = len(body) - len(body.lstrip("\n"))
        line = text.count("\n", 0, match.end() + leading) + 1
        title = match.groupdict().get("title", "")
        parts.append(Part(match.group("id"), title, body.strip(), line))
    return parts


def _part_problems(document: Document, body: str, heading: re.Pattern[str], wanted: tuple[str, ...]) -> list[Problem]:
    found = [part.id for part in document.parts]
    shape = "# Title {#%s}" if heading is CHAPTER else "## %s"
    problems = [
        Problem(document.file, 0, id, f"is missing; add a heading {shape % id}") for id in wanted if id not in found
    ]
    for part in document.parts:
        if part.id not in wanted:
            what = f"is not a part we know; the parts are {', '.join(wanted)}"
        elif found.count(part.id) > 1:
            what = "stands twice; keep one"
        elif not part.body:
            what = "is empty; write it"
        else:
            continue
        problems.append(Problem(document.file, part.line, part.id, what))
    first = heading.search(body)
    if body[: first.start() if first else len(body)].strip():
        problems.append(Problem(document.file, 0, "text", "stands before the first heading; move it below one"))
    return problems
