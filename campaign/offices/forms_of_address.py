"""What offices of one kind share, and the directory as a whole; it keeps to itself which greetings are whole."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from campaign.offices.entries import Entry, Language, OfficeEntry, Postal, Slug, Words
from campaign.offices.placeholders import unknown_placeholders


def _greeting(value: str) -> str:
    if unknown := unknown_placeholders(value, {"family_name"}):
        raise ValueError(f"has {unknown[0]}; only ((family_name)) can be filled in")
    return value


Greets = Annotated[Words, AfterValidator(_greeting)]


class Greeting(Entry):
    """How a letter opens in one language: by office, or to a sure holder."""

    office: Greets
    ms: Greets | None = None
    mr: Greets | None = None


class Form(Entry):
    """What offices of one kind share: languages, postal address, forms of address."""

    several_members: bool = False
    working_languages: Annotated[tuple[Language, ...], Field(min_length=1)]
    postal: Postal | None = None
    greetings: dict[Language, Greeting]

    @model_validator(mode="after")
    def _greets_in_every_language(self) -> Self:
        if missing := set(self.working_languages) - set(self.greetings):
            raise ValueError(f"has no greeting in {', '.join(sorted(missing))}")
        return self


class Directory(Entry):
    """The whole file."""

    compiled_on: date
    forms: dict[Slug, Form]
    offices: Annotated[tuple[OfficeEntry, ...], Field(min_length=1)]

    def form_of(self, office: OfficeEntry) -> Form | None:
        """What offices of this kind share; None for a channel."""
        return self.forms[office.form] if office.form else None
