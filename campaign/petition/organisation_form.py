"""The form of an organisation: it keeps to itself what is asked and in which words a mistake is named."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any
from urllib.parse import urlsplit

from wtforms import BooleanField, EmailField, Field, Form, HiddenField, RadioField, SelectField, StringField
from wtforms import ValidationError as Wrong
from wtforms.fields.choices import SelectChoice

from campaign.appeals import organisations
from campaign.appeals.names import clean_line, clean_name, folded
from campaign.appeals.signing_on import Organisation, Speaker
from campaign.errors import Refused
from campaign.i18n import countries, lazy_gettext
from campaign.i18n import gettext as _
from campaign.mail.addresses import Address

STATUSES = (
    SelectChoice("general", lazy_gettext("General consultative status")),
    SelectChoice("special", lazy_gettext("Special consultative status")),
    SelectChoice("roster", lazy_gettext("On the Roster")),
    SelectChoice("none", lazy_gettext("No consultative status")),
)
_FIRST_YEAR = 1946  # in which the Council first met
_LONGEST_NAME = 200  # the longest on the UN's own lists have about 150 characters
_LONGEST_SITE = 200


class OrganisationForm(Form):  # type: ignore[misc] # WTForms ships no types
    """One sign-on as typed. ``address`` and cleaned lines stand in it once it is valid."""

    name = StringField(lazy_gettext("Name of the organisation"))
    country = SelectField(lazy_gettext("Country of its seat"), validate_choice=False)
    registration = StringField(lazy_gettext("Registration number"))
    website = StringField(lazy_gettext("Website"))
    ecosoc_status = RadioField(
        lazy_gettext("Status with the UN Economic and Social Council"), choices=STATUSES, validate_choice=False
    )
    ecosoc_year = StringField(lazy_gettext("Year it was granted"))
    person = StringField(lazy_gettext("Your name"))
    role = StringField(lazy_gettext("Your role"))
    email = EmailField(lazy_gettext("Your work email"))
    consent = BooleanField(lazy_gettext("I agree"))
    stamp = HiddenField()
    address: Address

    def __init__(self, typed: Any = None, *, language: str, today: date, stamp: str = "") -> None:
        super().__init__(typed)
        self._today = today
        self.country.choices = [SelectChoice(*choice) for choice in (("", _("Choose")), *countries(language))]
        if stamp:
            self.stamp.data = stamp

    def validate_name(self, field: StringField) -> None:
        """A name with letters, which two organisations cannot share by a stroke or a capital."""
        field.data = _cleaned(field, longest=_LONGEST_NAME)
        if not any(letter.isalpha() for letter in folded(field.data)):
            raise Wrong(_("Enter the name of the organisation"))

    def validate_country(self, field: SelectField) -> None:
        """Every organisation has a seat."""
        if field.data not in {choice.value for choice in field.choices[1:]}:
            raise Wrong(_("Choose the country where the organisation has its seat"))

    def validate_registration(self, field: StringField) -> None:
        """One line, or nothing: not everywhere can one register."""
        field.data = _cleaned(field)

    def validate_website(self, field: StringField) -> None:
        """An address of a web page, with or without its https."""
        typed = (field.data or "").strip()
        if typed and not _is_web_address(typed):
            raise Wrong(_("Enter a web address such as https://example.org, or leave this empty"))

    def validate_ecosoc_status(self, field: RadioField) -> None:
        """Leaving it alone is no answer."""
        if field.data not in organisations.STATUSES:
            raise Wrong(_("Choose the status, or “No consultative status”"))

    def validate_ecosoc_year(self, field: StringField) -> None:
        """A year of the Council's life so far, where there is a status."""
        if not (field.data or "").strip():
            return
        if self.ecosoc_status.data == "none":
            raise Wrong(_("Leave the year empty when there is no status"))
        if self.year is None:
            raise Wrong(_("Enter a year from 1946 to today, or leave this empty"))

    def validate_person(self, field: StringField) -> None:
        """The name of a person."""
        field.data = _unless_refused(clean_name, field.data or "")

    def validate_role(self, field: StringField) -> None:
        """What the person is in the organisation: it says that they may speak for it."""
        field.data = _cleaned(field)
        if not field.data:
            raise Wrong(_("Enter your role in the organisation, such as “director”"))

    def validate_email(self, field: EmailField) -> None:
        """Keep the parsed address."""
        if not (field.data or "").strip():
            raise Wrong(_("Enter your email address"))
        self.address = _unless_refused(Address.parse, field.data)

    def validate_consent(self, field: BooleanField) -> None:
        """Nothing is agreed to by silence."""
        if not field.data:
            raise Wrong(_("Tick the box if you agree; without it we may not add the organisation"))

    @property
    def year(self) -> int | None:
        """The year as a number, in whichever digits it was typed; None when it is none or cannot be."""
        typed = (self.ecosoc_year.data or "").strip()
        year = int(typed) if len(typed) == 4 and typed.isdecimal() else 0
        return year if _FIRST_YEAR <= year <= self._today.year else None

    def organisation(self) -> Organisation:
        """What was typed about it, checked. Only after ``validate``."""
        typed = (self.website.data or "").strip()
        return Organisation(
            name=self.name.data,
            country=self.country.data,
            ecosoc_status=self.ecosoc_status.data,
            ecosoc_year=self.year,
            registration=self.registration.data or None,
            website=_with_scheme(typed) if typed else None,
        )

    def speaker(self) -> Speaker:
        """Who answers for it. Only after ``validate``."""
        return Speaker(self.person.data, self.role.data, self.address)


def _cleaned(field: Field, **limits: int) -> str:
    return str(_unless_refused(clean_line, field.data or "", **limits))


def _unless_refused(clean: Callable[..., Any], text: str, **limits: int) -> Any:
    try:
        return clean(text, **limits)
    except Refused as refused:
        raise Wrong(refused.message) from None


def _with_scheme(typed: str) -> str:
    return typed if "://" in typed else f"https://{typed}"


def _is_web_address(typed: str) -> bool:
    """Whether it is http or https, with a host that has a dot, and nothing that could pass for another host."""
    whole = _with_scheme(typed)
    try:
        parts = urlsplit(whole)
    except ValueError:
        return False
    host = parts.hostname or ""
    plain = whole.isprintable() and " " not in whole and "@" not in parts.netloc and len(whole) <= _LONGEST_SITE
    return plain and parts.scheme in {"http", "https"} and "." in host.strip(".")
