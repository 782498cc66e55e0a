"""The one thing an organiser types to sign in."""

from __future__ import annotations

from wtforms import Form, StringField
from wtforms.validators import InputRequired

from campaign.i18n import lazy_gettext as _


class SignIn(Form):  # type: ignore[misc] # WTForms ships no types
    """An address, as typed."""

    email = StringField(_("Email"), [InputRequired(_("Enter your email address"))])
