"""YAML that people wrote, read strictly; it keeps to itself how a complaint finds its line.

Plain YAML guesses (``no`` is false, ``2016`` a number, ``2024-07-31`` a date, a second key wins). Here a
scalar is text, ``true``, ``false`` or nothing, a key stands once, and the model says what it may mean.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True, order=True)
class Problem:
    """One thing that is wrong with a file; as text ``file:line: field: what is wrong``."""

    file: str
    line: int
    field: str
    what: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return ": ".join(part for part in (place, self.field, self.what) if part)


class _PlainLoader(yaml.CSafeLoader):
    """Knows null, true and false; everything else is text."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - the way PyYAML is told


_PlainLoader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"^(?:~|null|)$"), ["~", "n", ""])
_PlainLoader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false)$"), ["t", "f"])


def read_yaml(text: str, model: type[M], *, file: str, first_line: int = 1) -> tuple[M | None, list[Problem]]:
    """``text`` as a ``model``, or None with every problem found.

    ``file`` is how complaints name the file; ``first_line`` is the line of the file on which ``text`` begins.
    """
    try:
        loader = _PlainLoader(text)
        tree = loader.get_single_node()
        raw = loader.construct_document(tree) if tree else None
    except yaml.YAMLError as error:
        return None, [_syntax_problem(error, file, first_line)]
    problems = [Problem(file, first_line + line, key, "stands twice; keep one") for line, key in _repeated_keys(tree)]
    try:
        value = model.model_validate(raw)
    except ValidationError as error:
        return None, problems + [_problem(e, tree, file, first_line) for e in _told_once(error)]
    return (None if problems else value), problems


def _told_once(error: ValidationError) -> list[Any]:
    """Without "too short" for a list that is short only because its entries are wrong."""
    places = [e["loc"] for e in error.errors()]
    return [
        e
        for e in error.errors()
        if e["type"] != "too_short" or not any(p[: len(e["loc"])] == e["loc"] != p for p in places)
    ]


def _syntax_problem(error: yaml.YAMLError, file: str, first_line: int) -> Problem:
    mark = getattr(error, "problem_mark", None)
    line = first_line + mark.line if mark else 0
    return Problem(file, line, "YAML", str(getattr(error, "problem", None) or error))


def _problem(error: Any, tree: yaml.Node | None, file: str, first_line: int) -> Problem:
    what = error["msg"].removeprefix("Value error, ")
    if error["type"] == "extra_forbidden":
        what = "is not a field we know; check the spelling or remove it"
    elif error["type"] == "missing":
        what = "is missing"
    place = [part for part in error["loc"] if not str(part).endswith("[key]")]
    return Problem(file, first_line + _line(tree, place), _field(place, tree), what)


def _line(node: yaml.Node | None, place: list[Any]) -> int:
    """The line (from 0) of the deepest part of ``place`` that the tree has."""
    line = node.start_mark.line if node else 0
    for part in place:
        node, found = _step(node, part)
        if node is None:
            return line
        line = found
    return line


def _step(node: yaml.Node | None, part: Any) -> tuple[yaml.Node | None, int]:
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        child = node.value[part]
        return child, child.start_mark.line
    if isinstance(node, yaml.MappingNode):
        for key, child in node.value:
            if key.value == str(part):
                return child, key.start_mark.line
    return None, 0


def _field(place: list[Any], tree: yaml.Node | None) -> str:
    """``offices[sr-iran].holders[Mai Sato].from``: an entry goes by its slug, id or name."""
    text, node = "", tree
    for part in place:
        node, _ = _step(node, part)
        text += f"[{_called(node) or part}]" if isinstance(part, int) else f".{part}"
    return text.lstrip(".")


def _called(node: yaml.Node | None) -> str | None:
    if isinstance(node, yaml.MappingNode):
        for key, child in node.value:
            if key.value in {"slug", "id", "name"} and isinstance(child, yaml.ScalarNode):
                return str(child.value)
    return None


def _repeated_keys(node: yaml.Node | None) -> Iterator[tuple[int, str]]:
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, child in node.value:
            if key.value in seen:
                yield key.start_mark.line, str(key.value)
            seen.add(key.value)
            yield from _repeated_keys(child)
    elif isinstance(node, yaml.SequenceNode):
        for child in node.value:
            yield from _repeated_keys(child)
