"""The two forms of the private pages: asking for the link, and choosing who may see a name."""

from __future__ import annotations

from wtforms import EmailField, Form, RadioField, ValidationError
from wtforms.fields.choices import SelectChoice

from campaign.errors import Refused
from campaign.i18n import lazy_gettext as _
from campaign.mail.addresses import Address
from campaign.petition.ending import VISIBILITIES


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
