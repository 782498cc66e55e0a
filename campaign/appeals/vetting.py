"""An organiser decides about an organisation: it keeps to itself that one decision moves it once and is noted."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import ColumnElement, update
from sqlalchemy.exc import IntegrityError

from campaign import db
from campaign.appeals.models import OrganisationSignOn
from campaign.db import clock, session
from campaign.errors import Refused
from campaign.i18n import gettext as _
from campaign.organisers import audit
from campaign.organisers.models import Organiser

log = structlog.get_logger()
_REMEMBERED = OrganisationSignOn.sealed.is_not(None)  # nobody answers for one whose person is forgotten
_WAITS = (OrganisationSignOn.state == "confirmed") & _REMEMBERED


def check(organisation_id: UUID, *, by: Organiser) -> None:
    """Show it from now on. Raises Refused unless it waits to be checked."""
    values = {"state": "checked", "checked_at": clock(), "checked_by": by.id}
    _decide(organisation_id, "organisation.checked", by, _WAITS, values)


def refuse(organisation_id: UUID, *, note: str, by: Organiser) -> None:
    """Show it nowhere, and keep why, which the person may read. Raises Refused unless it waits to be checked."""
    values = {
        "state": "refused",
        "checked_at": clock(),
        "checked_by": by.id,
        "refusal_note": note or None,
        "ended_at": clock(),
    }
    _decide(organisation_id, "organisation.refused", by, _WAITS, values)


def undo(organisation_id: UUID, *, by: Organiser) -> None:
    """Let a decision be made anew. Raises Refused when there is none to undo, or its name is taken meanwhile."""
    values = {"state": "confirmed", "checked_at": None, "checked_by": None, "refusal_note": None, "ended_at": None}
    decided = OrganisationSignOn.state.in_(["checked", "refused"]) & _REMEMBERED
    try:
        _decide(organisation_id, "organisation.undone", by, decided, values)
    except IntegrityError as error:
        session.rollback()
        if db.violated(error) != "uq_organisation_signon_name":
            raise
        raise Refused(_("Another sign-on under this name waits or is shown. Refuse that one first.")) from None


def _decide(
    organisation_id: UUID, action: str, by: Organiser, allowed: ColumnElement[bool], values: dict[str, Any]
) -> None:
    moved = session.scalar(
        update(OrganisationSignOn)
        .where(OrganisationSignOn.id == organisation_id, allowed)
        .values(values)
        .returning(OrganisationSignOn.id)
    )
    if moved is None:
        session.rollback()
        raise Refused(_("Somebody decided about this organisation before, or it was taken back."))
    audit.record(action, f"organisation {organisation_id}", organiser=by)
    session.commit()
    log.info(action, organisation=str(organisation_id))
