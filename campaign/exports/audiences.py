"""For whom a file is: it keeps to itself which columns and which names each audience may see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from campaign.i18n import lazy_gettext as _

COLUMNS = ("number", "name", "country", "visibility", "language", "day", "comment")
_FEWER = ("number", "name", "country", "comment")


@dataclass(frozen=True, slots=True)
class Audience:
    """What one audience gets. ``fold_below``: countries with fewer signatures are left blank."""

    name: str
    label: Any
    meaning: Any
    columns: tuple[str, ...]
    names_of: frozenset[str]
    fold_below: int = 0
    by_day: bool = False  # rows in the order of signing; else in an order that says nothing about it


AUDIENCES = {
    audience.name: audience
    for audience in (
        Audience(
            "organisers",
            _("The people who run this appeal"),
            _("All columns. Names of those who chose the UN offices or everyone."),
            COLUMNS,
            frozenset({"recipient", "public"}),
            by_day=True,
        ),
        Audience(
            "recipient",
            _("The UN offices that the appeal is addressed to"),
            _("Number, name, country and comment. Names of those who chose the UN offices or everyone."),
            _FEWER,
            frozenset({"recipient", "public"}),
        ),
        Audience(
            "public",
            _("Everyone"),
            _("The same columns, but only the names of those who chose everyone, and no country with fewer than 5."),
            _FEWER,
            frozenset({"public"}),
            fold_below=5,
        ),
    )
}
