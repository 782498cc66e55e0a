"""Messages in hand: it keeps to itself which of them begin together, when, and what is given back.

One hand begins all it holds together. The other begins a letter when the one before is answered, and writes that
answer and this beginning together.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial
from threading import Event
from uuid import UUID

import structlog

from campaign.db import session
from campaign.errors import TemporaryFailure
from campaign.mail import consequences, holding, pausing, recording
from campaign.mail.claiming import Claim
from campaign.mail.recording import Entry
from campaign.mail.rendering import Letterbox
from campaign.mail.replies import Outcome, Why
from campaign.mail.smtp import Locked
from campaign.mail.transports import Door

log = structlog.get_logger()
_STALE = 2.0  # seconds after which what began and was not sent is given back, so that a pause holds
Written = Sequence[tuple[Claim, Letterbox]]


def opened(door: Door) -> bool:
    """Whether the door is ready for a message; a relay that refuses our credentials pauses everything."""
    session.rollback()  # a server may take its time to answer; the pool need not wait for it
    try:
        door.open()
    except Locked as refusal:
        log.error("mail.locked_out", reply=str(refusal))
        pausing.pause(pausing.ALL, f"{Why.OURSELVES}: {refusal}")
        return False
    except TemporaryFailure as failure:
        log.warning("mail.no_relay", reason=str(failure))
        return False
    return True


def hand_over(written: Written, door: Door) -> None:
    """Let messages out one after the other, which begin together when the first is about to say DATA.

    What became of each is recorded; what no longer may leave is given back.
    """
    _let_out(written, door, _Hand(written), Event())


def hand_over_singly(written: Written, door: Door, stopping: Event) -> None:
    """The same, each beginning alone when it is about to say DATA; told to stop, it gives back what did not begin."""
    _let_out(written, door, _OneByOne(written), stopping)


def _let_out(written: Written, door: Door, hand: _Hand, stopping: Event) -> None:
    try:
        for done, (claim, box) in enumerate(written):
            if done and (stopping.is_set() or not opened(door)):
                hand.stays(*written[done:])
                break
            result = door.send(box, claim.id, partial(hand.begin, claim))
            if hand.take_answer(claim, box, result):
                hand.stays(*written[done + 1 :])
                break
    finally:
        hand.write_down()


class _Hand:
    """What began together, what was accepted of it and not yet written down, and what stays."""

    def __init__(self, written: Written) -> None:
        self._waiting = dict(written)
        self._begun: set[UUID] = set()
        self._stale = 0.0
        self._accepted: list[recording.Row] = []
        self._staying: list[Claim] = []

    def begin(self, claim: Claim) -> bool:
        """Whether DATA may be said for this one."""
        if not self._stale:
            self._begun = self._write(*self._waiting)
            self._stale = time.monotonic() + _STALE
        return claim.id in self._begun and time.monotonic() < self._stale

    def take_answer(self, claim: Claim, box: Letterbox, result: Outcome) -> bool:
        """Keep or record one answer; whether it is a reason to send no other before asking anew."""
        del self._waiting[claim]
        if result.why is Why.NOT_OURS:
            self._staying.append(claim)
        elif result.why is Why.ACCEPTED:
            self._accepted.append((claim, recording.said(claim, result)))
        else:
            self.write_down()
            recording.write_refusal(claim, result, box)
            return consequences.draw(claim.message, result)
        return False

    def stays(self, *written: tuple[Claim, Letterbox]) -> None:
        """These do not leave now."""
        self._staying += [claim for claim, _ in written]

    def write_down(self) -> None:
        """Record what was accepted, and give back what stays."""
        if self._accepted:
            self._write()
        if self._staying:
            holding.release(*self._staying, why="may not leave now")
            self._staying = []

    def _write(self, *beginning: Claim) -> set[UUID]:
        """Record what was accepted and, with it, that these begin; which of them may."""
        begun = recording.write(Entry(self._accepted, [(claim, self._waiting[claim].kept) for claim in beginning]))
        self._accepted = []
        return begun


class _OneByOne(_Hand):
    """What begins alone: of its link, one at most is in doubt."""

    def begin(self, claim: Claim) -> bool:
        """Whether DATA may be said for this one; what was accepted before it is written down by then."""
        return claim.id in self._write(claim)
