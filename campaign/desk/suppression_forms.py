"""What an organiser says of an address that shall not be written to, or shall be again."""

from __future__ import annotations

from datetime import timedelta

from wtforms import Form, RadioField, StringField, ValidationError
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired

from campaign.desk.words import REASONS
from campaign.errors import Refused
from campaign.i18n import lazy_gettext as _
from campaign.mail.addresses import Address

_BY_HAND = ("asked us", "not theirs", "other")
_ENDS = {"30": _("30 days"), "365": _("a year"), "": _("for good")}


class AddressForm(Form):  # type: ignore[misc] # WTForms ships no types
    """One address; ``address`` is it once the form is valid."""

    email = StringField(_("Email address"))
    address: Address

    def validate_email(self, field: StringField) -> None:
        """One that mail can go to."""
        try:
            self.address = Address.parse(field.data or "")
        except Refused as refused:
            raise ValidationError(refused.message) from None


class SuppressionForm(AddressForm):
    """An address with a reason and an end; both are choices, so that no name can stand there."""

    reason = RadioField(
        _("Why?"),
        [InputRequired(_("Choose a reason"))],
        choices=[SelectChoice(code, REASONS[code]) for code in _BY_HAND],
    )
    days = RadioField(
        _("For how long?"),
        [InputRequired(_("Choose how long"))],
        choices=[SelectChoice(days or "always", said) for days, said in _ENDS.items()],
    )

    @property
    def lasting(self) -> timedelta | None:
        """How long it shall hold; None for good."""
        return None if self.days.data == "always" else timedelta(days=int(self.days.data))
