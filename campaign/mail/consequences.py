"""What one answer means for other messages: it keeps to itself whom we leave in peace after it."""

from __future__ import annotations

from datetime import timedelta

import structlog
from sqlalchemy import func, update

from campaign.db import session
from campaign.mail import pausing, suppressing
from campaign.mail.models import Message
from campaign.mail.moving import CLOCK
from campaign.mail.replies import Outcome, Why
from campaign.mail.states import WAITING

log = structlog.get_logger()
_SLOWED = timedelta(hours=1)


def draw(message: Message, result: Outcome) -> bool:
    """Slow an office, pause a domain or everything, or mark an address, as the answer calls for. Commits.

    True when it did, so that what was about to leave must ask again whether it may.
    """
    why = f"{result.why}: {result.code} {result.enhanced}".strip()
    if result.why in {Why.POLICY, Why.POLICY_REFUSED}:
        _pause(f"domain:{message.recipient_domain}", why)
    elif result.why is Why.OURSELVES:
        _pause(pausing.ALL, why)
    elif result.why is Why.TOO_MUCH and message.budget_key:
        _slow(message.budget_key)
    elif result.why is Why.NO_SUCH_ADDRESS:
        _mark(message, why)
    else:
        return False
    return True


def _pause(key: str, why: str) -> None:
    log.error("mail.paused", key=key.partition(":")[0], why=why)
    pausing.pause(key, why)


def _slow(budget_key: str) -> None:
    waiting = update(Message).where(Message.budget_key == budget_key, Message.state.in_(sorted(WAITING)))
    later = waiting.values(not_before=func.greatest(Message.not_before, CLOCK + _SLOWED))
    session.execute(later, execution_options={"synchronize_session": False})
    session.commit()


def _mark(message: Message, why: str) -> None:
    """A person's dead address is not written to; an office's waits, all its letters with it, for a correction."""
    if message.budget_key:
        _pause(message.budget_key, why)
        return
    suppressing.suppress(message.recipient_index, why, lasting=suppressing.DEAD_FOR)
    session.commit()
