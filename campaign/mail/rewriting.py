"""Written again before it leaves: it keeps to itself when the kept bytes of a message may become others."""

from __future__ import annotations

from sqlalchemy import exists, update

from campaign.db import session
from campaign.mail.models import Message, MessageEvent
from campaign.mail.states import WAITING, State

_MAY_CHANGE = sorted(WAITING | {State.LEASED})


def write_anew(dedupe_key: str) -> bool:
    """Let a message say what is true when it leaves, if it has not left; part of the caller's transaction.

    False, and its bytes stay, when it is on its way or gone, or when nobody knows whether it arrived before: what
    may be the second copy must be the same. Who holds it now, perhaps rendered already, loses it (``epoch``).
    """
    doubtful = exists().where(MessageEvent.message_id == Message.id, MessageEvent.to_state == State.UNKNOWN)
    ours = update(Message).where(Message.dedupe_key == dedupe_key, Message.state.in_(_MAY_CHANGE), ~doubtful)
    anew = ours.values(content=None, epoch=Message.epoch + 1).returning(Message.id)
    return session.scalar(anew, execution_options={"synchronize_session": False}) is not None
