"""The ledger's side of letting out: it keeps to itself that no answer goes unwritten, and what links write together.

What was accepted and what begins next are written in one commit, which links that write at the same moment share.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

import structlog
from sqlalchemy.exc import OperationalError

from campaign import together
from campaign.db import session
from campaign.mail import holding
from campaign.mail.backoff import delay
from campaign.mail.claiming import Claim
from campaign.mail.rendering import Letterbox
from campaign.mail.replies import STATE_AFTER, Outcome
from campaign.mail.states import State

log = structlog.get_logger()
T = TypeVar("T")
_DATABASE_BACK = (0.1, 1, 3, 10, 30)  # seconds to wait for it, with an answer in hand
Row = tuple[Claim, dict[str, Any]]
"""One of ours, with the columns to set."""


@dataclass(frozen=True)
class Entry:
    """What one link has to write: letters that were accepted, and those that begin next; either may be none."""

    accepted: Sequence[Row] = ()
    beginning: Sequence[Row] = ()


def write(entry: Entry) -> set[UUID]:
    """Write for one link, together with others; on disk when it returns. Of what begins, what may say DATA."""
    begun: set[UUID] = together.done(_write_entries, entry)
    return begun


def write_refusal(claim: Claim, result: Outcome, box: Letterbox) -> None:
    """Record an answer that is not acceptance."""
    _insist(partial(_write_refusal, claim, result, box))


def said(claim: Claim, result: Outcome) -> dict[str, Any]:
    """The columns of an answer, ``holding.ANSWER``."""
    return {
        "attempts": claim.message.attempts + 1,
        "reply_code": result.code or None,
        "reply_enhanced": result.enhanced or None,
        "reply_text": result.text or None,
        "queue_id": result.queue_id or None,
    }


def _write_entries(entries: Sequence[Entry]) -> list[set[UUID]]:
    """Write for several links in one commit; to each, what of its own may say DATA.

    Tried again after a failure, nothing counts as begun that perhaps was already: it is given back. Of two links that
    both hold a row, one past its lease, only the later claim can have begun it.
    """
    accepted = [one for entry in entries for one in entry.accepted]
    beginning = [one for entry in entries for one in entry.beginning]
    begun = _insist(partial(_go_on, accepted, beginning))
    epochs = {claim.id: claim.epoch for claim, _ in sorted(beginning, key=lambda one: one[0].epoch)}
    ours = [{claim.id for claim, _ in entry.beginning if claim.epoch == epochs[claim.id]} for entry in entries]
    return [begun & mine for mine in ours]


def _go_on(accepted: Sequence[Row], beginning: Sequence[Row]) -> set[UUID]:
    begun = holding.go_on(accepted, beginning)
    if accepted:
        log.info("mail.accepted", messages=len(accepted))  # which ones, the ledger says
    return begun


def _insist(write: Callable[[], T]) -> T:
    """Write answers down, also when the database is away for a moment: they exist only here."""
    for wait in _DATABASE_BACK:
        try:
            return write()
        except OperationalError:
            session.rollback()
            time.sleep(wait)
    return write()


def _write_refusal(claim: Claim, result: Outcome, box: Letterbox) -> None:
    to = STATE_AFTER[result.why]
    wait = delay(result.why, claim.message.attempts + 1, result.again_in) if to is State.DEFERRED else None
    values = said(claim, result) | box.kept  # refused before DATA, its bytes are not kept yet
    holding.finish([(claim, values)], to, result.why, wait=wait)
    log.info("mail.attempted", message=str(claim.id), state=to.value)
