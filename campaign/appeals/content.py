"""What an appeal says, as one frozen value that goes into JSON and back; it knows no file, row or screen.

Facts stand once (demands, dates, sources), words stand once for each language and refer to the facts by id.
"""

from __future__ import annotations

import hashlib
import json
from datetime import date
from enum import StrEnum
from itertools import dropwhile
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from campaign.offices.partial_dates import PartialDate

Slug = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60)]
Language = Annotated[str, Field(pattern=r"^[a-z]{2}$")]
Words = Annotated[str, Field(min_length=1)]
WebAddress = Annotated[str, Field(pattern=r"^https://[^\s]+$")]


class Value(BaseModel):
    """A value that nobody changes and that refuses a field it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class DemandStatus(StrEnum):
    """Where a demand of the past stands today; the exact words are in ``DemandText.state``."""

    OPEN = "open"
    OVERTAKEN_IN_PART = "overtaken_in_part"
    PARTLY_MET = "partly_met"
    MET = "met"


class EcosocStatus(StrEnum):
    """Consultative status with the Economic and Social Council, in the order the UN lists it."""

    GENERAL = "general"
    SPECIAL = "special"
    ROSTER = "roster"


class Source(Value):
    """Where a fact can be looked up."""

    label: Words = Field(description="who published what, in the source's own language")
    url: WebAddress
    dated: PartialDate | None = Field(None, description="when the source says that it was published")
    opened: bool = Field(True, description="false: others cite it, we have not read it ourselves")


class Session(Value):
    """A session of the Human Rights Council."""

    number: int = Field(gt=0)
    opened_on: date
    planned_close: date
    suspended_on: date | None = None
    resumed_on: date | None = None


class Statement(Value):
    """The text that the appeal goes back to."""

    title: Words = Field(description="as the statement was called, in English")
    year: int
    session: Session
    republished_by: Words
    republished_at: WebAddress
    un_symbol: str | None = Field(None, description="the UN document symbol; null: not found")


class Publisher(Value):
    """Who answers for the appeal. All empty: nobody does yet."""

    name: str | None = None
    address: str | None = None
    contact_person: str | None = None
    phone: str | None = None
    privacy_contact: str | None = Field(None, description="a mail address for questions about data")

    @property
    def is_complete(self) -> bool:
        """Whether every field is filled in."""
        return all((self.name, self.address, self.contact_person, self.phone, self.privacy_contact))


class DemandAddressee(Value):
    """To whom a demand went, and which office it would go to today."""

    office: Slug = Field(description="slug in the directory of offices")
    then: tuple[str, ...] = Field((), description="who held it then; today's holder is never kept here")


class Demand(Value):
    """One line of the ledger: asked then, where it stands, what is asked now."""

    id: Slug
    status: DemandStatus
    reviewed_on: date = Field(description="when a person last compared this line with its sources")
    addressees: tuple[DemandAddressee, ...] = ()
    letters_to: tuple[Slug, ...] = Field((), description="offices whose letter asks this; may be none")
    sources: tuple[Source, ...] = ()


class Signatory(Value):
    """An organisation that signed the statement, which does not mean that it stands behind the page."""

    name: Words
    status: EcosocStatus
    status_since: int | None = Field(None, description="year it was granted; null: not found")
    source: WebAddress


class Event(Value):
    """Something that happened since; its words are in ``Text.timeline``."""

    id: Slug
    on: PartialDate
    sources: tuple[Source, ...] = Field(min_length=1)


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
        """Number of words from opening to closing."""
        return len(" ".join((self.opening, self.facts, self.request, self.closing)).split())


class Facts(Value):
    """What an appeal is, in no language."""

    slug: Slug
    sensitive: bool
    country_at_risk: str | None = Field(None, pattern=r"^[A-Z]{2}$", description="ISO 3166 alpha-2")
    languages: tuple[Language, ...] = Field(min_length=1, description="of the page; the first is the default")
    letter_languages: tuple[Language, ...] = Field(description="that the offices work in")
    addressees: tuple[Slug, ...] = Field(min_length=1, description="whom letters go to, in this order")
    publisher: Publisher
    delete_by: date | None = Field(None, description="when the signatures are deleted; null: not set yet")
    statement: Statement
    demands: tuple[Demand, ...]
    signatories: tuple[Signatory, ...]
    timeline: tuple[Event, ...]
    milestones: Annotated[tuple[int, ...], Field(min_length=1)]


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

    def next_milestone(self, signatures: int) -> int:
        """The first milestone above ``signatures``; past the last one, the next multiple of it."""
        last = self.milestones[-1]
        return next(dropwhile(lambda m: m <= signatures, self.milestones), (signatures // last + 1) * last)

    def as_data(self) -> dict[str, Any]:
        """The content as plain values, fit for JSON."""
        return self.model_dump(mode="json")

    @classmethod
    def from_data(cls, data: dict[str, Any]) -> Content:
        """The content that ``as_data`` gave. Raises pydantic.ValidationError."""
        return cls.model_validate(data)
