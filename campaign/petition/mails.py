"""The mails about a signature: it keeps to itself what they may say, which is nothing that a visitor typed.

Of a sensitive appeal they do not even say what it is about: a mailbox is read by others too.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

from campaign import tokens
from campaign.appeals.models import Appeal
from campaign.db import session
from campaign.i18n import gettext as _
from campaign.mail.models import Message
from campaign.mail.rendering import Draft, from_templates
from campaign.petition import showing
from campaign.petition.models import Signature
from campaign.web import link


def confirmation(message: Message, _recipient: str) -> Draft | None:
    """The mail with the button's link; nothing once the submission no longer waits."""
    signature = _signature(message)
    if signature is None or signature.state != "pending":
        return None
    button = _("Confirm my signature") if _title(signature) else _("Confirm my email")
    return _written("confirm", signature, button=button, link=_link("petition.confirm", "confirm", signature.id))


def already_signed(message: Message, _recipient: str) -> Draft | None:
    """For whoever signs a second time; nothing when the first was taken back meanwhile."""
    return _about_a_confirmed("already_signed", message)


def receipt(message: Message, _recipient: str) -> Draft | None:
    """Proof of a signature and the link that withdraws it; nothing when it was taken back meanwhile."""
    return _about_a_confirmed("receipt", message)


RENDERERS = {"confirm": confirmation, "already_signed": already_signed, "receipt": receipt}


def private_link(signature_id: UUID) -> str:
    """The link to everything held about a signer: whoever has it can withdraw."""
    return _link("rights.mine", "mine", signature_id)


def unsubscribe_link(signature_id: UUID) -> str:
    """The page that ends news, for their headers and their foot."""
    return _link("petition.unsubscribe", "unsubscribe", signature_id)


def reference(signature_id: UUID) -> str:
    """What a signer may quote to us: eight characters that name the row and prove nothing."""
    return signature_id.hex[:8].upper()


def _about_a_confirmed(template: str, message: Message) -> Draft | None:
    signature = _signature(message)
    if signature is None or signature.state != "confirmed":
        return None
    return _written(
        template,
        signature,
        link=private_link(signature.id),
        reference=reference(signature.id),
        day=signature.confirmed_at,
    )


def _written(template: str, signature: Signature, **context: Any) -> Draft:
    """A mail from us by name, or, where its subject says nothing, from nobody in particular."""
    title = _title(signature)
    draft = from_templates(template, title=title, **context)
    return draft if title else replace(draft, sender_name=_("Email confirmation"))


def _signature(message: Message) -> Signature | None:
    return session.get(Signature, message.subject_id) if message.subject_id else None


def _title(signature: Signature) -> str:
    """What the appeal is called; empty when a mail must not say so."""
    appeal = session.get_one(Appeal, signature.appeal_id)
    return "" if appeal.sensitive else showing.of(signature).content.text(signature.language).short_title


def _link(endpoint: str, purpose: str, row: UUID) -> str:
    return link(endpoint, token=tokens.make(purpose, row))
