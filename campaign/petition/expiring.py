"""What time does to signatures: it keeps to itself how long a submission waits and how long its traces stay."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, func, text, update
from sqlalchemy import DateTime as Moment

from campaign.db import session
from campaign.petition.models import Signature

WAITS = timedelta(hours=72)  # for its confirmation
EXACT = timedelta(days=6)  # then times become days; blurred some times a day, none is exact for seven
TRACE = timedelta(days=7)  # a submission that came to nothing
WITHDRAWN = timedelta(days=30)  # name and address of a withdrawn signature, should it have been a mistake

ENDED = ("lapsed", "expired", "erased")
FORGOTTEN = {"sealed": None, "email_index": None, "person_index": None, "public_name": None}


def clock() -> ColumnElement[datetime]:
    """The database's clock, the only one that orders events."""
    return func.clock(type_=Moment(timezone=True))


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


def blur() -> None:
    """Keep of every older time its day only: the hour of a signature must not help to find a signer."""
    for column in (Signature.created_at, Signature.confirmed_at, Signature.ended_at):
        day = func.date_trunc(text("'day'"), column)
        session.execute(update(Signature).where(column <= clock() - EXACT, column != day).values({column: day}))
    session.commit()
