"""The outbox as its callers know it: put a message in, ask about it, take it back.

A message exists exactly when its cause does: ``enqueue`` and ``cancel`` are part of the caller's transaction.
Nothing here sends.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import current_app
from sqlalchemy import ColumnElement, Text, delete, func, literal_column, select, update

from campaign.db import session
from campaign.errors import Refused
from campaign.i18n import gettext as _
from campaign.mail import captured, transports
from campaign.mail.enqueuing import addressed as addressed
from campaign.mail.enqueuing import caused as caused
from campaign.mail.enqueuing import columns as columns
from campaign.mail.enqueuing import enqueue as enqueue
from campaign.mail.models import AddressReport, Message, MessageEvent
from campaign.mail.moving import CLOCK, move
from campaign.mail.states import LETTERS as LETTERS
from campaign.mail.states import PEOPLE as PEOPLE
from campaign.mail.states import UPDATES as UPDATES
from campaign.mail.states import WAITING, State
from campaign.mail.tallying import tally, totals

A_DAY = 5
"""Mails for people to one mailbox within 24 hours, all kinds and appeals together, whoever asks."""

BELL = "mail.deliver"
"""The task to ring after a commit that enqueued something."""

_message = Message.__table__.c
_SECOND_CHANCE = timedelta(days=2)


def cancel(*dedupe_keys: str, why: str = "taken back") -> int:
    """Cancel what has not begun to leave, in the caller's transaction; gives how many were cancelled."""
    return len(move(_message.dedupe_key.in_(dedupe_keys), to=State.CANCELLED, why=why))


def retry(message_id: UUID) -> None:
    """A person's decision to send an unknown, failed or waiting message (again) now: same bytes, same Message-ID.

    Raises Refused when it is on its way, gone, or cancelled.
    """
    anew = move(
        _message.id == message_id,
        _message.state.in_([State.UNKNOWN, State.FAILED, State.DEFERRED]),
        to=State.READY,
        why="sent again by a person",
        epoch=_message.epoch + 1,
        not_before=CLOCK,
        expires_at=func.greatest(_message.expires_at, CLOCK + _SECOND_CHANCE),
    )
    if not anew:
        raise Refused(_("Only a message that failed, waits or is unknown can be sent again."))
    session.commit()


def state_of(dedupe_key: str) -> Message | None:
    """The message that a dedupe key names."""
    return session.scalar(select(Message).where(Message.dedupe_key == dedupe_key))


def history(message_id: UUID) -> Sequence[MessageEvent]:
    """Every change of a message, oldest first."""
    events = select(MessageEvent).where(MessageEvent.message_id == message_id).order_by(MessageEvent.id)
    return session.scalars(events).all()


def forget(address_index: bytes) -> int:
    """Erase what identifies an address in its messages, and cancel what waits; part of the caller's transaction."""
    emptied = _emptied(_message.recipient_index == address_index, why="the person's data were erased")
    session.execute(delete(AddressReport).where(AddressReport.recipient_index == address_index))
    return emptied


def forget_appeal(appeal_id: UUID) -> int:
    """The same for all messages of an appeal, known by their first key; part of the caller's transaction."""
    its = literal_column("message.pause_keys[1]", Text) == f"appeal:{appeal_id}"
    return _emptied(its & _message.recipient.is_not(None), why="the appeal forgets its people")


def forget_words(dedupe_key: str) -> None:
    """Erase the bytes of one message, whose state stays the truth; part of the caller's transaction."""
    known = update(Message).where(_message.dedupe_key == dedupe_key).returning(_message.id)
    emptied = known.values(content=None, reply_text=None)
    captured.discard(session.scalars(emptied, execution_options={"synchronize_session": False}))


def status() -> dict[str, Any]:
    """What stands in the outbox: ``counts`` (lane, kind, state, count, oldest), ``mode``, and who waits for another.

    ``waiting_for_mode`` counts rows made in rehearsal while mail goes out, or the reverse: they leave only by
    the mode that they were made in.
    """
    counted, running = tally(), transports.mode(current_app)
    stranded = [one for one in counted if one.state in WAITING and one.mode != running and not one.capture_only]
    return {
        "mode": running,
        "counts": [asdict(total) for total in totals(counted)],
        "waiting_for_mode": sum(one.count for one in stranded),
    }


def _emptied(about: ColumnElement[bool], *, why: str) -> int:
    move(about, to=State.CANCELLED, why=why)
    known = update(Message).where(about, _message.recipient.is_not(None))
    emptied = known.values(recipient=None, content=None, reply_text=None).returning(_message.id)
    rows = session.scalars(emptied, execution_options={"synchronize_session": False}).all()
    captured.discard(rows)
    return len(rows)
