"""Handing a confirmed letter to the outbox, and letting go what was held: one message a letter, under one budget."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import structlog
from sqlalchemy import exists, literal, select, true

from campaign.appeals.models import Appeal
from campaign.appeals.states import letters_key
from campaign.db import session
from campaign.letters import gating
from campaign.letters.models import Letter
from campaign.mail import outbox, pacing, releasing
from campaign.mail.addresses import Address
from campaign.mail.models import Message
from campaign.mail.moving import move
from campaign.mail.states import State
from campaign.mail.transports import LIVE
from campaign.offices import queries as offices
from campaign.offices.models import Office

log = structlog.get_logger()
WAITS_AT_MOST = timedelta(days=365)  # for the gate or its turn; from its first turn on, as any letter
_AT_ONCE = 500
_message = Message.__table__.c
_QUEUED = (
    _message.kind == "letter",
    _message.mode == LIVE,
    _message.state.in_([State.READY, State.DEFERRED]),
)
_HELD = (Message.state == State.HELD, Message.kind == "letter", Message.origin == "real")


def message_key(letter: UUID) -> str:
    """The dedupe key of a letter's one message."""
    return f"letter:{letter}"


def hand_over(letter_id: UUID) -> None:
    """Put the message of a letter that was just confirmed into the outbox, without committing.

    Where it may not leave (``gating``) it is captured or held, and an office whose address nobody has checked is
    addressed by its stand-in.
    """
    letter, appeal, office = session.execute(
        select(Letter, Appeal, Office)
        .join(Appeal, Appeal.id == Letter.appeal_id)
        .join(Office, Office.id == Letter.office_id)
        .where(Letter.id == letter_id)
    ).one()
    way = gating.passage(appeal, office, offices.today(), origin=letter.origin)
    outbox.enqueue(
        kind="letter",
        subject_id=letter.id,
        address=way.address,
        language=letter.language,
        dedupe_key=message_key(letter.id),
        lane=outbox.LETTERS,
        budget_key=pacing.office_key(office.slug),
        pause_keys=[f"appeal:{appeal.id}", letters_key(appeal.id)],
        origin=letter.origin,
        capture_only=not way.live,
        held=way.held,
        expires_in=WAITS_AT_MOST,
    )


def release() -> int:
    """Let go what was held and may leave by now, after holding what waits for an address of old; how many letters."""
    called_back = sum(_call_back(office) for office in _written_to())
    if called_back:
        log.info("letters.called_back", letters=called_back)
    released = sum(_release_to(*pair) for pair in _held_back())
    if released:
        log.info("letters.released", letters=released)
    return released


def _written_to() -> Sequence[Office]:
    """The offices to which a letter is about to leave."""
    key = literal(pacing.office_key("")) + Office.slug
    return session.scalars(select(Office).where(exists().where(_message.budget_key == key, *_QUEUED))).all()


def _call_back(office: Office) -> int:
    """Hold the queued letters whose address is not the checked one any more; how many."""
    address = gating.checked_address(office, offices.today())
    theirs = _message.budget_key == pacing.office_key(office.slug)
    elsewhere = _message.recipient_index != Address.parse(address).index() if address else true()
    moved = move(*_QUEUED, theirs, elsewhere, to=State.HELD, why="its address is not the checked one any more")
    session.commit()
    return len(moved)


def _held_back() -> list[tuple[Appeal, Office]]:
    held = (
        select(Letter.appeal_id, Letter.office_id)
        .join(Message, Message.subject_id == Letter.id)
        .where(*_HELD)
        .distinct()
        .subquery()
    )
    pairs = select(Appeal, Office).select_from(held)
    rows = session.execute(
        pairs.join(Appeal, Appeal.id == held.c.appeal_id).join(Office, Office.id == held.c.office_id)
    )
    return [(appeal, office) for appeal, office in rows]


def _release_to(appeal: Appeal, office: Office) -> int:
    """In portions, each its own transaction and read anew: the gate may close meanwhile."""
    total, found = 0, _AT_ONCE
    its = (Letter.appeal_id == appeal.id, Letter.office_id == office.id)
    oldest = select(Message).join(Letter, Message.subject_id == Letter.id).where(*_HELD, *its)
    while found == _AT_ONCE and (way := gating.passage(appeal, office, offices.today())).live:
        address = Address.parse(way.address)
        held = session.scalars(oldest.order_by(Message.not_before).limit(_AT_ONCE)).all()
        found = sum(releasing.release(message, address) for message in held)
        session.commit()
        total += found
    return total
