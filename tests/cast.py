"""The stage of signing: an appeal as rows, and signatures in any state, for tests of what happens to them."""

from __future__ import annotations

import hashlib
import re
from typing import Any
from uuid import UUID, uuid4

from flask.testing import FlaskClient
from sqlalchemy import select, text
from werkzeug.test import TestResponse

from campaign.appeals.models import Appeal, ConsentWording
from campaign.db import session
from campaign.mail.addresses import Address
from campaign.petition.models import Signature
from campaign.petition.signer import Signer
from tests import bundled
from tests.bundled import SLUG

PAGE = f"/en/{SLUG}"
ALICE = {
    "name": "Alice Moreau",
    "email": "alice@example.org",
    "country": "FR",
    "visibility": "counted",
    "consent": "y",
}


def the_appeal(**changes: Any) -> Appeal:
    """The bundled appeal with its offices, committed."""
    bundled.appeal()
    appeal = session.scalars(select(Appeal).filter_by(slug=SLUG)).one()
    for name, value in changes.items():
        setattr(appeal, name, value)
    session.commit()
    return appeal


def typed(client: FlaskClient, page: str = PAGE, **changes: str) -> dict[str, str]:
    """Alice's form with the page's stamp in it; an empty value is a field that the browser does not send."""
    stamp = re.search(r'name="stamp" value="([^"]+)"', client.get(page).text)
    assert stamp
    return {name: value for name, value in {**ALICE, "stamp": stamp[1], **changes}.items() if value}


def sign(client: FlaskClient, page: str = PAGE, **changes: str) -> TestResponse:
    """Fill in the form as Alice, unless told otherwise, and press the button."""
    return client.post(f"{page}/sign", data=typed(client, page, **changes))


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
