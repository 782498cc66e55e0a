"""How an organisation's sign-on ends, and who is then forgotten: it keeps to itself how long each trace stays."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import ColumnElement, case, delete, update

from campaign.appeals.models import OrganisationSignOn
from campaign.db import clock, session

log = structlog.get_logger()
WAITS = timedelta(hours=72)  # for the button
TRACE = timedelta(days=7)  # of a sign-on that came to nothing
REMEMBERED = timedelta(days=30)  # the person behind one that was refused or withdrawn, should it be a mistake
FORGOTTEN: dict[str, Any] = {"sealed": None, "person_index": None}


def withdraw(organisation_id: UUID) -> bool:
    """Take a name back that waits or is shown. False when it did neither."""
    allowed = OrganisationSignOn.state.in_(["confirmed", "checked"])
    return _end(organisation_id, allowed, "withdrawn")


def erase(organisation_id: UUID) -> bool:
    """Forget who answered for it and show its name no more, whatever its state. False when it was done before."""
    return _end(organisation_id, OrganisationSignOn.state != "erased", "erased", **FORGOTTEN)


def disown(organisation_id: UUID) -> bool:
    """Forget, at the word of whoever has the mailbox, what somebody else typed. False when it no longer waits."""
    return _end(organisation_id, OrganisationSignOn.state == "pending", "erased", **FORGOTTEN)


def forget_everyone(appeal_id: UUID, *, unlist: bool) -> int:
    """Forget everybody who answers for an organisation of an appeal, in the caller's transaction; how many.

    What was checked stays listed, unless ``unlist``; what still waited for its button has expired.
    """
    named = OrganisationSignOn.appeal_id == appeal_id, OrganisationSignOn.sealed.is_not(None)
    waited = OrganisationSignOn.state == "pending"
    ended: dict[str, Any] = {
        "state": case((waited, "expired"), else_=OrganisationSignOn.state),
        "ended_at": case((waited, clock()), else_=OrganisationSignOn.ended_at),
    }
    if unlist:
        ended = {"state": "erased", "ended_at": clock()}
    forgotten = update(OrganisationSignOn).where(*named).values(**ended, **FORGOTTEN)
    return session.connection().execute(forgotten).rowcount


def expire() -> int:
    """End what waited too long for its button, and forget people; the number of sign-ons that expired."""
    waited = OrganisationSignOn.state == "pending", OrganisationSignOn.created_at <= clock() - WAITS
    ended = update(OrganisationSignOn).where(*waited).values(state="expired", ended_at=clock(), **FORGOTTEN)
    expired = session.connection().execute(ended)
    nothing_came = OrganisationSignOn.state.in_(["expired", "erased"]), OrganisationSignOn.ended_at <= clock() - TRACE
    session.execute(delete(OrganisationSignOn).where(*nothing_came))
    ended_for_good = OrganisationSignOn.state.in_(["refused", "withdrawn"])
    long_ago = OrganisationSignOn.ended_at <= clock() - REMEMBERED, OrganisationSignOn.sealed.is_not(None)
    session.execute(update(OrganisationSignOn).where(ended_for_good, *long_ago).values(**FORGOTTEN))
    session.commit()
    return expired.rowcount


def _end(organisation_id: UUID, allowed: ColumnElement[bool], state: str, **more: Any) -> bool:
    moved = session.scalar(
        update(OrganisationSignOn)
        .where(OrganisationSignOn.id == organisation_id, allowed)
        .values(state=state, ended_at=clock(), **more)
        .returning(OrganisationSignOn.id)
    )
    session.commit()
    log.info("organisation.ended", organisation=str(organisation_id), state=state, moved=moved is not None)
    return moved is not None
