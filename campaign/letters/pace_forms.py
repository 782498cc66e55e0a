"""What an organiser types about the sending of letters: by when, how urgent, and how much one office bears."""

from __future__ import annotations

from wtforms import BooleanField, DateField, Form, IntegerField
from wtforms.validators import InputRequired, NumberRange, Optional

from campaign.i18n import lazy_gettext as _

_NUMBER = _("Enter a number")


class Plan(Form):  # type: ignore[misc] # WTForms ships no types
    """By when letters are of use, and whether digests go daily."""

    finish_by = DateField(_("Letters are of use before"), [Optional()])
    urgent = BooleanField(_("Urgent: what is gathered into digests goes daily instead of weekly"))


class Pace(Form):  # type: ignore[misc] # WTForms ships no types
    """How much one office bears, over all appeals."""

    per_day = IntegerField(_("Letters a day"), [InputRequired(_NUMBER), NumberRange(1, 50)])
    per_hour = IntegerField(_("Letters an hour"), [InputRequired(_NUMBER), NumberRange(1, 10)])
    opens = IntegerField(_("From hour (Geneva)"), [InputRequired(_NUMBER), NumberRange(6, 19)])
    closes = IntegerField(_("Until hour (Geneva)"), [InputRequired(_NUMBER), NumberRange(7, 20)])

    def validate(self, *args: object, **kwargs: object) -> bool:
        """Also that there is an hour between opening and closing."""
        if not super().validate(*args, **kwargs):
            return False
        if self.closes.data <= self.opens.data:
            self.closes.errors = [*self.closes.errors, str(_("It must close after it opens"))]
        return not self.closes.errors
