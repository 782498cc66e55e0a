"""How an address fares, and whom we leave in peace for it: it keeps to itself how many failures are too many.

A report by mail can be written by whoever knows its token, that is, by the one it is about: it may harm its own
address. So one report never stops a large provider, where others live too, and an office, which all write to, is
spared or stopped only by what came back along the return path.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

import structlog
from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.dialects.postgresql import insert

from campaign.db import session
from campaign.mail import pacing, pausing, suppressing
from campaign.mail.incoming.judging import Sort
from campaign.mail.models import AddressReport, Message
from campaign.mail.moving import CLOCK
from campaign.mail.providers import LARGE
from campaign.mail.states import WAITING

log = structlog.get_logger()
TOO_MANY = 3  # messages that came back softly
WITHIN = timedelta(days=30)
_LATER = timedelta(hours=6)  # for a person's full mailbox
_SPARED = {Sort.DELAYED: timedelta(hours=4), Sort.SOFT: timedelta(hours=6), Sort.FULL: timedelta(hours=24)}
"""How long nothing goes to an office whose server had trouble: a secretariat clears a full mailbox in a working day,
and servers tell of a delay after four hours (RFC 5321 4.5.4.1)."""


def worsen(message: Message, sort: Sort, *, proven: bool) -> None:
    """Draw the consequence of one message that came back, in the caller's transaction."""
    _report(message, sort)
    if sort is Sort.HARD:
        _dead(message, proven=proven)
    elif sort is Sort.POLICY:
        _refused(message, proven=proven)
    elif message.budget_key:
        _spare(message, sort, proven=proven)
    else:
        _postpone(message, sort)


def delay(message: Message, *, proven: bool) -> None:
    """Spare an office whose server is still trying, once a letter, in the caller's transaction; a person waits."""
    if message.budget_key and not _is_known(message, Sort.DELAYED):
        _report(message, Sort.DELAYED)
        _spare(message, Sort.DELAYED, proven=proven)


def of_offices(keys: Collection[str]) -> dict[str, dict[str, int]]:
    """What went softly wrong with letters to each office of late: how many, by ``soft``, ``full`` and ``delayed``."""
    number = func.count(AddressReport.message_id.distinct())
    rows = session.execute(
        select(Message.budget_key, AddressReport.sort, number)
        .join(Message, Message.id == AddressReport.message_id)
        .where(Message.budget_key.in_(keys), AddressReport.sort.in_(_names(*_SPARED)), *_lately())
        .group_by(Message.budget_key, AddressReport.sort)
        .order_by(Message.budget_key, AddressReport.sort)
    )
    found: dict[str, dict[str, int]] = {}
    for key, sort, n in rows:
        found.setdefault(key or "", {})[sort] = n
    return found


def complain(message: Message, *, proven: bool) -> bool:
    """Send no more news to whoever complained; an office's letters wait for a person. False the second time."""
    if _is_known(message, Sort.COMPLAINT):
        return False
    _report(message, Sort.COMPLAINT)
    if not message.budget_key:
        suppressing.suppress(message.recipient_index, suppressing.COMPLAINED, updates_only=True)
    elif proven:
        _pause(message.budget_key, Sort.COMPLAINT)
    return True


def _is_known(message: Message, sort: Sort) -> bool:
    known = select(AddressReport.id).where(AddressReport.message_id == message.id)
    return session.scalar(known.where(AddressReport.sort == sort.name.lower()).limit(1)) is not None


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


def _spare(message: Message, sort: Sort, *, proven: bool) -> None:
    """An office in trouble is left in peace for hours; one that fails again and again waits for a person."""
    if not proven or not message.budget_key:
        return
    log.warning("mail.slowed", key="office", why=sort.value)
    pacing.slow(message.budget_key, _SPARED[sort])
    if sort is not Sort.DELAYED and _failures(message.recipient_index) >= TOO_MANY:
        _pause(message.budget_key, sort)


def _postpone(message: Message, sort: Sort) -> None:
    """What waits for a full mailbox waits longer; an address that fails again and again is given a rest."""
    if sort is Sort.FULL:
        same = Message.recipient_index == message.recipient_index, Message.state.in_(sorted(WAITING))
        later = update(Message).where(*same).values(not_before=func.greatest(Message.not_before, CLOCK + _LATER))
        session.execute(later, execution_options={"synchronize_session": False})
    if _failures(message.recipient_index) >= TOO_MANY:
        suppressing.suppress(message.recipient_index, suppressing.FAILS, lasting=suppressing.DEAD_FOR)


def _failures(address_index: bytes) -> int:
    """How many messages to an address came back softly of late."""
    soft = AddressReport.recipient_index == address_index, AddressReport.sort.in_(_names(Sort.SOFT, Sort.FULL))
    found = select(func.count(AddressReport.message_id.distinct())).where(*soft, *_lately())
    return session.scalar(found) or 0


def _names(*sorts: Sort) -> list[str]:
    return [sort.name.lower() for sort in sorts]


def _lately() -> tuple[ColumnElement[bool], ...]:
    return (AddressReport.at > CLOCK - WITHIN,)


def _pause(key: str, sort: Sort) -> None:
    log.error("mail.paused", key=key.partition(":")[0], why=sort.value)
    pausing.note(key, f"a message came back: {sort}" if sort is not Sort.COMPLAINT else f"a letter was {sort}")
