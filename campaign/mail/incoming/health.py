"""How an address fares, and whom we leave in peace for it: it keeps to itself how many failures are too many.

A report by mail can be written by whoever knows its token, that is, by the one it is about: it may harm its own
address. So one report never stops a large provider, where others live too, and an office, which all write to, is
stopped only by what came back along the return path.
"""

from __future__ import annotations

from datetime import timedelta

import structlog
from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from campaign.db import session
from campaign.mail import pausing, suppressing
from campaign.mail.incoming.judging import Sort
from campaign.mail.models import AddressReport, Message
from campaign.mail.moving import CLOCK
from campaign.mail.providers import LARGE
from campaign.mail.states import WAITING

log = structlog.get_logger()
TOO_MANY = 3  # messages that came back softly
WITHIN = timedelta(days=30)
_LATER = timedelta(hours=6)  # for a full mailbox


def worsen(message: Message, sort: Sort, *, proven: bool) -> None:
    """Draw the consequence of one message that came back, in the caller's transaction."""
    _report(message, sort)
    if sort is Sort.HARD:
        _dead(message, proven=proven)
    elif sort is Sort.POLICY:
        _refused(message, proven=proven)
    else:
        _postpone(message, sort)


def complain(message: Message, *, proven: bool) -> bool:
    """Send no more news to whoever complained; an office's letters wait for a person. False the second time."""
    known = select(AddressReport.id).where(AddressReport.message_id == message.id)
    if session.scalar(known.where(AddressReport.sort == Sort.COMPLAINT.name.lower())):
        return False
    _report(message, Sort.COMPLAINT)
    if not message.budget_key:
        suppressing.suppress(message.recipient_index, suppressing.COMPLAINED, updates_only=True)
    elif proven:
        _pause(message.budget_key, Sort.COMPLAINT)
    return True


def _report(message: Message, sort: Sort) -> None:
    row = {"recipient_index": message.recipient_index, "message_id": message.id, "sort": sort.name.lower()}
    session.execute(insert(AddressReport).values(row))


def _dead(message: Message, *, proven: bool) -> None:
    if not message.budget_key:
        suppressing.suppress(message.recipient_index, suppressing.DEAD, lasting=suppressing.DEAD_FOR)
    elif proven:
        _pause(message.budget_key, Sort.HARD)


def _refused(message: Message, *, proven: bool) -> None:
    if proven and message.recipient_domain not in LARGE:
        _pause(f"domain:{message.recipient_domain}", Sort.POLICY)
    else:
        log.error("mail.policy_bounced", message=str(message.id))


def _postpone(message: Message, sort: Sort) -> None:
    """What waits for a full mailbox waits longer; a person's address that fails again and again is given a rest."""
    if sort is Sort.FULL:
        same = Message.budget_key == message.budget_key if message.budget_key else _same_address(message)
        waiting = update(Message).where(same, Message.state.in_(sorted(WAITING)))
        later = waiting.values(not_before=func.greatest(Message.not_before, CLOCK + _LATER))
        session.execute(later, execution_options={"synchronize_session": False})
    if not message.budget_key and _failures(message.recipient_index) >= TOO_MANY:
        suppressing.suppress(message.recipient_index, suppressing.FAILS, lasting=suppressing.DEAD_FOR)


def _same_address(message: Message) -> ColumnElement[bool]:
    return Message.recipient_index == message.recipient_index


def _failures(address_index: bytes) -> int:
    """How many messages to an address came back softly of late."""
    soft = or_(*(AddressReport.sort == sort.name.lower() for sort in (Sort.SOFT, Sort.FULL)))
    lately = AddressReport.recipient_index == address_index, AddressReport.at > CLOCK - WITHIN
    return session.scalar(select(func.count(AddressReport.message_id.distinct())).where(soft, *lately)) or 0


def _pause(key: str, sort: Sort) -> None:
    log.error("mail.paused", key=key.partition(":")[0], why=sort.value)
    pausing.note(key, f"a message came back: {sort}" if sort is not Sort.COMPLAINT else f"a letter was {sort}")
