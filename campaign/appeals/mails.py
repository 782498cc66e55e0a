"""The mail to whoever answers for an organisation: it says nothing that anybody typed."""

from __future__ import annotations

from campaign import tokens
from campaign.appeals import queries
from campaign.appeals.models import Appeal, OrganisationSignOn
from campaign.appeals.signing_on import KIND
from campaign.db import session
from campaign.i18n import gettext as _
from campaign.mail.models import Message
from campaign.mail.rendering import Draft, from_templates
from campaign.web import link

CONFIRM = "organisation-confirm"  # purpose of the link; its row is the sign-on


def confirmation(message: Message, _recipient: str) -> Draft | None:
    """The mail with the button's link; nothing once the sign-on no longer waits for it."""
    found = session.get(OrganisationSignOn, message.subject_id) if message.subject_id else None
    if found is None or found.state != "pending":
        return None
    title = _title(found)
    return from_templates(
        "organisation_confirm",
        button=_("Confirm for our organisation") if title else _("Confirm my email"),
        link=link("petition.confirm_organisation", token=tokens.make(CONFIRM, found.id)),
        title=title,
    )


RENDERERS = {KIND: confirmation}


def _title(organisation: OrganisationSignOn) -> str:
    """What the appeal is called; empty when a mail must not say so."""
    appeal = session.get_one(Appeal, organisation.appeal_id)
    published = None if appeal.sensitive else queries.published(appeal.slug)
    return published.content.text(organisation.language).short_title if published else ""
