"""What waits on purpose: it keeps to itself the keys that every claim asks about, so that a pause holds at once.

A pause is a row, so it survives restarts. Keys: ``all``, ``appeal:<id>``, ``office:<slug>``, ``domain:<domain>``.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from campaign.db import session
from campaign.mail.addresses import recorded_domain
from campaign.mail.models import Pause

ALL = "all"


def pause(key: str, why: str = "paused by a person") -> None:
    """Let no message with this key begin to leave, from the next claim on; pausing twice keeps the first reason."""
    note(key, why)
    session.commit()


def note(key: str, why: str) -> None:
    """The same as part of the caller's transaction."""
    session.execute(insert(Pause).values(key=recorded(key), why=why).on_conflict_do_nothing())


def resume(key: str) -> None:
    """Let messages with this key leave again; unknown keys are fine."""
    session.execute(delete(Pause).where(Pause.key == recorded(key)))
    session.commit()


def paused() -> Sequence[Pause]:
    """What is paused now, each with since when and why, longest first."""
    return session.scalars(select(Pause).order_by(Pause.created_at)).all()


def recorded(key: str) -> str:
    """The key as it stands: small domains do as a keyed hash in the outbox, so that is what a pause of one names."""
    kind, _, domain = key.partition(":")
    already = len(domain) == 16 and "." not in domain
    return f"domain:{recorded_domain(domain.lower())}" if kind == "domain" and not already else key
