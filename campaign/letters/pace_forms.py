"""What an organiser types about the sending of letters: by when, how much a receiver bears, the test."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from wtforms import BooleanField, DateField, Form, IntegerField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, NumberRange, Optional

from campaign.i18n import lazy_gettext as _
from campaign.mail.scheduling import Pace
from campaign.offices.models import Office

_NUMBER = _("Enter a number")


class Plan(Form):  # type: ignore[misc] # WTForms ships no types
    """By when letters are of use, and whether digests go daily."""

    finish_by = DateField(_("Letters are of use before"), [Optional()])
    urgent = BooleanField(_("Urgent: what is gathered into digests goes daily instead of weekly"))


class PaceForm(Form):  # type: ignore[misc] # WTForms ships no types
    """How much a receiver bears, over all appeals; the hints say what it bears unless somebody said otherwise."""

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

    @property
    def pace(self) -> Pace:
        """What was typed, once the form is valid."""
        return Pace(**self.data)


class DomainPaceForm(PaceForm):
    """How much all offices behind one mail domain bear together: more than one of them alone."""

    per_day = IntegerField(_("Letters a day"), [InputRequired(_NUMBER), NumberRange(1, 200)])
    per_hour = IntegerField(_("Letters an hour"), [InputRequired(_NUMBER), NumberRange(1, 40)])


PACES: dict[str, type[PaceForm]] = {"office": PaceForm, "domain": DomainPaceForm}
"""By the kind of receiver (``bearing``)."""


class Trial(Form):  # type: ignore[misc] # WTForms ships no types
    """For which office an organiser wants a test letter."""

    office = SelectField(_("A letter to"))

    def __init__(self, *given: Any, offices: Sequence[Office], **named: Any) -> None:
        super().__init__(*given, **named)
        self.office.choices = [SelectChoice(office.slug, office.title) for office in offices]


class Received(Form):  # type: ignore[misc] # WTForms ships no types
    """The code that stands in the test letter."""

    code = StringField(_("Code in the mail"), [InputRequired(_("Type the code that stands at the top of the mail"))])
