"""Opening and closing an appeal: it keeps to itself what has to be there before people sign in earnest."""

from __future__ import annotations

from uuid import UUID

import structlog
from sqlalchemy import func

from campaign.appeals import versions
from campaign.appeals.models import Appeal
from campaign.db import session
from campaign.errors import Refused
from campaign.i18n import gettext as _
from campaign.mail import pausing

log = structlog.get_logger()
GATE = "gate:"


def letters_key(appeal: UUID) -> str:
    """The pause that shuts the gate of an appeal's letters, and no other mail of it."""
    return f"{GATE}{appeal}"


def may_open(appeal: Appeal) -> bool:
    """Whether somebody answers for it, so that it can be opened."""
    return not versions.newest(session, appeal).is_demonstration


def open_appeal(appeal: Appeal) -> None:
    """Let people sign in earnest; opening an open one changes nothing, a closed one opens again.

    Raises Refused when nobody answers for it or it has no day of deletion.
    """
    if not may_open(appeal):
        raise Refused(
            _("Nobody answers for this appeal yet: name its publisher and the day on which signatures are deleted.")
        )
    if appeal.state != "open":
        appeal.state = "open"
        appeal.opened_at = appeal.opened_at or func.clock()
        appeal.closed_at = None
    session.commit()
    log.info("appeal.opened", appeal=appeal.slug)


def close_appeal(appeal: Appeal) -> None:
    """Take no more signatures, and let no letter leave any more; what was confirmed stays.

    Raises Refused when it was never opened.
    """
    if appeal.state not in {"open", "closed"}:
        raise Refused(_("This appeal is not open, so it cannot be closed."))
    if appeal.state == "open":
        pausing.note(letters_key(appeal.id), "the appeal is closed")
        appeal.state = "closed"
        appeal.closed_at = func.clock()
    session.commit()
    log.info("appeal.closed", appeal=appeal.slug)
