"""Forgetting what has left: it keeps to itself how long bytes, addresses and words stay, and what outlives them.

Of a message in a last state, thirty days after it came there, stay its events, times, Message-ID, the relay's name
for it and the digest of its bytes: enough to prove what was sent, to whoever still has it.
"""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import bindparam, delete, or_, select, update
from sqlalchemy.sql.dml import Update

from campaign import vault
from campaign.db import session
from campaign.mail import captured, suppressing
from campaign.mail.models import AddressReport, IncomingMail, Message
from campaign.mail.moving import CLOCK
from campaign.mail.states import TERMINAL

log = structlog.get_logger()
KEPT = timedelta(days=30)
_REPORTS_KEPT = timedelta(days=90)
_A_BATCH = 500


def scrub() -> int:
    """Empty what is old enough; how many messages were emptied. Commits by the batch."""
    total, found = 0, _A_BATCH
    while found == _A_BATCH:
        found = _some()
        total += found
    _forget_what_came_in()
    session.commit()
    if total:
        log.info("mail.scrubbed", messages=total)
    return total


def _some() -> int:
    filled = or_(Message.recipient.is_not(None), Message.content.is_not(None), Message.reply_text.is_not(None))
    old = Message.state.in_(sorted(TERMINAL)), Message.changed_at <= CLOCK - KEPT
    rows = session.execute(
        select(Message.id, Message.content).where(filled, *old).limit(_A_BATCH).with_for_update(skip_locked=True)
    ).all()
    if rows:
        session.connection().execute(
            _emptying(), [{"row": row, "digest": _digest(row, bytes_)} for row, bytes_ in rows]
        )
    captured.discard(
        row for row, _bytes in rows
    )  # before the commit: killed between the two, the next run comes again
    session.commit()
    return len(rows)


def _emptying() -> Update:
    message = Message.__table__
    emptied: dict[str, Any] = dict.fromkeys(("recipient", "content", "reply_text"))
    emptied["content_digest"] = bindparam("digest")
    return update(message).where(message.c.id == bindparam("row")).values(**emptied)  # type: ignore[arg-type] # a declarative table is a Table


def _digest(row: UUID, sealed: bytes | None) -> bytes | None:
    if sealed is None:
        return None
    return hashlib.sha256(vault.current().open_bytes(sealed, table="message", row=row)).digest()


def _forget_what_came_in() -> None:
    session.execute(delete(IncomingMail).where(IncomingMail.at <= CLOCK - KEPT))
    session.execute(delete(AddressReport).where(AddressReport.at <= CLOCK - _REPORTS_KEPT))
    suppressing.tidy()
