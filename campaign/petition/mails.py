"""The mails about a signature: it keeps to itself what they may say, which is nothing that a visitor typed.

Of a sensitive appeal they do not even say what it is about: a mailbox is read by others too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import lru_cache
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, any_, bindparam, select

from campaign import tokens
from campaign.appeals import queries
from campaign.appeals.models import Appeal
from campaign.appeals.queries import Published
from campaign.db import session
from campaign.i18n import gettext as _
from campaign.i18n import language
from campaign.mail.models import Message
from campaign.mail.moulds import Mould, mould
from campaign.mail.rendering import Draft, ReadsTogether, Renderer
from campaign.petition.models import Signature
from campaign.web import link

_PLACES = {"confirm": ("link",), "already_signed": ("link",), "receipt": ("link", "reference")}
_KEPT = 256  # forms of mails in memory: by kind, language, appeal and, of receipts, day
_THESE = select(Signature.id, Signature.state, Signature.appeal_id, Signature.language, Signature.confirmed_at).where(
    Signature.id == any_(bindparam("rows", type_=ARRAY(Uuid)))
)


@dataclass(frozen=True, slots=True)
class _Signed:
    """What a mail about a signature is made of."""

    id: UUID
    state: str
    confirmed_at: datetime | None
    language: str
    published: Published | None  # None: the appeal is sensitive, and its words stand in no mail

    @property
    def title(self) -> str:
        """What the appeal is called; empty when a mail must not say so."""
        return self.published.content.text(self.language).short_title if self.published else ""


def _confirmation(signed: _Signed) -> Draft | None:
    """The mail with the button's link; nothing once the submission no longer waits."""
    if signed.state != "pending":
        return None
    form = _form("confirm", language(), signed.title)
    return form.filled(link=_link("petition.confirm", "confirm", signed.id))


def _already_signed(signed: _Signed) -> Draft | None:
    """For whoever signs a second time; nothing when the first was taken back meanwhile."""
    return _about_a_confirmed("already_signed", signed)


def _receipt(signed: _Signed) -> Draft | None:
    """Proof of a signature and the link that withdraws it; nothing when it was taken back meanwhile."""
    return _about_a_confirmed("receipt", signed)


def _renderer(write: Callable[[_Signed], Draft | None]) -> Renderer:
    def read(messages: Sequence[Message]) -> Renderer:
        found = _read([message.subject_id for message in messages if message.subject_id])

        def renderer(message: Message, _recipient: str) -> Draft | None:
            signed = found.get(message.subject_id)
            return write(signed) if signed else None

        return renderer

    return ReadsTogether(read)


RENDERERS = {
    "confirm": _renderer(_confirmation),
    "already_signed": _renderer(_already_signed),
    "receipt": _renderer(_receipt),
}
"""By kind, for the factory."""


def private_link(signature_id: UUID) -> str:
    """The link to everything held about a signer: whoever has it can withdraw."""
    return _link("rights.mine", "mine", signature_id)


def unsubscribe_link(signature_id: UUID) -> str:
    """The page that ends news, for their headers and their foot."""
    return _link("petition.unsubscribe", "unsubscribe", signature_id)


def reference(signature_id: UUID) -> str:
    """What a signer may quote to us: eight characters that name the row and prove nothing."""
    return signature_id.hex[:8].upper()


def _about_a_confirmed(template: str, signed: _Signed) -> Draft | None:
    if signed.state != "confirmed" or signed.confirmed_at is None:
        return None
    form = _form(template, language(), signed.title, day=signed.confirmed_at.date())
    return form.filled(link=private_link(signed.id), reference=reference(signed.id))


@lru_cache(_KEPT)
def _form(template: str, _language: str, title: str, day: date | None = None) -> Mould:
    """A mail from us by name, or, where its subject says nothing, from nobody in particular; once a language."""
    press = _("Confirm my signature") if title else _("Confirm my email")
    form = mould(template, *_PLACES[template], title=title, day=day, button=press if template == "confirm" else "")
    return form if title else replace(form, draft=replace(form.draft, sender_name=_("Email confirmation")))


def _read(signatures: Sequence[UUID]) -> dict[UUID | None, _Signed]:
    """Those that are still there."""
    rows = session.execute(_THESE, {"rows": signatures}).all()
    of = {appeal: _speakable(appeal) for appeal in {row.appeal_id for row in rows}}
    return {row.id: _Signed(row.id, row.state, row.confirmed_at, row.language, of[row.appeal_id]) for row in rows}


def _speakable(appeal: UUID) -> Published | None:
    return None if session.get_one(Appeal, appeal).sensitive else queries.by_id(appeal)


def _link(endpoint: str, purpose: str, row: UUID) -> str:
    return link(endpoint, token=tokens.make(purpose, row))
