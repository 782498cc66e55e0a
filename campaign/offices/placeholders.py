"""``((placeholder))`` in words that organisers write; it keeps to itself what one looks like.

A regular expression and a fixed list, never a template language: with one, whoever may edit a letter could
run code. Everything else, ``{{ }}`` and ``${ }`` included, is text and stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

SHAPE = re.compile(r"\(\(([^()\n]{0,80})\)\)")


class UnknownPlaceholder(ValueError):
    """A ``((word))`` that nothing fills in."""


def fill(words: str, values: Mapping[str, str]) -> str:
    """``words`` with every placeholder replaced, once: a value is never searched for placeholders.

    The result is plain text; whoever puts it into HTML escapes it there. Raises UnknownPlaceholder.
    """
    if unknown := unknown_placeholders(words, values):
        raise UnknownPlaceholder(f"{unknown[0]} is not one of {known(values)}")
    return SHAPE.sub(lambda match: values[match.group(1).strip()], words)


def unknown_placeholders(words: str, allowed: Collection[str]) -> list[str]:
    """Every ``((word))`` in ``words`` whose word is not in ``allowed``, as written."""
    return [match.group(0) for match in SHAPE.finditer(words) if match.group(1).strip() not in allowed]


def known(allowed: Collection[str]) -> str:
    """The placeholders that may be used, as one writes them."""
    return ", ".join(f"(({name}))" for name in sorted(allowed)) or "none"
