"""Browsers that are signed in: it keeps to itself how long a session lives and how it ends.

A session is a row, so it can be ended from anywhere; the cookie holds only its secret, the row its SHA-256.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from sqlalchemy import ColumnElement, func, select, update

from campaign.db import session
from campaign.organisers import audit
from campaign.organisers.models import DeskSession, Organiser

IDLE = timedelta(minutes=30)
LONGEST = timedelta(hours=12)
_NOTED = timedelta(minutes=1)  # how exactly the last request is remembered; spares a write on most pages


def begin(organiser: Organiser) -> str:
    """The secret of a new session, in the current transaction."""
    secret = secrets.token_urlsafe(32)
    session.add(DeskSession(organiser_id=organiser.id, token_hash=_hash(secret)))
    return secret


def current(secret: str) -> Organiser | None:
    """Whose living session this is; notes that it was used. None when it ended, idled out or grew too old."""
    found = session.execute(
        select(DeskSession, Organiser, (DeskSession.seen_at < func.clock() - _NOTED).label("stale"))
        .join(Organiser, Organiser.id == DeskSession.organiser_id)
        .where(DeskSession.token_hash == _hash(secret), DeskSession.ended_at.is_(None))
        .where(DeskSession.seen_at > func.clock() - IDLE, DeskSession.created_at > func.clock() - LONGEST)
        .where(Organiser.disabled_at.is_(None))
    ).one_or_none()
    if found is None:
        return None
    if found.stale:
        _note(found.DeskSession)
    organiser: Organiser = found.Organiser
    return organiser


def end(secret: str) -> None:
    """End one session."""
    _end(DeskSession.token_hash == _hash(secret))


def end_all(organiser: Organiser) -> None:
    """End every session of an organiser, in whatever browser."""
    audit.record("organiser.signed_out_everywhere", f"organiser {organiser.id}", organiser=organiser)
    _end(DeskSession.organiser_id == organiser.id)


def end_others(secret: str) -> None:
    """End the session of every browser but the one that carries ``secret``, in the current transaction."""
    others = update(DeskSession).where(DeskSession.token_hash != _hash(secret), DeskSession.ended_at.is_(None))
    session.execute(others.values(ended_at=func.clock()))


def _end(which: ColumnElement[bool]) -> None:
    session.execute(update(DeskSession).where(which, DeskSession.ended_at.is_(None)).values(ended_at=func.clock()))
    session.commit()


def _note(seen: DeskSession) -> None:
    session.execute(update(DeskSession).where(DeskSession.id == seen.id).values(seen_at=func.clock()))
    session.commit()


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
