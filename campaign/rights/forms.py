"""The forms of the private pages: asking for the link, choosing who may see a name, correcting what was typed."""

from __future__ import annotations

from wtforms import EmailField, Form, RadioField, ValidationError
from wtforms.fields.choices import SelectChoice

from campaign.errors import Refused
from campaign.i18n import lazy_gettext as _
from campaign.mail.addresses import Address
from campaign.petition.ending import VISIBILITIES
from campaign.petition.forms import UNSAID, SignForm


class AskForm(Form):  # type: ignore[misc] # WTForms ships no types
    """An address to mail the link to; ``form.address`` once it is valid."""

    email = EmailField(_("Your email address"))
    address: Address

    def validate_email(self, field: EmailField) -> None:
        """Keep the parsed address. Raises ValidationError with words for the person."""
        try:
            self.address = Address.parse(field.data or "")
        except Refused as refused:
            raise ValidationError(refused.message) from None


class VisibilityForm(Form):  # type: ignore[misc] # WTForms ships no types
    """Who may see a name, from the narrowest."""

    visibility = RadioField(choices=[SelectChoice(v, v) for v in VISIBILITIES])


class CorrectForm(SignForm):
    """The name and the country of a signature, asked for and refused as when signing."""

    email = visibility = consent = updates = comment = website = stamp = altcha = None

    def said_country(self) -> str | None:
        """The country (ISO 3166-1 alpha-2), None when it is not said. Only after ``validate``."""
        return None if self.country.data == UNSAID else str(self.country.data)
