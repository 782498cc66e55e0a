"""Who gets news now, and why others do not: it keeps to itself what "at most once a month" means.

One condition, asked when organisers look, when they release and once more, row by row, when a mail is made. It goes
by the database's clock and by the signature's own row, so that no two workers can both find somebody's turn.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, exists, func, or_, select
from sqlalchemy.orm import aliased

from campaign.db import clock, session
from campaign.mail.models import Suppression
from campaign.petition.models import Signature

MONTH = timedelta(days=31)  # of a moment that may be known by its day only: so at least thirty days


@dataclass(frozen=True, slots=True)
class Audience:
    """How many would get news now, and why the other confirmed signers would not; each is counted once."""

    gets: int
    did_not_ask: int  # or asked for no more, which is the same row
    held: int
    not_written_to: int  # bounced, complained, or on the list by hand
    had_some: int  # less than a month ago
    next_at: datetime | None  # when the first of those last has a turn again


def audience(appeal_id: UUID) -> Audience:
    """The confirmed signers of an appeal, sorted by whether news goes to them now."""
    held, asked = Signature.held_at.is_not(None), Signature.updates
    silent, early = not_written_to(), ~has_a_turn()
    reasons = (~asked, asked & held, asked & ~held & silent, asked & ~held & ~silent & early)
    numbers: list[ColumnElement[int]] = [func.count().filter(reason) for reason in reasons]
    first = func.min(Signature.news_at).filter(reasons[-1]) + MONTH
    gets = func.count().filter(wanted())
    known = Signature.appeal_id == appeal_id, Signature.state == "confirmed"
    columns: list[Any] = [gets, *numbers, first]
    return Audience(*session.execute(select(*columns).where(*known)).one())


def wanted() -> ColumnElement[bool]:
    """Whether news may go to a signature now."""
    asked = (Signature.state == "confirmed") & Signature.updates & Signature.held_at.is_(None)
    return asked & Signature.sealed.is_not(None) & ~not_written_to() & has_a_turn()


def has_a_turn() -> ColumnElement[bool]:
    """Whether this person had no news of this appeal for a month, under this signature or one taken back."""
    before = aliased(Signature)
    same = before.person_index == Signature.person_index, before.appeal_id == Signature.appeal_id
    taken_back = exists().where(*same, before.id != Signature.id, before.news_at > clock() - MONTH)
    return or_(Signature.news_at.is_(None), Signature.news_at <= clock() - MONTH) & ~taken_back


def not_written_to() -> ColumnElement[bool]:
    """Whether the address is one that no news goes to, for whatever reason."""
    holds = or_(Suppression.expires_at.is_(None), Suppression.expires_at > clock())
    return exists().where(Suppression.recipient_index == Signature.person_index, holds)
