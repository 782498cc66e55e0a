"""Digests that were released and have not left: it keeps to itself when one is called back to its organiser.

An office's address may be retired, replaced or grow stale while a digest waits for its turn. A letter then waits for
the new address by itself; a digest waits for a named organiser, who released it to the address of that day.
"""

from __future__ import annotations

import structlog
from sqlalchemy import select, update

from campaign.db import session
from campaign.letters import gating, wishes
from campaign.letters.digests import KIND
from campaign.letters.models import Digest
from campaign.mail.addresses import Address
from campaign.mail.models import Message
from campaign.mail.moving import move
from campaign.mail.states import State
from campaign.mail.transports import LIVE
from campaign.offices import queries as offices
from campaign.offices.models import Office
from campaign.organisers import audit

log = structlog.get_logger()
_QUEUED = (Message.kind == KIND, Message.mode == LIVE, Message.state.in_([State.READY, State.DEFERRED]))


def recall() -> int:
    """Call back what is about to leave for an address that is not the checked one any more; how many digests."""
    queued = select(Digest, Office, Message).join(Message, Message.subject_id == Digest.id).join(
        Office, Office.id == Digest.office_id
    )  # fmt: skip
    found = session.execute(queued.where(*_QUEUED, Digest.state == "released")).all()
    gone_astray = [(digest, office, row) for digest, office, row in found if not _is_to_its_address(row, office)]
    return sum(_called_back(digest, office, row) for digest, office, row in gone_astray)


def _is_to_its_address(message: Message, office: Office) -> bool:
    address = gating.checked_address(office, offices.today())
    return address is not None and message.recipient_index == Address.parse(address).index()


def _called_back(digest: Digest, office: Office, message: Message) -> bool:
    wishes.alone_with(office.id)
    why = "its address is not the checked one any more"
    moved = move(Message.id == message.id, *_QUEUED, to=State.HELD, why=why)
    if moved:
        session.execute(update(Digest).where(Digest.id == digest.id).values(state="recalled"))
        audit.record("digest.recalled", f"office {office.slug}", actor="system")
        log.warning("digest.recalled", digest=str(digest.id))
    session.commit()
    return bool(moved)
