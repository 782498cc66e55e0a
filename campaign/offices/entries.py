"""What may stand in the file of offices; it keeps to itself what makes an entry whole.

Every fact carries its source and how sure it is. What is unverified stays in the file for the person who
will check it, and is always marked as such.
"""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Annotated, Literal, Self

from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from campaign.offices.partial_dates import PartialDate

Slug = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60)]
Language = Annotated[str, Field(pattern=r"^[a-z]{2}$")]
Country = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
Link = Annotated[str, Field(pattern=r"^https?://[^\s]+$")]
Words = Annotated[str, Field(min_length=1)]


def _mail_address(value: str) -> str:
    try:
        return validate_email(value, check_deliverability=False).normalized
    except EmailNotValidError as error:
        raise ValueError(f"is not a mail address: {error}") from None


def _bare_name(value: str) -> str:
    if set("()[]") & set(value):
        raise ValueError("holds brackets; what stands in them belongs in acting, role, country or note")
    return value


class Entry(BaseModel):
    """A part of the file that refuses a field it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Fact(Entry):
    """Something a source says, or something we only recall."""

    confidence: Literal["verified", "inferred", "unverified"]
    checked_on: date | None = None
    source: Words | None = None

    @model_validator(mode="after")
    def _dated(self) -> Self:
        if self.confidence != "unverified" and not self.checked_on:
            raise ValueError(f"is {self.confidence} but has no checked_on; add the day of the check")
        return self

    @property
    def verified(self) -> bool:
        """Whether a source that was read says so."""
        return self.confidence == "verified"


class Title(Fact):
    """The name of an office in one language."""

    text: Words
    feminine: Words | None = None


class Address(Fact):
    """A mail address that was read somewhere, never derived from a pattern."""

    address: Annotated[str, AfterValidator(_mail_address)]
    doubt: Words | None = Field(None, description="why it must not be used before a person has confirmed it")
    retired: bool = Field(False, description="it may no longer work")

    @model_validator(mode="after")
    def _sourced(self) -> Self:
        if not self.source:
            raise ValueError("names no source; say where it was read")
        return self

    @property
    def status(self) -> Literal["verified", "unverified", "retired"]:
        """Whether it may be written to: only a verified one, read somewhere and not in doubt."""
        if self.retired:
            return "retired"
        return "verified" if self.verified and not self.doubt else "unverified"


class Postal(Fact):
    """Where paper goes; the title of the office stands above these lines."""

    lines: Annotated[tuple[Words, ...], Field(min_length=1)]


class Place(Fact):
    """A page on the web."""

    url: Link


class Resolution(Entry):
    """A text of the Council or of its predecessor."""

    symbol: Words
    date: PartialDate
    title: Words


class Established(Fact):
    """Since when the office exists."""

    year: int
    by: Resolution | None = None


class Holder(Fact):
    """One person's term, as ``campaign.offices.terms.Term`` expects it."""

    name: Annotated[Words, AfterValidator(_bare_name)]
    family_name: Words | None = None
    honorific: Literal["Ms.", "Mr.", "Ambassador"]
    starts: PartialDate | None = Field(alias="from")
    ends: PartialDate | None = Field(alias="to")
    approximate: bool = False
    check_from: date | None = None
    acting: bool = False
    role: Words | None = None
    country: Country | None = None
    note: Words | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.starts and self.ends and self.ends.last < self.starts.first:
            raise ValueError("ends before it starts")
        if self.family_name and self.family_name not in self.name:
            raise ValueError("has a family_name that is not part of its name")
        return self


class OfficeEntry(Entry):
    """A mandate, an office, or a channel (which is no addressee)."""

    slug: Slug
    kind: Literal["mandate", "office", "channel"]
    form: Slug | None = None
    scope: Literal["thematic", "country"] | None = None
    titles: dict[Language, Title]
    concerns: tuple[Country, ...] = ()
    cases_only: bool = False
    email: Address | None = None
    online: Place | None = None
    page: Place | None = None
    established: Established | None = None
    latest_text: Resolution | None = None
    holders: tuple[Holder, ...] = ()
    note: Words | None = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if "en" not in self.titles or not self.titles["en"].verified:
            raise ValueError("has no verified title in English")
        if (self.form is None) != (self.kind == "channel"):
            raise ValueError("needs a form of address, unless it is a channel")
        if (self.scope is not None) != (self.kind == "mandate"):
            raise ValueError("needs a scope if it is a mandate, and only then")
        repeated = [k for k, n in Counter((h.name, h.starts) for h in self.holders).items() if n > 1]
        if repeated:
            raise ValueError(f"lists {repeated[0][0]} twice from the same date")
        return self
