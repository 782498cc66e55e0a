"""The facts of an appeal, which stand once whatever its languages; it knows no word of its texts."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated

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
