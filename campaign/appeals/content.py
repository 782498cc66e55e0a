"""What an appeal says, as one frozen value that goes into JSON and back; it knows no file, row or screen.

Facts stand once (demands, dates, sources), words stand once for each language and refer to the facts by id.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

from pydantic import Field

from campaign.appeals.facts import (
    Demand,
    DemandStatus,
    EcosocStatus,
    Event,
    Facts,
    Language,
    Publisher,
    Signatory,
    Slug,
    Value,
    Words,
)

__all__ = [
    "Content",
    "Demand",
    "DemandStatus",
    "DemandText",
    "EcosocStatus",
    "Event",
    "Letter",
    "Page",
    "Publisher",
    "Signatory",
    "Text",
]

_HAN = re.compile("[\u3400-\u9fff]")
_CHINESE = re.compile("[\u3000-\u303f\u3400-\u9fff\uff00-\uffef]")  # … with its signs


class DemandText(Value):
    """One demand in one language. Plain text."""

    asked: Words = Field(description="what was asked then")
    state: Words = Field(description="where it stands, in two or three words for the pill")
    stands: Words = Field(description="where it stands, in a sentence or two, dated")
    asks_now: str | None = Field(None, description="what a letter asks today; null: no letter asks it")
    to_then: Words = Field(description="to whom it went then, with names where there were any")
    to_now: Words = Field(description="which office it would go to today, without a name")


class OfficeText(Value):
    """An addressee as the page speaks of it. Plain text, our wording: not an official title."""

    name: Words
    about: Words = Field(description="what this office can do, in one sentence")


class Page(Value):
    """A page of its own beside the appeal."""

    title: Words
    body: Words = Field(description="Markdown")


class Consents(Value):
    """What a person agrees to, with ((publisher)) and ((delete_by)). Plain text; immutable once agreed to."""

    sign: Words
    letter: Words
    organisation: Words
    nobody: Words = Field(description="stands for ((publisher)) while there is none")
    no_date: Words = Field(description="stands for ((delete_by)) while there is none")


class Wording(Value):
    """The short words of the page in one language. Plain text."""

    title: Words
    short_title: Words
    kicker: Words = Field(description="the line above the title")
    lead: Words
    source: Words = Field(description="the source line")
    not_reviewed: Words = Field(description="that those who signed then have not reviewed this page")
    warning: Words = Field(description="one question above the form for people at risk; links to read_first")
    demands: dict[Slug, DemandText]
    timeline: dict[Slug, Words]
    offices: dict[Slug, OfficeText]
    consent: Consents


class Text(Wording):
    """Everything the page says in one language."""

    statement: Page = Field(description="what the statement said")
    read_first: Page = Field(description="for whoever lives in the country at risk or has family there")
    cases: Page = Field(description="how a case reaches the UN; collects nothing")


class Letter(Value):
    """The draft to one office in one language. Plain text, paragraphs apart by an empty line.

    The salutation is not here: it is filled on the day the letter goes.
    """

    subject: Words
    opening: Words = Field(description="the writer may change it")
    facts: Words = Field(description="locked")
    request: Words = Field(description="locked")
    closing: Words = Field(description="the writer may change it")

    @property
    def words(self) -> int:
        """Number of words from opening to closing; Chinese sets none apart, so two characters are taken for one."""
        text = " ".join((self.opening, self.facts, self.request, self.closing))
        return len(_CHINESE.sub(" ", text).split()) + len(_HAN.findall(text)) // 2


class Content(Facts):
    """A whole appeal, validated: one version of it is one of these."""

    texts: dict[Language, Text]
    letters: dict[Slug, dict[Language, Letter]] = Field(
        description="by office and language; a language of the page that no office works in is a reading copy"
    )

    @property
    def is_demonstration(self) -> bool:
        """Whether nobody answers for the appeal yet: it works, but it cannot be opened."""
        return not self.publisher.is_complete or self.delete_by is None

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of the content as JSON: equal digests mean equal content."""
        canonical = json.dumps(self.as_data(), sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(canonical.encode()).hexdigest()

    def text(self, language: str) -> Text:
        """The words in ``language``. Raises KeyError when the appeal is not in that language."""
        return self.texts[language]

    def letter(self, office: str, language: str) -> Letter:
        """The draft to ``office`` in ``language``. Raises KeyError when there is none."""
        return self.letters[office][language]

    def demand(self, id: str) -> Demand:
        """The demand with this id. Raises KeyError."""
        return {demand.id: demand for demand in self.demands}[id]

    def signatories_by_status(self) -> dict[EcosocStatus, tuple[Signatory, ...]]:
        """Who signed, general status first, then special, then roster: the order the UN asks for."""
        return {
            status: found
            for status in EcosocStatus
            if (found := tuple(s for s in self.signatories if s.status == status))
        }

    def as_data(self) -> dict[str, Any]:
        """The content as plain values, fit for JSON."""
        return self.model_dump(mode="json")

    @classmethod
    def from_data(cls, data: dict[str, Any]) -> Content:
        """The content that ``as_data`` gave. Raises pydantic.ValidationError."""
        return cls.model_validate(data)
