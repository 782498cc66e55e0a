"""One press for the day on which people are in danger: it keeps to itself all that it stops, and how that goes on.

It is reversible and therefore asks nothing: names stand on no page, no file of signatures is handed out, no mail of
the appeal leaves, and whoever else is signed in at the desk is signed out, with every sign-in link that was not used.
People can still sign; their mail waits with the rest. A cache of somebody else keeps a page for five minutes at most.
"""

from __future__ import annotations

import structlog
from sqlalchemy import Text, cast, delete, func, literal, select

from campaign.appeals.models import Appeal
from campaign.db import clock, session
from campaign.errors import Refused
from campaign.i18n import gettext as _
from campaign.mail import pausing
from campaign.mail.models import Pause
from campaign.organisers import audit, links, sessions
from campaign.organisers.models import Organiser

log = structlog.get_logger()
WHY = "people are in danger"


def call(appeal: Appeal, *, by: Organiser, browser: str = "") -> None:
    """Stop everything that could show or move a person's data; a second press changes nothing more.

    ``browser`` is the secret of the session that stays signed in; empty: none does.
    """
    appeal.in_danger_at = func.coalesce(Appeal.in_danger_at, clock())
    pausing.note(f"appeal:{appeal.id}", WHY)
    sessions.end_others(browser)
    links.spoil_all()
    audit.record("appeal.danger_called", f"appeal {appeal.slug}", organiser=by)
    session.commit()
    log.warning("appeal.danger_called", appeal=appeal.slug)


def holds(key: str) -> bool:
    """Whether a pause with this key is of an appeal whose people are in danger: it ends with that, not before."""
    its = literal("appeal:") + cast(Appeal.id, Text) == key
    return session.scalar(select(Appeal.id).where(its, Appeal.in_danger_at.is_not(None))) is not None


def end(appeal: Appeal, *, by: Organiser) -> None:
    """Let everything go on as before; a pause that somebody had set for another reason stays.

    Raises Refused when nothing was stopped.
    """
    if appeal.in_danger_at is None:
        raise Refused(_("This was over already."))
    appeal.in_danger_at = None
    session.execute(delete(Pause).where(Pause.key == f"appeal:{appeal.id}", Pause.why == WHY))
    audit.record("appeal.danger_ended", f"appeal {appeal.slug}", organiser=by)
    session.commit()
    log.warning("appeal.danger_ended", appeal=appeal.slug)
