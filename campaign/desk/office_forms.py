"""What organisers type about an office: it keeps to itself in which words a mistake is named."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from wtforms import BooleanField, EmailField, Form, RadioField, SelectField, StringField, ValidationError
from wtforms.fields.choices import SelectChoice

from campaign.appeals.names import clean_name, turns_direction, without_marks
from campaign.errors import Refused
from campaign.i18n import gettext as _
from campaign.i18n import lazy_gettext
from campaign.mail.addresses import Address
from campaign.offices.holding import Newcomer
from campaign.offices.models import OfficeTerm
from campaign.offices.partial_dates import PartialDate

_LONGEST = 500  # characters of a source
_BETWEEN = re.compile(r"\s*[-./\u2010-\u2015\u2212]\s*")
_SOURCE = lazy_gettext("Where did you read it?")


class AddressForm(Form):  # type: ignore[misc] # WTForms ships no types
    """An address of an office, where it was read, and whether the organiser has seen it on the office's own page."""

    email = EmailField(lazy_gettext("Email address"))
    source = StringField(_SOURCE)
    seen = BooleanField(lazy_gettext("I have seen this address on the office’s own page today"))
    address: Address

    def validate_email(self, field: EmailField) -> None:
        """Keep the parsed address."""
        if not (field.data or "").strip():
            raise ValidationError(_("Enter the address"))
        try:
            self.address = Address.parse(field.data)
        except Refused as refused:
            raise ValidationError(refused.message) from None

    def validate_source(self, field: StringField) -> None:
        """Whoever saw it on the office's own page need not say so twice."""
        said = _line(field.data)
        if not said and not self.seen.data:
            raise ValidationError(_("Say where you read it: a web address, a paper, who told you"))
        field.data = said

    def where(self) -> str:
        """Where it was read. Only after ``validate``."""
        return self.source.data or _("seen on the office’s own page")


class DatesForm(Form):  # type: ignore[misc] # WTForms ships no types
    """When a term began and ended; ``first`` and ``last`` stand in it once it is valid."""

    starts = StringField(lazy_gettext("First day"))
    ends = StringField(lazy_gettext("Last day"))
    source = StringField(_SOURCE)
    first: PartialDate | None
    last: PartialDate | None

    def validate_starts(self, field: StringField) -> None:
        """Keep the date; nothing typed is not known."""
        self.first = _date(field.data)

    def validate_ends(self, field: StringField) -> None:
        """Keep the date; nothing typed is still in office."""
        self.last = _date(field.data)

    def validate_source(self, field: StringField) -> None:
        """One line."""
        field.data = _line(field.data)


class HolderForm(Form):  # type: ignore[misc] # WTForms ships no types
    """Who holds an office from a day on, and whose term ends with it."""

    honorific = RadioField(
        lazy_gettext("Form of address"),
        choices=[
            SelectChoice("Ms.", lazy_gettext("Ms.")),
            SelectChoice("Mr.", lazy_gettext("Mr.")),
            SelectChoice("Ambassador", lazy_gettext("Ambassador")),
        ],
        validate_choice=False,
    )
    name = StringField(lazy_gettext("Full name"))
    family_name = StringField(lazy_gettext("Family name, as a greeting uses it"))
    starts = StringField(lazy_gettext("First day"))
    ending = SelectField(lazy_gettext("Whose term ends with it?"), default="", validate_choice=False)
    source = StringField(_SOURCE)
    first: PartialDate

    def __init__(self, typed: Any = None, *, open_terms: Iterable[OfficeTerm], **more: Any) -> None:
        super().__init__(typed, **more)
        self.ending.choices = [
            SelectChoice("", _("Nobody’s")),
            *(SelectChoice(str(term.id), term.name) for term in open_terms),
        ]

    def validate_honorific(self, field: RadioField) -> None:
        """Never guessed from a name."""
        if field.data not in {"Ms.", "Mr.", "Ambassador"}:
            raise ValidationError(_("Choose how letters address this person"))

    def validate_name(self, field: StringField) -> None:
        """A bare name: what stands in brackets is no part of it."""
        field.data = _name(field.data)

    def validate_family_name(self, field: StringField) -> None:
        """A part of the name, or nothing."""
        if not (field.data or "").strip():
            field.data = ""
            return
        field.data = _name(field.data)
        if field.data not in (self.name.data or ""):
            raise ValidationError(_("Enter it as it stands in the full name"))

    def validate_starts(self, field: StringField) -> None:
        """Without a start nothing about a term is sure."""
        found = _date(field.data)
        if found is None:
            raise ValidationError(_("Enter the first day, or its month or year"))
        self.first = found

    def validate_ending(self, field: SelectField) -> None:
        """One of the terms that are still open."""
        if (field.data or "") not in {choice.value for choice in field.choices}:
            raise ValidationError(_("Choose one of the list"))

    def validate_source(self, field: StringField) -> None:
        """A holder comes with a source."""
        field.data = _line(field.data)
        if not field.data:
            raise ValidationError(_("Say where you read it: a web address, a paper, who told you"))

    def newcomer(self) -> Newcomer:
        """What was typed, checked. Only after ``validate``."""
        return Newcomer(
            name=self.name.data,
            honorific=self.honorific.data,
            starts=self.first,
            source=self.source.data,
            family_name=self.family_name.data or None,
        )

    def ended(self) -> UUID | None:
        """The term that ends with it. Only after ``validate``."""
        return UUID(self.ending.data) if self.ending.data else None


def _name(typed: str | None) -> str:
    if not (typed or "").strip():
        raise ValidationError(_("Enter the name"))
    _refuse_turning(typed)
    refusal = ValidationError(_("Enter the name only, in one line, without brackets, web addresses or signs"))
    try:
        name = clean_name(typed or "")
    except Refused:
        raise refusal from None  # in our words: those of a name are for whoever types their own
    if "(" in name or ")" in name:
        raise refusal
    return name


def _refuse_turning(typed: str | None) -> None:
    if turns_direction(typed or ""):
        raise ValidationError(_("This holds invisible characters that turn its direction. Please type it again."))


def _line(typed: str | None) -> str:
    """A source as one line; a web address may stand in it."""
    _refuse_turning(typed)
    line = " ".join(without_marks(typed or "").split())
    if len(line) > _LONGEST:
        raise ValidationError(_("Enter at most %(most)s characters", most=_LONGEST))
    if any(unicodedata.category(character).startswith("C") and character not in "\u200c\u200d" for character in line):
        raise ValidationError(_("Write this in one line"))
    return line


def _date(typed: str | None) -> PartialDate | None:
    """A year, a month or a day, in any digits, with hyphens, dots or slashes."""
    text = "".join(_digit(c) for c in without_marks(typed or "").strip())
    try:
        return PartialDate(_BETWEEN.sub("-", text)) if text else None
    except ValueError:
        raise ValidationError(_("Enter a date like 2016, 2018-07 or 2024-07-31")) from None


def _digit(character: str) -> str:
    value = unicodedata.decimal(character, None)
    return character if value is None else str(value)
