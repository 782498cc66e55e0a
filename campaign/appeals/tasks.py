"""When sign-ons of organisations expire; what that does is theirs."""

from __future__ import annotations

from campaign import db
from campaign.appeals import leaving
from campaign.appeals.models import OrganisationSignOn
from campaign.background import task


@task("appeals.expire", every=3600)
def expire() -> None:
    """End what waited too long, and keep of older times only the day."""
    leaving.expire()
    db.blur(OrganisationSignOn, "created_at", "confirmed_at", "ended_at")
