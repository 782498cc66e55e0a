"""The audit trail: who did what to what, only ever added, and without supporters' personal data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from campaign.db import session
from campaign.organisers.models import AuditEvent, Organiser


def record(
    action: str, subject: str, *, organiser: Organiser | None = None, actor: str = "organiser", **details: Any
) -> AuditEvent:
    """Note a deed in the current transaction; the use case that did it commits both.

    ``action`` is a verb in the past ("signatures.exported"), ``subject`` what it was done to ("appeal x"),
    ``actor`` is "organiser", "command line" or "system"; ``details`` are plain values fit for JSON.
    """
    event = AuditEvent(
        organiser_id=organiser.id if organiser else None, actor=actor, action=action, subject=subject, details=details
    )
    session.add(event)
    return event


def listing(
    *, before: int | None = None, action: str = "", subject: str = "", limit: int = 50
) -> Sequence[AuditEvent]:
    """Deeds, newest first, older than the event with id ``before``; of one action and subject when given."""
    found = select(AuditEvent).order_by(AuditEvent.id.desc()).limit(limit)
    if before is not None:
        found = found.where(AuditEvent.id < before)
    if action:
        found = found.where(AuditEvent.action == action)
    if subject:
        found = found.where(AuditEvent.subject == subject)
    return session.scalars(found).all()
