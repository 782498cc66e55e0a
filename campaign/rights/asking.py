"""Mailing somebody the link to what we hold about them, without telling anybody else whether we hold anything."""

from __future__ import annotations

from datetime import datetime, timedelta

from campaign import tokens
from campaign.db import session
from campaign.i18n import gettext as _
from campaign.mail import outbox
from campaign.mail.addresses import Address
from campaign.mail.models import Message
from campaign.mail.rendering import Draft, from_templates
from campaign.rights.holdings import row_of
from campaign.web import link

PURPOSE = "mine"
LINK_LIVES = 730 * tokens.DAY  # seconds; a receipt's link works until the data itself is deleted
_A_DAY = 10  # mails to one address, whoever asks; above that of signing, which must not use this one up


def ask(address: Address, *, language: str, now: datetime) -> None:
    """Mail the link when something is held under this address; the same work and the same silence when not."""
    person = address.index()
    row = row_of(person)
    if row is not None:
        outbox.enqueue(
            kind="mine",
            subject_id=row,
            address=address,
            language=language,
            dedupe_key=f"mine:{row}:{now:%Y%m%d%H%M}",
            expires_in=timedelta(days=1),
            cap=_A_DAY,
            urgent=True,  # a flood of mail to one domain must not keep people from what we hold about them
        )
    session.commit()


def draft(message: Message, _recipient: str) -> Draft | None:
    """The mail with the private link; nothing when what it was about is gone."""
    if message.subject_id is None:
        return None
    here = link("rights.mine", token=tokens.make(PURPOSE, message.subject_id), **{"in": message.language})
    return from_templates("mine", button=_("See what you hold about me"), link=here)
