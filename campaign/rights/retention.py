"""Keeping the promise of the consent: it keeps to itself when the people of an appeal are forgotten.

On the day that an appeal names, it closes and everybody who signed or wrote is forgotten; the count stays, the
names are gone. What was given to a demonstration was given to nobody, so opening the appeal begins at nought.
"""

from __future__ import annotations

import structlog
from sqlalchemy import select

from campaign.appeals import leaving as organisations_leaving
from campaign.appeals import states
from campaign.appeals.models import Appeal
from campaign.db import session
from campaign.errors import Refused
from campaign.i18n import gettext as _
from campaign.letters import ending as letters_ending
from campaign.mail import outbox
from campaign.petition import ending as signatures_ending
from campaign.petition.paper import ending as paper_ending

log = structlog.get_logger()


def forget_due() -> int:
    """Close every appeal whose day of deletion has come and forget its people; how many rows lost their names.

    Without names nobody can be kept from signing twice: so nobody signs after that day.
    """
    due = session.scalars(select(Appeal).where(states.IS_OVER)).all()
    forgotten = 0
    for appeal in due:
        states.shut(appeal)
        session.commit()  # from here on nobody adds to what is forgotten next
        forgotten += paper_ending.forget_everyone(appeal.id, uncount=False)
        forgotten += signatures_ending.forget_everyone(appeal.id, uncount=False)
        forgotten += letters_ending.forget_everyone(appeal.id)
        forgotten += organisations_leaving.forget_everyone(appeal.id, unlist=False)
        outbox.forget_appeal(appeal.id)
        session.commit()
    if forgotten:
        log.info("retention.forgotten", appeals=len(due), rows=forgotten)
    return forgotten


def forget_rehearsal(appeal: Appeal) -> int:
    """Forget and no longer count whoever signed or wrote before an appeal was first opened; how many rows.

    Raises Refused when it has been open: then they are signatures, not a rehearsal.
    """
    if appeal.opened_at is not None:
        raise Refused(_("This appeal has been open: what people signed is no rehearsal."))
    forgotten = paper_ending.forget_everyone(appeal.id, uncount=True)
    forgotten += signatures_ending.forget_everyone(appeal.id, uncount=True)
    forgotten += letters_ending.forget_everyone(appeal.id)
    forgotten += organisations_leaving.forget_everyone(appeal.id, unlist=True)
    outbox.forget_appeal(appeal.id)
    session.commit()
    log.info("rehearsal.forgotten", appeal=appeal.slug, rows=forgotten)
    return forgotten
