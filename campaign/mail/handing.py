"""Messages in hand: it keeps to itself when their ``attempting`` is written, and that no answer goes unwritten.

One hand begins all it holds together. The other begins a letter when the one before is answered, and writes that
answer and this beginning in one commit, which links that write at the same moment share.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from threading import Event
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy.exc import OperationalError

from campaign import together
from campaign.db import session
from campaign.errors import TemporaryFailure
from campaign.mail import consequences, holding, pausing
from campaign.mail.backoff import delay
from campaign.mail.claiming import Claim
from campaign.mail.rendering import Letterbox
from campaign.mail.replies import STATE_AFTER, Outcome, Why
from campaign.mail.smtp import Locked
from campaign.mail.states import State
from campaign.mail.transports import Door

log = structlog.get_logger()
_STALE = 2.0  # seconds after which what began and was not sent is given back, so that a pause holds
_DATABASE_BACK = (0.1, 1, 3, 10, 30)  # seconds to wait for it, with an answer in hand
Written = Sequence[tuple[Claim, Letterbox]]
Answered = tuple[Claim, dict[str, Any]]  # with the columns to set


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
        self._accepted: list[Answered] = []
        self._staying: list[Claim] = []

    def begin(self, claim: Claim) -> bool:
        """Whether DATA may be said for this one."""
        if not self._stale:
            self._begun = holding.begin([(each, box.kept) for each, box in self._waiting.items()])
            self._stale = time.monotonic() + _STALE
        return claim.id in self._begun and time.monotonic() < self._stale

    def take_answer(self, claim: Claim, box: Letterbox, result: Outcome) -> bool:
        """Keep or record one answer; whether it is a reason to send no other before asking anew."""
        del self._waiting[claim]
        if result.why is Why.NOT_OURS:
            self._staying.append(claim)
        elif result.why is Why.ACCEPTED:
            self._accepted.append((claim, _said(claim, result)))
        else:
            self.write_down()
            _record(partial(_write_refusal, claim, result, box))
            return consequences.draw(claim.message, result)
        return False

    def stays(self, *written: tuple[Claim, Letterbox]) -> None:
        """These do not leave now."""
        self._staying += [claim for claim, _ in written]

    def write_down(self) -> None:
        """Record what was accepted, and give back what stays."""
        if self._accepted:
            self._write_accepted()
            self._accepted = []
        if self._staying:
            holding.release(*self._staying, why="may not leave now")
            self._staying = []

    def _write_accepted(self) -> None:
        _record(partial(_write_accepted, self._accepted))


class _OneByOne(_Hand):
    """What begins alone: of its link, one at most is in doubt."""

    def begin(self, claim: Claim) -> bool:
        """Whether DATA may be said for this one; what was accepted before it is written down by then."""
        begun: bool = together.done(_write_entries, _Entry(self._accepted, [(claim, self._waiting[claim].kept)]))
        self._accepted = []
        return begun

    def _write_accepted(self) -> None:
        together.done(_write_entries, _Entry(self._accepted))


@dataclass(frozen=True)
class _Entry:
    """What one link has to write: its letter that was accepted, and the next, which begins; either may be none."""

    accepted: list[Answered]
    beginning: list[Answered] = field(default_factory=list)


def _write_entries(entries: Sequence[_Entry]) -> list[bool]:
    """Write for several links in one commit; for each, whether what it begins may say DATA.

    Tried again after a failure, nothing counts as begun that perhaps was already: it is given back.
    """
    accepted = [one for entry in entries for one in entry.accepted]
    beginning = [one for entry in entries for one in entry.beginning]
    begun: set[UUID] = set()

    def write() -> None:
        if accepted:
            _write_accepted(accepted, commit=not beginning)
        if beginning:
            begun.update(holding.begin(beginning))

    _record(write)
    return [any(claim.id in begun for claim, _ in entry.beginning) for entry in entries]


def _record(write: Callable[[], None]) -> None:
    """Write answers down, also when the database is away for a moment: they exist only here."""
    for wait in _DATABASE_BACK:
        try:
            write()
        except OperationalError:
            session.rollback()
            time.sleep(wait)
        else:
            return
    write()


def _write_accepted(accepted: list[Answered], *, commit: bool = True) -> None:
    holding.finish(accepted, State.ACCEPTED, Why.ACCEPTED, commit=commit)
    log.info("mail.accepted", messages=len(accepted))  # which ones, the ledger says


def _write_refusal(claim: Claim, result: Outcome, box: Letterbox) -> None:
    to = STATE_AFTER[result.why]
    wait = delay(result.why, claim.message.attempts + 1, result.again_in) if to is State.DEFERRED else None
    values = _said(claim, result) | box.kept  # refused before DATA, its bytes are not kept yet
    holding.finish([(claim, values)], to, result.why, wait=wait)
    log.info("mail.attempted", message=str(claim.id), state=to.value)


def _said(claim: Claim, result: Outcome) -> dict[str, Any]:
    return {
        "attempts": claim.message.attempts + 1,
        "reply_code": result.code or None,
        "reply_enhanced": result.enhanced or None,
        "reply_text": result.text or None,
        "queue_id": result.queue_id or None,
    }
