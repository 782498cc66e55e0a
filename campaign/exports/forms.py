"""For whom an organiser wants a file."""

from __future__ import annotations

from wtforms import Form, RadioField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired

from campaign.exports.audiences import AUDIENCES
from campaign.i18n import lazy_gettext as _


class Export(Form):  # type: ignore[misc] # WTForms ships no types
    """One audience; the choice is the organiser's, never a default that shows more."""

    audience = RadioField(
        _("For whom is this file?"),
        [InputRequired(_("Choose for whom the file is"))],
        choices=[SelectChoice(audience.name, audience.label) for audience in AUDIENCES.values()],
        validate_choice=True,
    )
