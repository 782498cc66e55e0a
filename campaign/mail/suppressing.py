"""Who is not written to: an address is here by its keyed index only, with a reason and perhaps an end."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.dialects.postgresql import insert

from campaign.db import session
from campaign.mail.models import Suppression
from campaign.mail.moving import CLOCK


def suppress(address_index: bytes, reason: str, *, lasting: timedelta | None = None) -> None:
    """Write to this address no more (or not for ``lasting``), in the caller's transaction; the first reason stays."""
    until = None if lasting is None else CLOCK + lasting
    row = insert(Suppression).values(recipient_index=address_index, reason=reason, expires_at=until)
    session.execute(row.on_conflict_do_nothing())
