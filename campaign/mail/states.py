"""The states of a message: it keeps to itself which may follow which, who owns each, and how old it may grow.

A message is lost when a state has no owner, and sent twice when a state is left by the wrong door. So both
are tables here: ``MAY_COME_FROM`` is added to every change (``campaign.mail.moving``), and ``RULES`` is
what the sweeper goes by (``campaign.mail.sweeping``).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

PEOPLE, LETTERS, UPDATES = LANES = (0, 1, 2)
"""Lanes: people waiting at a screen, letters to offices, news. In this order, and never in each other's way."""

LEASE = timedelta(minutes=2)
ATTEMPT_LEASE = timedelta(minutes=12)  # outlives the 600 s of RFC 5321 4.5.3.2.6 for the reply to the dot
SETTLES_AFTER = timedelta(days=6)  # senders try for four to five days, RFC 5321 4.5.4.1
LATE_REPLY = timedelta(minutes=1)  # what an unknown waits for before it is sent again
SENT_AGAIN_AT_MOST = 2
EXPIRES_IN = {PEOPLE: timedelta(days=7), LETTERS: timedelta(days=60), UPDATES: timedelta(days=14)}


class State(StrEnum):
    """Where a message stands. What came after the final dot and before its reply is ``unknown``, and says so."""

    HELD = "held"
    FOLDED = "folded"
    READY = "ready"
    LEASED = "leased"
    ATTEMPTING = "attempting"
    DEFERRED = "deferred"
    UNKNOWN = "unknown"
    ACCEPTED = "accepted"
    SETTLED = "settled"
    FAILED = "failed"
    BOUNCED = "bounced"
    SUPPRESSED = "suppressed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


WAITING = frozenset({State.HELD, State.READY, State.DEFERRED})
NOT_DELIVERED = frozenset({State.FAILED, State.BOUNCED, State.SUPPRESSED})
_UNSENT = WAITING | {State.LEASED, State.FOLDED}
_IN_HAND = frozenset({State.LEASED, State.ATTEMPTING})
UNDECIDED = WAITING | _IN_HAND | {State.UNKNOWN}

MAY_COME_FROM: dict[State, frozenset[State]] = {
    State.HELD: frozenset({State.READY, State.DEFERRED, State.FOLDED}),
    State.FOLDED: WAITING | {State.BOUNCED},  # the last when what took it along came back
    State.READY: _UNSENT | {State.UNKNOWN, State.FAILED},  # the last two only by sending again
    State.LEASED: frozenset({State.READY, State.DEFERRED}),
    State.ATTEMPTING: frozenset({State.LEASED}),
    State.DEFERRED: _IN_HAND,
    State.UNKNOWN: frozenset({State.ATTEMPTING}),
    State.ACCEPTED: frozenset({State.ATTEMPTING, State.UNKNOWN}),
    State.SETTLED: frozenset({State.ACCEPTED, State.FOLDED}),  # the last when what took it along has arrived
    State.FAILED: _IN_HAND | {State.UNKNOWN},  # the last only by a person's word
    State.BOUNCED: frozenset({State.ACCEPTED, State.SETTLED}),
    State.SUPPRESSED: _UNSENT,
    State.EXPIRED: _UNSENT,
    State.CANCELLED: _UNSENT,
}


@dataclass(frozen=True)
class Rule:
    """What ends one state: ``owner`` acts first; once ``column`` is older than ``age``, it becomes ``then``."""

    state: State
    owner: str
    column: str
    age: timedelta
    then: State
    why: str


_NOW = timedelta(0)
RULES = (
    Rule(State.HELD, "the gate or a person", "expires_at", _NOW, State.EXPIRED, "held until it expired"),
    Rule(State.FOLDED, "its digest", "expires_at", _NOW, State.EXPIRED, "its digest never went"),
    Rule(State.READY, "the next claim", "expires_at", _NOW, State.EXPIRED, "waited until it expired"),
    Rule(State.DEFERRED, "the next claim", "expires_at", _NOW, State.EXPIRED, "tried until it expired"),
    Rule(State.LEASED, "a worker", "lease_until", _NOW, State.READY, "lease lapsed before anything was sent"),
    Rule(State.ATTEMPTING, "a worker", "lease_until", _NOW, State.UNKNOWN, "worker lost while sending"),
    Rule(State.ACCEPTED, "the recipient's bounce", "changed_at", SETTLES_AFTER, State.SETTLED, "no bounce in 6 days"),
    # A letter to an office is the exception: it stays, and a person decides (``sweeping.may_go_again``).
    Rule(State.UNKNOWN, "a late reply", "changed_at", LATE_REPLY, State.READY, "sent again: harmless for this kind"),
)
"""Every state that is not an end, each with its owner, its greatest age and what the sweeper makes of it."""

TERMINAL = frozenset(State) - {rule.state for rule in RULES}
