"""What one answer means for other messages: it keeps to itself whom we leave in peace after it."""

from __future__ import annotations

from datetime import timedelta

import structlog

from campaign.db import session
from campaign.mail import pacing, pausing, suppressing
from campaign.mail.models import Message
from campaign.mail.replies import Outcome, Why

log = structlog.get_logger()
_SLOWED = timedelta(hours=1)


def draw(message: Message, result: Outcome) -> bool:
    """Slow an office, pause a domain or everything, or mark an address, as the answer calls for. Commits.

    True when it did, so that what was about to leave must ask again whether it may.
    """
    why = f"{result.why}: {result.code} {result.enhanced}".strip()
    if message.paced and (slowed := _slowed(message, result)):
        _slow(slowed, result)
    elif result.why in {Why.POLICY, Why.POLICY_REFUSED}:
        _pause(f"domain:{message.recipient_domain}", why)
    elif result.why is Why.OURSELVES:
        _pause(pausing.ALL, why)
    elif result.why is Why.NO_SUCH_ADDRESS:
        _mark(message, why)
    else:
        return False
    return True


def _pause(key: str, why: str) -> None:
    log.error("mail.paused", key=key.partition(":")[0], why=why)
    pausing.pause(key, why)


def _slowed(message: Message, result: Outcome) -> str | None:
    """The budget that a letter's receiver asked to spare: its domain's, or (5.2.121, "try again in") its own."""
    if result.why is Why.POLICY:
        return f"domain:{message.recipient_domain}"
    asked = result.why is Why.TOO_MUCH or (result.again_in and result.code < 500)
    return message.budget_key if asked else None


def _slow(key: str, result: Outcome) -> None:
    log.warning("mail.slowed", key=key.partition(":")[0], code=result.code, enhanced=result.enhanced)
    pacing.slow(key, result.again_in or _SLOWED)
    session.commit()


def _mark(message: Message, why: str) -> None:
    """A person's dead address is not written to; an office's waits, all its letters with it, for a correction."""
    if message.budget_key:
        _pause(message.budget_key, why)
        return
    suppressing.suppress(message.recipient_index, why, lasting=suppressing.DEAD_FOR)
    session.commit()
