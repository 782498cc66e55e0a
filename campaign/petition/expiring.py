"""What time does to signatures: it keeps to itself how long a submission waits and how long its traces stay."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, update

from campaign.db import clock, session
from campaign.petition.models import Signature

WAITS = timedelta(hours=72)  # for its confirmation
TRACE = timedelta(days=7)  # a submission that came to nothing
WITHDRAWN = timedelta(days=30)  # name and address of a withdrawn signature, should it have been a mistake

ENDED = ("lapsed", "expired", "erased")
FORGOTTEN = {"sealed": None, "email_index": None, "person_index": None, "public_name": None}


def expire() -> int:
    """End what waited too long and forget who it was; the number of signatures that expired."""
    waited = Signature.state == "pending", Signature.created_at <= clock() - WAITS
    expired = session.connection().execute(
        update(Signature).where(*waited).values(state="expired", ended_at=clock(), **FORGOTTEN)
    )
    session.execute(delete(Signature).where(Signature.state.in_(ENDED), Signature.ended_at <= clock() - TRACE))
    withdrawn = Signature.state == "withdrawn", Signature.ended_at <= clock() - WITHDRAWN
    session.execute(update(Signature).where(*withdrawn, Signature.sealed.is_not(None)).values(**FORGOTTEN))
    session.commit()
    return expired.rowcount
