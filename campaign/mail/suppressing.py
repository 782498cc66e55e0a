"""Who is not written to: an address is here by its keyed index only, with a reason and perhaps an end.

Reasons are codes or plain words without personal data; the desk's list shows them and nobody's address.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, or_, select, tuple_
from sqlalchemy.dialects.postgresql import Insert, insert

from campaign.db import session
from campaign.mail.models import Suppression
from campaign.mail.moving import CLOCK

DEAD, FAILS, COMPLAINED = "no such address", "fails again and again", "complained"
DEAD_FOR = timedelta(days=30)  # an address that did not exist may be made anew

Place = tuple[datetime, bytes]  # where a page of the list ends


def suppress(
    address_index: bytes, reason: str, *, lasting: timedelta | None = None, updates_only: bool = False
) -> None:
    """Write to this address no more (or not for ``lasting``, or no news), in the caller's transaction.

    What holds already for longer and for more stays, with its reason.
    """
    until = None if lasting is None else CLOCK + lasting
    row = insert(Suppression).values(
        recipient_index=address_index, reason=reason, expires_at=until, updates_only=updates_only
    )
    new = {name: row.excluded[name] for name in ("reason", "expires_at", "updates_only")} | {"created_at": CLOCK}
    session.execute(row.on_conflict_do_update(constraint="pk_suppression", set_=new, where=_outdone_by(row)))


def lift(address_index: bytes) -> bool:
    """Write to this address again, in the caller's transaction; False when it was written to anyway."""
    gone = delete(Suppression).where(Suppression.recipient_index == address_index).returning(Suppression.reason)
    return session.scalar(gone) is not None


def listing(*, limit: int, before: Place | None = None) -> Sequence[Suppression]:
    """What holds now, newest first."""
    found = (
        select(Suppression)
        .where(_holds())
        .order_by(Suppression.created_at.desc(), Suppression.recipient_index.desc())
    )
    if before:
        found = found.where(tuple_(Suppression.created_at, Suppression.recipient_index) < before)
    return session.scalars(found.limit(limit)).all()


def tidy() -> int:
    """Drop what no longer holds, in the caller's transaction; how many there were."""
    return session.connection().execute(delete(Suppression).where(~_holds())).rowcount


def _holds() -> ColumnElement[bool]:
    return or_(Suppression.expires_at.is_(None), Suppression.expires_at > CLOCK)


def _outdone_by(row: Insert) -> ColumnElement[bool]:
    """Whether a new row reaches further than the one that stands: it has lapsed, is for news only, or ends sooner."""
    wider = Suppression.updates_only & ~row.excluded.updates_only
    longer = row.excluded.expires_at.is_(None) | (row.excluded.expires_at > Suppression.expires_at)
    as_wide = Suppression.updates_only == row.excluded.updates_only
    return ~_holds() | wider | (as_wide & Suppression.expires_at.is_not(None) & longer)
