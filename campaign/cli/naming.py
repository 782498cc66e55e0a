"""How the command line names things: an appeal or an office by its slug."""

from __future__ import annotations

from sqlalchemy import select

from campaign.appeals.models import Appeal
from campaign.db import session
from campaign.errors import Refused
from campaign.offices import queries as offices
from campaign.offices.models import Office


def appeal_named(slug: str) -> Appeal:
    """The appeal with this slug. Raises Refused in one line."""
    found = session.scalar(select(Appeal).where(Appeal.slug == slug))
    if found is None:
        known = ", ".join(session.scalars(select(Appeal.slug).order_by(Appeal.slug))) or "none is loaded"
        raise Refused(f"There is no appeal {slug} (there is: {known})")
    return found


def office_named(slug: str) -> Office:
    """The office with this slug. Raises Refused in one line."""
    found = offices.by_slug(slug)
    if found is None:
        raise Refused(f"There is no office {slug} in the directory")
    return found
