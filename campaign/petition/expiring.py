"""What time does to signatures: it keeps to itself how long a submission waits and how long its traces stay."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import cast, delete, func, update
from sqlalchemy.dialects.postgresql import JSONB

from campaign.db import EXACT, clock, session
from campaign.petition.models import Decision, Signature

WAITS = timedelta(hours=72)  # for its confirmation
TRACE = timedelta(days=7)  # a submission that came to nothing
REGRET = timedelta(days=30)  # name and address of a signature taken off the count, should it have been a mistake

ENDED = ("lapsed", "expired", "erased")
_OF_THE_PERSON = ("sealed", "email_index", "person_index", "public_name", "domain", "network")
FORGOTTEN: dict[str, None] = dict.fromkeys(_OF_THE_PERSON)

_NO_NETWORK = "forgotten"


def expire() -> int:
    """End what waited too long and forget who it was; the number of signatures that expired."""
    waited = func.lower(Signature.state) == "pending", Signature.created_at <= clock() - WAITS
    expired = session.connection().execute(
        update(Signature).where(*waited).values(state="expired", ended_at=clock(), **FORGOTTEN)
    )
    session.execute(delete(Signature).where(Signature.state.in_(ENDED), Signature.ended_at <= clock() - TRACE))
    taken_off = Signature.state.in_(("withdrawn", "invalidated")), Signature.ended_at <= clock() - REGRET
    session.execute(update(Signature).where(*taken_off, Signature.sealed.is_not(None)).values(**FORGOTTEN))
    session.commit()
    return expired.rowcount


def forget_networks() -> int:
    """Forget from which network signatures came, whose key is gone for days; how many there were.

    Also where an organiser asked for one; what is left of the question finds nothing instead of everything.
    """
    old = Signature.network.is_not(None), Signature.created_at <= clock() - EXACT
    forgotten = session.connection().execute(update(Signature).where(*old).values(network=None)).rowcount
    asked = Decision.asked["network"].astext
    old_questions = update(Decision).where(asked.not_in(("", _NO_NETWORK)), Decision.at <= clock() - EXACT)
    session.execute(old_questions.values(asked=Decision.asked.op("||")(cast({"network": _NO_NETWORK}, JSONB))))
    session.commit()
    return forgotten
