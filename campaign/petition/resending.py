"""Sending a confirmation mail again: it keeps to itself how soon and how often, counted in the mails themselves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import Text, literal_column, select

from campaign.db import clock, session
from campaign.mail import awaiting, outbox
from campaign.mail.models import Message
from campaign.mail.states import NOT_DELIVERED, UNDECIDED
from campaign.petition.ending import opened
from campaign.petition.expiring import WAITS
from campaign.petition.models import Signature
from campaign.petition.signing import EVER, confirmation_key

GAP = timedelta(seconds=60)
MOST = 3  # times again
# A constant in the SQL: as a parameter it would hide the partial index from a plan that is made for any values.
_PENDING = Signature.state == literal_column("'pending'", Text)


@dataclass(frozen=True, slots=True)
class Waiting:
    """What the page after signing may say, whoever looks: nothing here differs for who had signed before."""

    failed: bool  # the newest mail of which we know more could not be delivered
    hint: str  # "gmail.com" for gamil.com, else empty
    outlook: awaiting.Outlook  # by when it will have left


def waiting(signature: Signature) -> Waiting:
    """How a submission's mail fares."""
    said = opened(signature)
    sent = (
        _reminders(signature, said["to"]) if "to" in said else _mails(signature.id) or _of_the_first_press(signature)
    )
    known = next((mail.state for mail in sent if mail.state not in UNDECIDED), "")
    domain = sent[0].recipient_domain if sent else signature.domain
    outlook = awaiting.outlook(
        since=signature.created_at, domain=domain, pause_keys=(f"appeal:{signature.appeal_id}",)
    )
    return Waiting(known in NOT_DELIVERED, said.get("hint", ""), outlook)


def resend(signature_id: UUID) -> bool:
    """Put one more confirmation mail into the outbox if it waits still, the last is a minute old, and it is not the
    fifth. The database lets one of two presses at the same moment through. False when nothing was added."""
    signature = session.get(Signature, signature_id)
    sent = _mails(signature_id)
    if signature is None or signature.state != "pending" or len(sent) > MOST:
        return False
    last = sent[0].created_at if sent else signature.created_at  # of a second press there is none yet
    if not session.scalar(select(clock() >= last + GAP)):
        return False
    added = outbox.enqueue(
        kind="confirm",
        subject_id=signature_id,
        address=opened(signature)["email"],
        language=signature.language,
        dedupe_key=confirmation_key(signature_id, len(sent) + 1),
        expires_in=WAITS,
        pause_keys=(f"appeal:{signature.appeal_id}",),
        origin=signature.origin,
        cap=outbox.A_DAY,
        ever=EVER,
    )
    session.commit()
    return added is not None


def _mails(signature_id: UUID) -> list[Message]:
    """The confirmation mails of a submission, newest first."""
    mine = Message.subject_id == signature_id, Message.kind == "confirm"
    return list(session.scalars(select(Message).where(*mine).order_by(Message.created_at.desc())))


def _of_the_first_press(signature: Signature) -> list[Message]:
    """The confirmation mails of the person's other submissions that wait: a second press has no mail of its own."""
    if signature.email_index is None:  # it was forgotten
        return []
    same = Signature.appeal_id == signature.appeal_id, Signature.email_index == signature.email_index
    sent = select(Message).join(Signature, Signature.id == Message.subject_id).where(*same)
    waiting = sent.where(_PENDING, Message.kind == "confirm")
    return list(session.scalars(waiting.order_by(Message.created_at.desc())))


def _reminders(signature: Signature, person: str) -> list[Message]:
    """What went instead to whoever had signed this appeal before, newest first."""
    same = Signature.appeal_id == signature.appeal_id, Message.recipient_index == bytes.fromhex(person)
    sent = select(Message).join(Signature, Signature.id == Message.subject_id).where(*same)
    reminders = sent.where(Message.kind == "already_signed").order_by(Message.created_at.desc())
    return list(session.scalars(reminders))
