"""The outbox as organisers look through it: it keeps to itself how its messages are counted, filtered and paged."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, tuple_

from campaign.db import session
from campaign.mail.models import Message
from campaign.mail.outbox import status

A_PAGE = 50
Place = tuple[datetime, UUID]  # where a page of the list ends


def counts() -> dict[str, dict[str, int]]:
    """How many messages there are: by kind, then by state."""
    found: dict[str, dict[str, int]] = {}
    for row in status()["counts"]:
        by_state = found.setdefault(row["kind"], {})
        by_state[row["state"]] = by_state.get(row["state"], 0) + row["count"]
    return found


def total(counted: dict[str, dict[str, int]], *states: str) -> int:
    """How many messages of any kind are in one of ``states``."""
    return sum(n for by_state in counted.values() for state, n in by_state.items() if state in states)


def listing(
    *, state: str = "", kind: str = "", before: Place | None = None
) -> tuple[Sequence[Message], Place | None]:
    """A page of messages, newest first, and where the next page begins; None on the last one."""
    found = select(Message).order_by(Message.created_at.desc(), Message.id.desc()).limit(A_PAGE + 1)
    if state:
        found = found.where(Message.state == state)
    if kind:
        found = found.where(Message.kind == kind)
    if before:
        found = found.where(tuple_(Message.created_at, Message.id) < before)
    messages = session.scalars(found).all()
    last = messages[A_PAGE - 1] if len(messages) > A_PAGE else None
    return messages[:A_PAGE], (last.created_at, last.id) if last else None
