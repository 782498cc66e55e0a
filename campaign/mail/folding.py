"""Messages that do not leave alone: it keeps to itself how one waits for another that carries it, and follows it.

A folded message is one that something else takes along (a digest): it never leaves itself, so nothing claims it.
Every change is part of the caller's transaction.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import func

from campaign.mail.models import Message
from campaign.mail.moving import CLOCK, move
from campaign.mail.states import EXPIRES_IN, LETTERS, WAITING, State
from campaign.mail.transports import LIVE

_message = Message.__table__.c


def fold(keys: Collection[str], *, why: str) -> int:
    """Let messages that wait or came back, by dedupe key, wait for another that takes them along; how many do now."""
    lasting = func.greatest(_message.expires_at, CLOCK + EXPIRES_IN[LETTERS])  # one that came back may be old
    return len(move(_message.dedupe_key.in_(keys), to=State.FOLDED, why=why, expires_at=lasting))


def unfold(keys: Collection[str], *, why: str) -> int:
    """Let folded messages go alone after all; how many do. What may leave this machine waits at its gate first."""
    folded = _message.dedupe_key.in_(keys), _message.state == State.FOLDED
    held = move(*folded, _message.mode == LIVE, to=State.HELD, why=why)
    return len(held) + len(move(*folded, to=State.READY, why=why, not_before=CLOCK))


def follow(keys: Collection[str], *, why: str) -> int:
    """End folded messages because what took them along has arrived; how many ended."""
    folded = _message.dedupe_key.in_(keys), _message.state == State.FOLDED
    return len(move(*folded, to=State.SETTLED, why=why))


def come_back(keys: Collection[str], *, why: str) -> int:
    """Take back that messages have arrived, because what took them along came back after all; how many."""
    return len(move(_message.dedupe_key.in_(keys), to=State.BOUNCED, why=why))


def decline(budget_key: str, *, why: str) -> int:
    """End whatever waits for a receiver who wants none of it, what follows a digest too; how many ended."""
    wanted = _message.state.in_(sorted(WAITING | {State.FOLDED}))
    return len(move(_message.budget_key == budget_key, wanted, to=State.SUPPRESSED, why=why))
