"""Files of a sensitive appeal go out by two people: it keeps to itself what a leave is, and when it lapses.

Somebody asks, another organiser allows; the leave is good for one file of one audience, for a day. Where there is
only one organiser, a wait takes the place of the second: a day after asking, so that a stolen session is found out.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, Update, and_, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from campaign.appeals.models import Appeal
from campaign.db import clock, session
from campaign.errors import Refused
from campaign.exports.models import ExportLeave
from campaign.i18n import gettext as _
from campaign.organisers import accounts, audit
from campaign.organisers.models import Organiser

DAY = timedelta(days=1)
_OPEN = (ExportLeave.used_at.is_(None), ExportLeave.refused_at.is_(None))


def needed(appeal: Appeal) -> bool:
    """Whether a file takes two people: not in a demonstration, which has nobody's name to lose."""
    return appeal.sensitive and appeal.state != "demonstration"


def ask(appeal: Appeal, audience: str, *, by: Organiser) -> None:
    """Ask for one file; asking again while the first question stands changes nothing."""
    _lapse(appeal)
    asked = insert(ExportLeave).values(appeal_id=appeal.id, audience=audience, asked_by=by.id)
    if session.scalar(asked.on_conflict_do_nothing().returning(ExportLeave.id)):
        audit.record("export.asked", f"appeal {appeal.slug}", organiser=by, audience=audience)
    session.commit()


def allow(leave: UUID, *, appeal: Appeal, by: Organiser) -> None:
    """Give the leave. Raises Refused to whoever asked for it, and when it was answered or lapsed."""
    given = update(ExportLeave).where(ExportLeave.given_by.is_(None), ExportLeave.asked_by != by.id)
    _answer(leave, appeal, given.values(given_by=by.id, given_at=func.clock()), "export.allowed", by)


def refuse(leave: UUID, *, appeal: Appeal, by: Organiser) -> None:
    """Say no, or take the question or the leave back. Raises Refused when the file went out or nobody asks."""
    _answer(leave, appeal, update(ExportLeave).values(refused_at=func.clock()), "export.refused", by)


def standing(appeal: Appeal) -> Sequence[ExportLeave]:
    """What was asked for and has neither lapsed nor been used, oldest first."""
    open_ = select(ExportLeave).where(ExportLeave.appeal_id == appeal.id, *_OPEN, ~_lapsed())
    return session.scalars(open_.order_by(ExportLeave.asked_at)).all()


def may_use(appeal: Appeal, *, by: Organiser) -> set[str]:
    """The audiences for which this organiser can take a file now."""
    mine = select(ExportLeave.audience).where(*_mine(appeal, by))
    return set(session.scalars(mine))


def use(appeal: Appeal, audience: str, *, by: Organiser) -> None:
    """Use the leave up, in the current transaction. Raises Refused when there is none."""
    used = update(ExportLeave).where(*_mine(appeal, by), ExportLeave.audience == audience)
    if session.scalar(used.values(used_at=func.clock()).returning(ExportLeave.id)) is None:
        raise Refused(_("Another organiser has to allow this file first."))


def _mine(appeal: Appeal, by: Organiser) -> tuple[ColumnElement[bool], ...]:
    ready = ExportLeave.given_at > clock() - DAY
    if accounts.alone():
        ready = or_(ready, and_(ExportLeave.asked_at < clock() - DAY, ExportLeave.asked_at > clock() - 2 * DAY))
    return ExportLeave.appeal_id == appeal.id, ExportLeave.asked_by == by.id, *_OPEN, ready


def _lapsed() -> ColumnElement[bool]:
    return func.coalesce(ExportLeave.given_at + DAY, ExportLeave.asked_at + 2 * DAY) < clock()


def _lapse(appeal: Appeal) -> None:
    old = update(ExportLeave).where(ExportLeave.appeal_id == appeal.id, *_OPEN, _lapsed())
    session.execute(old.values(refused_at=func.clock()))


def _answer(leave: UUID, appeal: Appeal, what: Update, action: str, by: Organiser) -> None:
    this = what.where(ExportLeave.id == leave, ExportLeave.appeal_id == appeal.id, *_OPEN, ~_lapsed())
    audience = session.scalar(this.returning(ExportLeave.audience))
    if audience is None:
        raise Refused(_("This was answered before, or it is yours to ask and another’s to allow."))
    audit.record(action, f"appeal {appeal.slug}", organiser=by, audience=audience)
    session.commit()
