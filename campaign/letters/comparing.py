"""A letter beside the others of its office and appeal: it keeps to itself which those are, and what folds."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

from campaign.db import session
from campaign.letters import own_words, similarity
from campaign.letters.models import Letter

_NEWEST = 10_000  # others looked at: 40 ms; who copies, copies what goes round now


def scope(appeal: UUID, office: UUID) -> str:
    """Within what signatures can be compared."""
    return f"{appeal} {office}"


def likeness(signature: bytes, *, appeal: UUID, office: UUID, but: UUID | None = None) -> int:
    """How much of its own words a letter shares with the likest confirmed one (``but`` itself), in percent."""
    others = (
        select(Letter.signature)
        .where(Letter.appeal_id == appeal, Letter.office_id == office, Letter.state == "confirmed")
        .where(Letter.signature.is_not(None), Letter.id.is_distinct_from(but))
        .order_by(Letter.confirmed_at.desc())
        .limit(_NEWEST)
    )
    return round(100 * similarity.nearest(signature, (other or b"" for other in session.scalars(others))))


def is_alike(percent: int) -> bool:
    """Whether a letter shares so much with another that one of them is enough for the office."""
    return percent >= 100 * similarity.ALIKE


def folds(words: int, percent: int) -> bool:
    """Whether a letter goes together with others: it has fewer than 25 own words, or another is much like it.

    The first of several that are alike goes alone: when it was confirmed there was no other.
    """
    return words < own_words.ENOUGH or is_alike(percent)
