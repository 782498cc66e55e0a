"""From a claim to its outcome: it keeps to itself the order of commits that neither loses nor doubles a message.

Claimed (committed) → rendered → ``attempting`` (committed just before DATA) → sent → its outcome (committed).
Killed at any line, a row is either untouched, ``leased`` (nothing left: taken up again) or ``attempting`` (it may
have left: ``unknown``). No database connection is held while a server is waited for.

A letter to an office begins alone, and its answer is written at the latest when the next of its link begins: a kill
leaves at most one a link for a person to judge, so with the links of ``draining`` at most eight a worker, and one
while few wait. What may be sent again by policy begins together, as many as leave in half a second: a kill leaves
those, and they go again under the same Message-ID.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence

import structlog

from campaign.db import session
from campaign.errors import PermanentFailure
from campaign.mail import claiming, holding, rendering
from campaign.mail.backoff import delay
from campaign.mail.claiming import Claim
from campaign.mail.handing import hand_over, hand_over_singly, opened
from campaign.mail.rendering import Letterbox
from campaign.mail.replies import Why
from campaign.mail.states import LETTERS, PEOPLE, UPDATES, State
from campaign.mail.transports import CAPTURE, Door

log = structlog.get_logger()
A_CLAIM = {PEOPLE: 20, LETTERS: 10, UPDATES: 20}
"""Rows a claim, by lane: few enough to be sent within their lease, and that a stop or a new message waits little."""

_MOST = 100  # rows a claim, where half a second sends as many
_TOGETHER = 0.5  # seconds


class Way:
    """One lane through one door, for one thread; it learns how many messages leave there in half a second."""

    def __init__(self, lane: int, door: Door) -> None:
        self.door = door
        self._lane = lane
        self._alone = lane == LETTERS and door.mode != CAPTURE
        self._together = 1
        self._more = False  # what is behind a claim that was full need not be asked for

    def deliver_batch(self, stopping: threading.Event) -> int:
        """Claim once and let each message out; gives how many came of it (0: nothing due, or the door is shut)."""
        if not (self._more or claiming.waiting(self._lane, self.door.mode)) or not opened(self.door):
            return 0
        most = max(A_CLAIM[self._lane], self._together)
        claims = claiming.claim(self._lane, self.door.mode, most)
        self._more = len(claims) == most
        done = 0
        while done < len(claims):
            if stopping.is_set() or not opened(self.door):
                holding.release(*claims[done:], why="given back unsent")
                break
            done += self._deliver(self._in_hand(claims[done:]), stopping)
        return done

    def _in_hand(self, claims: Sequence[Claim]) -> Sequence[Claim]:
        """Those that begin together. What was unknown once begins alone, or a second kill would cost it a try."""
        some = claims[: self._together]
        tried = next((n for n, claim in enumerate(some) if claim.message.sent_again), len(some))
        return some[: tried or 1]

    def _deliver(self, claims: Sequence[Claim], stopping: threading.Event) -> int:
        began = time.monotonic()
        if self._alone:
            hand_over_singly(_written(claims, stopping), self.door, stopping)
        else:
            hand_over(_written(claims, stopping), self.door)
        in_time = int(_TOGETHER * len(claims) / (time.monotonic() - began))
        self._together = max(1, min(in_time, _MOST))
        return len(claims)


def _written(claims: Sequence[Claim], stopping: threading.Event) -> list[tuple[Claim, Letterbox]]:
    """The messages as they leave; told to stop meanwhile, it gives back what is not written yet."""
    written, writing = [], rendering.Writing([claim.message for claim in claims])
    for n, claim in enumerate(claims):
        if n and stopping.is_set():
            holding.release(*claims[n:], why="given back unsent")
            break
        if box := _write(claim, writing):
            written.append((claim, box))
    session.rollback()  # what the renderers read needs no connection any more
    return written


def _write(claim: Claim, writing: rendering.Writing) -> Letterbox | None:
    """One message as it leaves; None, and that recorded, when it cannot be written or need not be."""
    try:
        box = writing.prepare(claim.message, claim.at)
    except PermanentFailure as failure:
        _end(claim, State.FAILED, f"cannot be written: {failure}")
    except Exception as error:  # a fault in one kind's renderer must not stop the others
        _put_off(claim, type(error).__name__)
    else:
        if box is None:
            _end(claim, State.CANCELLED, "nothing to send any more")
        return box
    return None


def _end(claim: Claim, to: State, why: str) -> None:
    session.rollback()
    holding.finish([(claim, {})], to, why)
    log.warning("mail.not_sent", message=str(claim.id), state=to.value)


def _put_off(claim: Claim, error: str) -> None:
    session.rollback()
    attempts = claim.message.attempts + 1
    wait = delay(Why.BUSY, attempts)
    tried = [(claim, {"attempts": attempts})]
    holding.finish(tried, State.DEFERRED, f"cannot be written now: {error}", wait=wait)
    log.error("mail.not_rendered", message=str(claim.id), kind=claim.message.kind, error=error)
