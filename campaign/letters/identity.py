"""What an office has to know of whoever writes to it: it keeps to itself which rule holds for which of them."""

from __future__ import annotations

from campaign.i18n import gettext as _
from campaign.offices.models import Office


def needed(office: Office) -> str:
    """A sentence or two in the language of the page, no more than sources say.

    Special procedures put anonymous submissions aside and keep the source's identity confidential (OHCHR's page on
    submissions, as copied at idsn.org/un-2/special-procedures/submit-a-complaint). Of other offices we know no rule.
    """
    if office.cases_only:
        return str(
            _("It asks for the full identity and address of whoever submits a case, and keeps them confidential.")
        )
    if office.kind == "mandate":
        return str(
            _("Sign with your full name: it puts anonymous submissions aside, and keeps confidential who sent one.")
        )
    return str(_("Sign with your full name. We know of no rule of this office on proof of identity."))
