"""The stage of signing: an appeal as rows, and signatures in any state, for tests of what happens to them."""

from __future__ import annotations

import hashlib
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import text

from campaign.appeals.models import Appeal, ConsentWording
from campaign.db import session
from campaign.mail.addresses import Address
from campaign.petition.models import Signature
from campaign.petition.signing import Signer


def an_appeal(slug: str = "test-appeal", **changes: Any) -> tuple[Appeal, UUID]:
    """A committed appeal without content, and the wording that its signers agree to."""
    appeal = Appeal(slug=slug, **{"state": "demonstration", "sensitive": True, "version": 1, **changes})
    session.add(appeal)
    session.flush()
    words = "I agree."
    wording = ConsentWording(
        appeal_id=appeal.id,
        purpose="sign",
        language="en",
        version=1,
        text=words,
        digest=hashlib.sha256(words.encode()).digest(),
    )
    session.add(wording)
    session.commit()
    return appeal, wording.id


def a_signer(name: str = "Alice Moreau", email: str = "alice@example.org", **changes: Any) -> Signer:
    """Alice, unless told otherwise."""
    return Signer(name, Address.parse(email), **{"country": "FR", "visibility": "counted", **changes})


def a_signature(appeal: Appeal, wording: UUID, **changes: Any) -> Signature:
    """A committed signature of somebody new, confirmed unless told otherwise."""
    index = uuid4().bytes * 2
    values = {"state": "confirmed", "country": "DE", "visibility": "counted", "language": "en"}
    indexes = {"email_index": index, "person_index": index}
    signature = Signature(appeal_id=appeal.id, wording_id=wording, **{**values, **indexes, **changes})
    session.add(signature)
    session.commit()
    return signature


def state(signature_id: UUID) -> str:
    """The state in the database at this moment."""
    session.rollback()
    query = text("SELECT state FROM signature WHERE id = :id")
    return str(session.scalar(query, {"id": signature_id}))


def mails_of(kind: str) -> int:
    """How many messages of a kind stand in the outbox."""
    session.rollback()
    return int(session.scalar(text("SELECT count(*) FROM message WHERE kind = :kind"), {"kind": kind}) or 0)
