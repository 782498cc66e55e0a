"""Written again before it leaves: it keeps to itself when the kept bytes of a message may become others."""

from __future__ import annotations

from sqlalchemy import ColumnElement, exists, func, literal, update

from campaign.db import session
from campaign.mail.models import Message, MessageEvent
from campaign.mail.states import LETTERS, WAITING, State

_MAY_CHANGE = sorted(WAITING | {State.LEASED})


def write_anew(dedupe_key: str) -> bool:
    """Let a message say what is true when it leaves, if it has not left; part of the caller's transaction.

    False, and its bytes stay, when it is on its way or gone, or when nobody knows whether it arrived before: what
    may be the second copy must be the same. Who holds it now, perhaps rendered already, loses it (``epoch``).
    """
    return bool(_write_anew(Message.dedupe_key == dedupe_key))


def write_letters_anew(pause_key: str) -> int:
    """The same for all letters and digests with a key whose bytes are kept: those name the sender of their day."""
    its = literal(pause_key) == func.any(Message.pause_keys)
    return _write_anew(its, Message.lane == LETTERS, Message.content.is_not(None))


def _write_anew(*which: ColumnElement[bool]) -> int:
    doubtful = exists().where(MessageEvent.message_id == Message.id, MessageEvent.to_state == State.UNKNOWN)
    ours = update(Message).where(*which, Message.state.in_(_MAY_CHANGE), ~doubtful)
    anew = ours.values(content=None, epoch=Message.epoch + 1).returning(Message.id)
    return len(session.scalars(anew, execution_options={"synchronize_session": False}).all())
