"""What organisers ask of the outbox: whose messages to show, and what to pause."""

from __future__ import annotations

import re
from typing import Any

from wtforms import Form, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import StopValidation

from campaign.desk.suppression_forms import AddressForm
from campaign.i18n import lazy_gettext as _
from campaign.mail.pausing import ALL

_DOMAIN = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+")
ONE_DOMAIN = "domain"


class PersonForm(AddressForm):
    """Whose messages to show; the address stands in no URL and is compared by its blind index."""


class PauseForm(Form):  # type: ignore[misc] # WTForms ships no types
    """What shall wait: all mail, an appeal's, an office's, or a mail domain's."""

    what = SelectField(_("What shall wait?"))
    domain = StringField(_("Mail domain"))

    def __init__(self, *given: Any, appeals: dict[str, str], offices: dict[str, str], **named: Any) -> None:
        super().__init__(*given, **named)
        parts = [SelectChoice(key, said) for key, said in (appeals | offices).items()]
        self.what.choices = [SelectChoice(ALL, _("All mail")), *parts, SelectChoice(ONE_DOMAIN, _("A mail domain"))]

    def validate_domain(self, field: StringField) -> None:
        """A domain, where one shall wait."""
        field.data = (field.data or "").strip().lower()
        if self.what.data == ONE_DOMAIN and not _DOMAIN.fullmatch(field.data):
            raise StopValidation(_("Enter a mail domain like example.org"))

    @property
    def key(self) -> str:
        """The key to pause (``mail.pausing``), once the form is valid."""
        return f"domain:{self.domain.data}" if self.what.data == ONE_DOMAIN else str(self.what.data)
