"""Switching surge mode on and off: it keeps to itself that a person's word stands above the load's."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import structlog
from sqlalchemy import or_, select
from sqlalchemy.dialects.postgresql import insert

from campaign.appeals.models import Appeal
from campaign.db import clock, session
from campaign.organisers import audit
from campaign.organisers.models import Organiser
from campaign.petition import counting
from campaign.petition.surge import standing
from campaign.petition.surge.models import Surge
from campaign.petition.taking import OPEN

log = structlog.get_logger()
CALM = timedelta(minutes=5)
"""How long no web process may have been too full before load ends what it began."""


def switch(appeal: Appeal, on: bool, *, by: Organiser | None = None, actor: str = "organiser") -> None:
    """Begin surge mode or end it by a person's word, which load does not overrule until ``leave_to_load``.

    ``by`` is the organiser; else ``actor`` says who ("command line").
    """
    row = _held_fast(appeal.id)
    row.chosen, row.organiser_id = on, by.id if by else None
    _begin(row, actor) if on else _end(row)
    _note("surge.began" if on else "surge.ended", appeal, by, actor)
    session.commit()
    standing.forget()


def leave_to_load(appeal: Appeal, *, by: Organiser | None = None, actor: str = "organiser") -> None:
    """Let load decide again: what is on stays so while web processes are too full, and ends once they are calm."""
    row = _held_fast(appeal.id)
    row.chosen, row.organiser_id = None, None
    row.began_by = row.began_by and "system"
    _note("surge.left_to_load", appeal, by, actor)
    _end_the_calm()
    session.commit()
    standing.forget()


def notice_load() -> None:
    """A web process is too full: begin surge mode for every appeal that takes signatures, unless a person said no."""
    for appeal in session.scalars(select(Appeal).where(Appeal.state.in_(OPEN)).order_by(Appeal.id)).all():
        row = _held_fast(appeal.id)
        row.busy_at = clock()
        if row.began_at is None and row.chosen is None:
            _begin(row, "system")
            _note("surge.began", appeal, None, "system")
    session.commit()
    standing.forget()


def settle() -> None:
    """End what load began where no web process has been too full for ``CALM``."""
    _end_the_calm()
    session.commit()
    standing.forget()


def _end_the_calm() -> None:
    calm = or_(Surge.busy_at.is_(None), Surge.busy_at <= clock() - CALM)
    begun = select(Surge).where(Surge.began_at.is_not(None), Surge.chosen.is_(None), calm)
    for row in session.scalars(begun.with_for_update(skip_locked=True)).all():
        _end(row)
        _note("surge.ended", session.get_one(Appeal, row.appeal_id), None, "system")


def _held_fast(appeal: UUID) -> Surge:
    """The row of an appeal, made when there is none, not to be changed by another process until this ends."""
    session.execute(insert(Surge).values(appeal_id=appeal).on_conflict_do_nothing())
    row = select(Surge).where(Surge.appeal_id == appeal).with_for_update()
    return session.scalars(row.execution_options(populate_existing=True)).one()


def _begin(row: Surge, actor: str) -> None:
    """What was frozen when it began stays so, whoever says once more that it shall be on."""
    row.began_by = actor
    if row.began_at is None:
        row.began_at = clock()
        row.frozen = counting.tally(row.appeal_id).by_country


def _end(row: Surge) -> None:
    row.began_at = row.began_by = row.frozen = None


def _note(action: str, appeal: Appeal, by: Organiser | None, actor: str) -> None:
    audit.record(action, f"appeal {appeal.slug}", organiser=by, actor=actor)
    log.info(action, appeal=appeal.slug, by=actor)
