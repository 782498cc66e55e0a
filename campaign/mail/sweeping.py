"""What time alone decides: it keeps to itself that no message stays in a state for ever.

Runs each minute and when a worker starts. ``attempting`` past its lease becomes ``unknown``, never ``ready``:
it may have left. An unknown message to a person is sent again, at most twice, the same bytes under the same
Message-ID; an unknown letter waits for a person, who sees the evidence.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import structlog
from sqlalchemy import ColumnElement, or_

from campaign.db import session
from campaign.mail.claiming import suppressed
from campaign.mail.models import Message
from campaign.mail.moving import CLOCK, move
from campaign.mail.states import LETTERS, RULES, SENT_AGAIN_AT_MOST, WAITING, Rule, State
from campaign.mail.transports import CAPTURE

log = structlog.get_logger()
_message = Message.__table__.c
_A_SWEEP = 1000


def sweep() -> Counter[str]:
    """Apply every rule until nothing is past its age; gives how many messages came to each state."""
    done: Counter[str] = Counter()
    for rule in RULES:
        done[rule.then] += _all(rule)
    done[State.SUPPRESSED] += _suppress()
    if done.total():
        log.info("mail.swept", **{state: count for state, count in done.items() if count})
    return done


def may_go_again() -> tuple[ColumnElement[bool], ...]:
    """Whether an unknown message may be sent again by policy: a repeat of it must be harmless, and not too late.

    It is for people and their updates, and for what is captured, since a file overwrites itself.
    """
    harmless = or_(_message.lane != LETTERS, _message.mode == CAPTURE)
    return (harmless, _message.sent_again < SENT_AGAIN_AT_MOST, _message.expires_at > CLOCK)


def _all(rule: Rule) -> int:
    total, found = 0, _A_SWEEP
    while found == _A_SWEEP:
        found = _some(rule)
        total += found
    return total


def _some(rule: Rule) -> int:
    where = [_message.state == rule.state, _message[rule.column] <= CLOCK - rule.age]
    values: dict[str, Any] = {"lease_until": None}
    if rule.state is State.UNKNOWN:
        where += may_go_again()
        values |= {"epoch": _message.epoch + 1, "sent_again": _message.sent_again + 1, "not_before": CLOCK}
    moved = move(*where, to=rule.then, why=rule.why, limit=_A_SWEEP, only_free=True, **values)
    session.commit()
    return len(moved)


def _suppress() -> int:
    free = _message.state.in_(sorted(WAITING))
    moved = move(free, suppressed(), to=State.SUPPRESSED, why="address is not written to", only_free=True)
    session.commit()
    return len(moved)
