"""Mails of which only a few words differ: it keeps to itself how those are put into what was written once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from html import escape
from secrets import token_hex
from typing import Any

from campaign.mail.rendering import Draft, from_templates


@dataclass(frozen=True, slots=True)
class Mould:
    """A mail of which only a few words differ, its templates and translations gone through once."""

    draft: Draft
    marks: Mapping[str, str]

    def filled(self, **words: str) -> Draft:
        """The mail with these words, each in the place that was left for it."""
        text, html = self.draft.text, self.draft.html
        for name, mark in self.marks.items():
            text, html = text.replace(mark, words[name]), html.replace(mark, escape(words[name]))
        return replace(self.draft, text=text, html=html)


def mould(name: str, *places: str, button: str = "", **context: Any) -> Mould:
    """``from_templates`` with places left in text and HTML for what differs, by its name in the context.

    For what names nobody: whoever calls this keeps it, so as to call it once a language.
    """
    marks = {place: token_hex(16) for place in places}  # as no text of ours has it, nor any title
    return Mould(from_templates(name, button=button, **context, **marks), marks)
