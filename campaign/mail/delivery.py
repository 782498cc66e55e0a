"""From a claim to its outcome: it keeps to itself the order of commits that neither loses nor doubles a message.

Claimed (committed) → rendered → ``attempting`` (committed just before DATA) → sent → its outcome (committed at
once). Killed at any line, a row is either untouched, ``leased`` (nothing left: taken up again) or
``attempting`` (it may have left: ``unknown``). No database connection is held while a server is waited for.
"""

from __future__ import annotations

import threading
import time

import structlog
from sqlalchemy.exc import OperationalError

from campaign.db import session
from campaign.errors import PermanentFailure, TemporaryFailure
from campaign.mail import claiming, consequences, pausing, rendering
from campaign.mail.backoff import delay
from campaign.mail.claiming import Claim
from campaign.mail.rendering import Letterbox
from campaign.mail.replies import STATE_AFTER, Outcome, Why
from campaign.mail.smtp import Locked
from campaign.mail.states import LETTERS, PEOPLE, UPDATES, State
from campaign.mail.transports import Door

log = structlog.get_logger()
A_CLAIM = {PEOPLE: 20, LETTERS: 10, UPDATES: 20}
"""Rows a claim, by lane: few enough to be sent within their lease, and that a stop or a new message waits little."""

_DATABASE_BACK = (0.1, 1, 3, 10, 30)  # seconds to wait for it, with an answer in hand


def deliver_batch(lane: int, door: Door, stopping: threading.Event) -> int:
    """Claim once and let each message out; gives how many were claimed (0: nothing due, or the door is shut)."""
    if not claiming.waiting(lane, door.mode) or not _opened(door):
        return 0
    claims = claiming.claim(lane, door.mode, A_CLAIM[lane])
    for done, claim in enumerate(claims):
        if stopping.is_set() or not _opened(door):
            claiming.release(*claims[done:], why="given back unsent")
            return done
        deliver(claim, door)
    return len(claims)


def deliver(claim: Claim, door: Door) -> None:
    """Let one claimed message out and record what became of it, or why it cannot be written."""
    try:
        box = rendering.prepare(claim.message, claim.at)
    except PermanentFailure as failure:
        _end(claim, State.FAILED, f"cannot be written: {failure}")
    except Exception as error:  # a fault in one kind's renderer must not stop the others
        _put_off(claim, type(error).__name__)
    else:
        session.rollback()  # what the renderer read needs no connection any more
        if box:
            _send(claim, box, door)
        else:
            _end(claim, State.CANCELLED, "nothing to send any more")


def _send(claim: Claim, box: Letterbox, door: Door) -> None:
    result = door.send(box, claim.id, lambda: claiming.begin(claim, **box.kept))
    if result.why is Why.NOT_OURS:
        claiming.release(claim, why="may not leave now")
    else:
        _record(claim, result, box)


def _opened(door: Door) -> bool:
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


def _end(claim: Claim, to: State, why: str) -> None:
    session.rollback()
    claiming.finish(claim, to, why)
    log.warning("mail.not_sent", message=str(claim.id), state=to.value)


def _put_off(claim: Claim, error: str) -> None:
    session.rollback()
    attempts = claim.message.attempts + 1
    wait = delay(Why.BUSY, attempts)
    claiming.finish(claim, State.DEFERRED, f"cannot be written now: {error}", attempts=attempts, wait=wait)
    log.error("mail.not_rendered", message=str(claim.id), kind=claim.message.kind, error=error)


def _record(claim: Claim, result: Outcome, box: Letterbox) -> None:
    """Write the outcome down, also when the database is away for a moment: the answer exists only here."""
    for wait in _DATABASE_BACK:
        try:
            _write(claim, result, box)
        except OperationalError:
            session.rollback()
            time.sleep(wait)
        else:
            return
    _write(claim, result, box)


def _write(claim: Claim, result: Outcome, box: Letterbox) -> None:
    to = STATE_AFTER[result.why]
    attempts = claim.message.attempts + 1
    values = {
        "attempts": attempts,
        "reply_code": result.code or None,
        "reply_enhanced": result.enhanced or None,
        "reply_text": result.text or None,
        "queue_id": result.queue_id or None,
        **(box.kept if to is not State.ACCEPTED else {}),  # refused before DATA, its bytes are not kept yet
    }
    wait = delay(result.why, attempts) if to is State.DEFERRED else None
    claiming.finish(claim, to, result.why.value, wait=wait, **values)
    log.info("mail.attempted", message=str(claim.id), state=to.value)
    consequences.draw(claim.message, result)
