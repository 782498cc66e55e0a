"""What differs between two contents, for the person who loads a bundle; it keeps to itself how to say it briefly."""

from __future__ import annotations

import difflib
import re
import textwrap
from collections.abc import Iterator
from typing import Any

from campaign.appeals.content import Content

LONG = 80  # characters: a longer text is shown by its changed lines
MOST_LINES = 12
_NAMES = ("id", "slug", "name", "office", "url")


def differences(old: Content, new: Content) -> list[str]:
    """One entry for each field that differs, as ``field: old → new``; for a long text its changed lines below."""
    before, after = dict(_fields("", old.as_data())), dict(_fields("", new.as_data()))
    fields = [*after, *(field for field in before if field not in after)]
    return [
        _said(field, before.get(field), after.get(field)) for field in fields if before.get(field) != after.get(field)
    ]


def _fields(field: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Every leaf with its path; an entry of a list goes by its id or name, so that a new one moves no other."""
    if isinstance(value, dict):
        for key, child in value.items():
            yield from _fields(f"{field}.{key}".lstrip("."), child)
    elif isinstance(value, list) and any(isinstance(child, dict) for child in value):
        for position, child in enumerate(value):
            called = next((child[name] for name in _NAMES if name in child), position)
            yield from _fields(f"{field}[{called}]", child)
    elif isinstance(value, list):
        yield field, ", ".join(map(str, value))
    else:
        yield field, value


def _said(field: str, old: Any, new: Any) -> str:
    if max(len(str(old)), len(str(new))) <= LONG:
        return f"{field}: {_short(old)} → {_short(new)}"
    return "\n".join([f"{field}:", *_changed_lines(str(old or ""), str(new or ""))])


def _short(value: Any) -> str:
    return "nothing" if value is None or value == "" else str(value)


def _changed_lines(old: str, new: str) -> list[str]:
    """A unified diff without its head, of sentences rather than of however the file was wrapped."""
    diff = list(difflib.unified_diff(_sentences(old), _sentences(new), lineterm="", n=0))[2:]
    lines = [line for line in diff if not line.startswith("@@")]
    shown = [textwrap.shorten(line, 160, placeholder=" …") for line in lines[:MOST_LINES]]
    return [f"  {line}" for line in shown] + [f"  … {len(lines) - MOST_LINES} more lines"] * (len(lines) > MOST_LINES)


def _sentences(text: str) -> list[str]:
    return [
        s
        for line in re.split(r"\n\s*\n|\n(?=[-#])", text)
        for s in re.split(r"(?<=[.!?؟])\s+", " ".join(line.split()))
    ]
