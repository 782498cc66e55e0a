"""The sign form: it keeps to itself what is asked and in which words a mistake is named."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from wtforms import (
    BooleanField,
    EmailField,
    Form,
    HiddenField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
    ValidationError,
)
from wtforms.fields.choices import SelectChoice

from campaign.appeals.names import clean_line, clean_name
from campaign.errors import Refused
from campaign.i18n import countries, lazy_gettext
from campaign.i18n import gettext as _
from campaign.mail.addresses import Address
from campaign.petition.signer import Signer

LONGEST_COMMENT = 500  # characters
UNSAID = "none"  # an answer of its own, not a field left alone
VISIBILITY = (
    ("counted", lazy_gettext("Only the people who run this appeal, to check it")),
    (
        "recipient",
        lazy_gettext("Also the UN experts’ offices it is addressed to. After the hand-over we cannot take it back"),
    ),
    ("public", lazy_gettext("Everyone, including the authorities of the country concerned")),
)


def quick(typed: Mapping[str, str], *, language: str) -> Signer | None:
    """What ``SignForm(typed).signer()`` gives for a form that is in order; None when there is anything to look at.

    Building eight fields, which only serve to show the form again, is a fifth of a signature's processor time.
    """
    country, visibility = typed.get("country", ""), typed.get("visibility", "")
    ticks = typed.get("consent"), typed.get("updates")
    if ticks not in {("y", None), ("y", "y")} or visibility not in dict(VISIBILITY):
        return None
    if typed.get("comment", "").strip():
        return None
    if not country or country not in _codes(language):
        return None
    try:
        name, address = clean_name(typed.get("name", "")), Address.parse(typed.get("email", ""))
    except Refused:
        return None
    return Signer(name, address, _said(country), visibility, ticks[1] is not None)


def _said(country: str) -> str | None:
    return None if country == UNSAID else country


class CountryField(SelectField):  # type: ignore[misc] # WTForms ships no types
    """A select whose 250 choices are built only to be shown: what was typed is looked up (0.4 ms less a form)."""

    def offer(self, language: str) -> None:
        """The choices in this language."""
        self.choices = lambda: [SelectChoice(*choice) for choice in _offered(language)]
        self._codes = _codes(language)

    def pre_validate(self, form: Form) -> None:
        """Only what was offered."""
        if self.data not in self._codes:
            raise ValidationError(_("Not a valid choice."))


def _offered(language: str) -> list[tuple[str, str]]:
    return [("", _("Choose")), (UNSAID, _("Prefer not to say")), *countries(language)]


@cache
def _codes(language: str) -> frozenset[str]:
    return frozenset({"", UNSAID, *(code for code, _name in countries(language))})


class SignForm(Form):  # type: ignore[misc] # WTForms ships no types
    """One signature as typed. ``address`` and a cleaned ``name`` stand in it once it is valid."""

    name = StringField(lazy_gettext("Full name"))
    email = EmailField(lazy_gettext("Email"))
    country = CountryField(lazy_gettext("Country you live in"))
    visibility = RadioField(
        lazy_gettext("Who may see your name?"),
        choices=[SelectChoice(*choice) for choice in VISIBILITY],
        default="counted",
    )
    consent = BooleanField(lazy_gettext("I agree"))
    updates = BooleanField(lazy_gettext("Tell me what comes of this, at most once a month"))
    comment = TextAreaField(lazy_gettext("Why this matters to you"))
    website = StringField(lazy_gettext("Leave this empty"))  # people do not see it; machines fill it in
    stamp = HiddenField()
    altcha = HiddenField()  # the solution of a sum, where one is asked for
    address: Address

    def __init__(self, typed: Any = None, *, language: str) -> None:
        super().__init__(typed)
        self.country.offer(language)

    def validate_name(self, field: StringField) -> None:
        """Refuse what is no name, in words for whoever typed it."""
        try:
            field.data = clean_name(field.data or "")
        except Refused as refused:
            raise ValidationError(refused.message) from None

    def validate_email(self, field: EmailField) -> None:
        """Keep the parsed address."""
        if not (field.data or "").strip():
            raise ValidationError(_("Enter your email address"))
        try:
            self.address = Address.parse(field.data)
        except Refused as refused:
            raise ValidationError(refused.message) from None

    def validate_country(self, field: SelectField) -> None:
        """Leaving it alone is no answer."""
        if not field.data:
            raise ValidationError(_("Choose a country, or “Prefer not to say”"))

    def validate_comment(self, field: TextAreaField) -> None:
        """A few words, without links."""
        try:
            field.data = clean_line(field.data or "", longest=LONGEST_COMMENT)
        except Refused as refused:
            raise ValidationError(refused.message) from None

    def validate_consent(self, field: BooleanField) -> None:
        """Nothing is agreed to by silence."""
        if not field.data:
            raise ValidationError(_("Tick the box if you agree; without it we may not keep your signature"))

    def signer(self) -> Signer:
        """What was typed, checked. Only after ``validate``."""
        chosen = _said(self.country.data), self.visibility.data, bool(self.updates.data)
        return Signer(self.name.data, self.address, *chosen)
