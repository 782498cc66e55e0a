"""What a letter writer types and ticks; it keeps to itself which of it each way of sending needs."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from uuid import UUID

from wtforms import BooleanField, Form, HiddenField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import StopValidation

from campaign.appeals.names import clean_name
from campaign.errors import Refused
from campaign.i18n import countries
from campaign.i18n import gettext as _
from campaign.i18n import lazy_gettext as later
from campaign.letters import tongues
from campaign.letters.cleaning import clean_words
from campaign.mail.addresses import Address

UNSAID = "none"  # an answer of its own, not a field left alone
BLOCKS = ("opening", "message", "closing")
_HEX = re.compile("[0-9a-f]{32}")


class LetterForm(Form):  # type: ignore[misc] # WTForms ships no types
    """One letter. ``how`` decides what has to be filled in: only what we send needs a person we can reach."""

    name = StringField(later("Full name"))
    email = StringField(later("Email"))
    country = SelectField(later("Country you live in"), validate_choice=False)
    opening = TextAreaField(later("Opening"))
    message = TextAreaField(later("Your own words"))
    words_in = SelectField(later("Language of your own words"), validate_choice=False)
    closing = TextAreaField(later("Closing"))
    digest_name = BooleanField(later("If letters are put together into one, my name may stand beside my words."))
    consent = BooleanField(later("Consent"))
    stamp = HiddenField()
    submission = HiddenField()
    earlier = HiddenField()  # letters taken on paper before this one (views/before.py)

    def __init__(self, *given: Any, language: str, how: str = "", **named: Any) -> None:
        super().__init__(*given, **named)
        self.how = how
        self.address: Address | None = None
        nothing = [("", _("Choose")), (UNSAID, _("Prefer not to say"))]
        self.country.choices = [SelectChoice(*choice) for choice in (*nothing, *countries(language))]

        tongue = [*tongues.offered(language), ("", _("Another language"))]
        self.words_in.choices = [SelectChoice(*choice) for choice in tongue]

    @property
    def words(self) -> dict[str, str]:
        """The editable blocks, cleaned once the form is valid."""
        return {block: self[block].data or "" for block in BLOCKS}

    @property
    def said_country(self) -> str | None:
        """The country, None when the writer would rather not say."""
        return self.country.data if self.country.data not in (None, "", UNSAID) else None

    def validate_name(self, field: StringField) -> None:
        """A name, which only a letter that we send needs."""
        if self.how == "send" or (field.data or "").strip():
            field.data = _unless_refused(clean_name, field.data or "")

    def validate_email(self, field: StringField) -> None:
        """An address that we can write to."""
        if self.how != "send":
            return
        if not (field.data or "").strip():
            raise StopValidation(_("Enter your email address"))
        self.address = _unless_refused(Address.parse, field.data)

    def validate_country(self, field: SelectField) -> None:
        """A country of the list, or the wish not to say it."""
        known = {choice.value for choice in field.choices[1:]}
        if field.data not in known and (self.how == "send" or field.data):
            raise StopValidation(_("Choose a country, or “Prefer not to say”"))

    def validate_opening(self, field: TextAreaField) -> None:
        """Of a bearable length and without characters that hurt."""
        field.data = _unless_refused(clean_words, field.data or "", field=field.name)

    validate_message = validate_opening
    validate_closing = validate_opening

    def validate_words_in(self, field: SelectField) -> None:
        """A language of the list; anything else is not said."""
        field.data = field.data if field.data in tongues.ALL else ""

    def validate_consent(self, field: BooleanField) -> None:
        """Ticked, for a letter that we send."""
        if self.how == "send" and not field.data:
            raise StopValidation(_("Tick the box if you agree, or send the letter yourself"))

    def refuse(self, message: str) -> None:
        """Say something about the form as a whole."""
        self.form_errors.append(message)


def _unless_refused(clean: Callable[..., Any], text: str, **named: Any) -> Any:
    try:
        return clean(text, **named)
    except Refused as refused:
        raise StopValidation(refused.message) from None


def shown_ids(values: list[str]) -> set[UUID]:
    """The letters that a confirmation page showed; what is no id is left out."""
    return {UUID(hex=value) for value in values if _HEX.fullmatch(value)}
