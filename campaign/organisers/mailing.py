"""What a mail from the desk's door says."""

from __future__ import annotations

from campaign.i18n import gettext as _
from campaign.mail import rendering
from campaign.mail.models import Message
from campaign.mail.rendering import Draft
from campaign.organisers import links
from campaign.web import link


def sign_in(message: Message, _recipient: str) -> Draft | None:
    """The mail with a sign-in link; None when the link was used or has expired meanwhile."""
    row = message.subject_id
    if row is None or not links.is_usable(row):
        return None
    here = link("organisers.enter", secret=links.secret_of(row))
    return rendering.from_templates("sign_in", button=_("Sign in"), link=here)
