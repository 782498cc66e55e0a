"""Opening and closing an appeal: it keeps to itself what has to be there before people sign in earnest."""

from __future__ import annotations

from datetime import date
from typing import Literal
from uuid import UUID

import structlog
from sqlalchemy import Date, cast, func, select

from campaign.appeals import versions
from campaign.appeals.models import Appeal
from campaign.db import session
from campaign.errors import Refused
from campaign.i18n import gettext as _
from campaign.mail import pausing

log = structlog.get_logger()
GATE = "gate:"
Outcome = Literal["won", "part"]
IS_OVER = Appeal.delete_by <= cast(func.clock(), Date)
"""Whether the day has come on which an appeal's people are forgotten, by the database's clock (UTC)."""


def letters_key(appeal: UUID) -> str:
    """The pause that shuts the gate of an appeal's letters, and no other mail of it."""
    return f"{GATE}{appeal}"


def may_open(appeal: Appeal) -> bool:
    """Whether somebody answers for it and its day of deletion is yet to come, so that it can be opened."""
    return _is_answered_for(appeal) and not _is_over(appeal)


def open_appeal(appeal: Appeal) -> None:
    """Let people sign in earnest; opening an open one changes nothing, a closed one opens again.

    Raises Refused when nobody answers for it, it has no day of deletion, or that day has come.
    """
    if not _is_answered_for(appeal):
        raise Refused(
            _("Nobody answers for this appeal yet: name its publisher and the day on which signatures are deleted.")
        )
    if _is_over(appeal):
        raise Refused(
            _("The day on which signatures are deleted has come. To open this appeal, first set a later day.")
        )
    if appeal.state != "open":
        appeal.state = "open"
        appeal.opened_at = appeal.opened_at or func.clock()
        appeal.closed_at = appeal.outcome = appeal.opens_on = None
    session.commit()
    log.info("appeal.opened", appeal=appeal.slug)


def announce(appeal: Appeal, opens_on: date | None) -> None:
    """Let everybody read a draft and the day on which it opens; None: its organisers' own again.

    Opening stays a person's act: on the day itself somebody must still be there. Raises Refused when it is no draft.
    """
    if appeal.state != "draft":
        raise Refused(_("Only a draft that somebody answers for can be announced."))
    appeal.opens_on = opens_on
    session.commit()
    log.info("appeal.announced", appeal=appeal.slug, opens_on=str(opens_on))


def close_appeal(appeal: Appeal, *, outcome: Outcome | None = None) -> None:
    """Take no more signatures, and let no letter leave any more; what was confirmed stays.

    ``outcome`` is what its page says then: that it was won, in part, or (None) that it ended; a closed one may be
    closed again with another. Raises Refused when it was never opened.
    """
    if appeal.state not in {"open", "closed"}:
        raise Refused(_("This appeal is not open, so it cannot be closed."))
    shut(appeal)
    appeal.outcome = outcome
    session.commit()
    log.info("appeal.closed", appeal=appeal.slug)


def shut(appeal: Appeal) -> None:
    """Close an open appeal as part of the caller's transaction; any other stays as it is."""
    if appeal.state == "open":
        pausing.note(letters_key(appeal.id), "the appeal is closed")
        appeal.state = "closed"
        appeal.closed_at = func.clock()


def _is_answered_for(appeal: Appeal) -> bool:
    return not versions.newest(session, appeal).is_demonstration


def _is_over(appeal: Appeal) -> bool:
    return bool(session.scalar(select(IS_OVER).where(Appeal.id == appeal.id)))
