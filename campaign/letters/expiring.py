"""What time does to letters: it keeps to itself how long one waits for its writer and how long its traces stay."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, func, update

from campaign.db import clock, session
from campaign.letters import digest_replying, replying
from campaign.letters.models import Letter
from campaign.letters.records import FORGOTTEN, WAITS

TRACE = timedelta(days=30)  # of a letter that was never confirmed: its writer's page says what became of it


def expire() -> int:
    """End what waited too long and forget who wrote it; the number of letters that expired."""
    waited = func.lower(Letter.state) == "pending", Letter.created_at <= clock() - WAITS
    ended = update(Letter).where(*waited).values(state="expired", ended_at=clock(), **FORGOTTEN)
    expired = session.connection().execute(ended)
    never_sent = Letter.confirmed_at.is_(None), Letter.ended_at <= clock() - TRACE
    session.execute(delete(Letter).where(*never_sent))
    replying.forget_old()
    digest_replying.forget_old()
    session.commit()
    return expired.rowcount
