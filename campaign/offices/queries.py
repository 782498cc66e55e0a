"""Finding offices by the slug that appeals and pages know them by."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from sqlalchemy import select

from campaign.db import clock, session
from campaign.offices.models import Office


def by_slug(slug: str) -> Office | None:
    """The office with this slug; None when the directory has none."""
    return session.scalars(select(Office).filter_by(slug=slug)).first()


def by_slugs(slugs: Iterable[str]) -> dict[str, Office]:
    """The offices with these slugs, by slug; those that the directory does not have are left out."""
    return {office.slug: office for office in session.scalars(select(Office).where(Office.slug.in_(set(slugs))))}


def every() -> list[Office]:
    """The whole directory, by title."""
    return list(session.scalars(select(Office).order_by(Office.title)))


def today() -> date:
    """The day by the database's clock (UTC): the one that dates a check."""
    now: datetime = session.scalars(select(clock())).one()
    return now.date()
