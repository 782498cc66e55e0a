"""When a message that could not leave is tried again: by why, doubling, with jitter so that no two keep step."""

from __future__ import annotations

import random
from datetime import timedelta

from campaign.mail.replies import Why

_DICE = random.SystemRandom()
_FIRST = {
    Why.GREYLISTED: timedelta(minutes=5),  # RFC 6647 advises senders to expect minutes
    Why.MAILBOX_FULL: timedelta(hours=2),
    Why.TOO_MUCH: timedelta(hours=1),
    Why.POLICY: timedelta(hours=1),
    Why.OURSELVES: timedelta(minutes=1),  # everything is paused until a person acts
    Why.LINK_LOST: timedelta(seconds=30),
    Why.BUSY: timedelta(minutes=5),
}
_LONGEST = timedelta(hours=4)


def delay(why: Why, attempts: int, asked: timedelta | None = None) -> timedelta:
    """How long to wait after attempt number ``attempts`` (from 1): doubled each time, at most 4 hours, ±20 %.

    Never less than the receiver ``asked`` for.
    """
    doubled: timedelta = _FIRST[why] * 2 ** min(attempts - 1, 12)
    return max(min(doubled, _LONGEST) * _DICE.uniform(0.8, 1.2), asked or timedelta(0))
