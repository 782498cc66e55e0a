"""The second count: it keeps to itself when a batch counts, and what ends it.

Whoever entered a batch changes the first count, everybody else makes the second; the database refuses a batch that
counts without two people who counted the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import func, select

from campaign.appeals.models import Appeal
from campaign.db import clock, session
from campaign.errors import Refused
from campaign.i18n import gettext as _
from campaign.i18n import lazy_gettext
from campaign.organisers import audit
from campaign.organisers.models import Organiser
from campaign.petition.paper import counting, lines
from campaign.petition.paper.entering import Counts, counted_lines, guarded
from campaign.petition.paper.models import PaperBatch

log = structlog.get_logger()
WAITING = ("entered", "differs")
WHY: dict[str, Any] = {
    "mistake": lazy_gettext("they were entered by mistake"),
    "others": lazy_gettext("they were given in the name of people who had not signed"),
    "rules": lazy_gettext("they broke the rules of this appeal"),
}


def listing(appeal: Appeal) -> Sequence[PaperBatch]:
    """The batches of an appeal, newest first."""
    found = select(PaperBatch).where(PaperBatch.appeal_id == appeal.id).order_by(PaperBatch.at.desc())
    return session.scalars(found.execution_options(populate_existing=True)).all()


def waiting(appeal: Appeal) -> int:
    """How many batches of an appeal wait for a second count, or for the two to agree."""
    mine = select(func.count()).where(PaperBatch.appeal_id == appeal.id, PaperBatch.state.in_(WAITING))
    return session.scalar(mine) or 0


def count_of(batch: PaperBatch, organiser: Organiser) -> Counts:
    """What this organiser counted of a batch; nothing, for who has not counted it yet."""
    if organiser.id == batch.entered_by:
        return batch.entered
    return batch.checked or {} if organiser.id == batch.checked_by else {}


def count(batch_id: UUID, counts: Counts, *, appeal: Appeal, by: Organiser) -> str:
    """Take somebody's count of a batch: the first again by who entered it, else the second; the state then.

    Raises Refused when it was decided before, or so many lines are not on its sheets.
    """
    batch = _waiting(batch_id, appeal)
    in_all = counted_lines(counts, batch.sheets)
    if by.id == batch.entered_by:
        batch.entered, batch.signatures = guarded(appeal, counts), in_all
    else:
        batch.checked, batch.checked_by = guarded(appeal, counts), by.id
    _settle(batch, appeal, by)
    session.commit()
    counting.forget(appeal)
    return batch.state


def reject(batch_id: UUID, *, appeal: Appeal, by: Organiser) -> None:
    """Count nothing of a batch that waits, and forget its lines. Raises Refused when it was decided before."""
    _end(_waiting(batch_id, appeal), "rejected", appeal, by)


def withdraw(batch_id: UUID, *, why: str, appeal: Appeal, by: Organiser) -> int:
    """Take a batch off the count, for a reason that the public page tells; how many that were.

    Raises Refused when it does not count.
    """
    assert why in WHY
    batch = _held_fast(batch_id, appeal)
    if batch.state != "counted":
        raise Refused(_("This batch does not count."))
    removed = counting.of_batch(batch.id)
    batch.why, batch.removed = why, removed
    _end(batch, "withdrawn", appeal, by, signatures=removed, reason=why)
    return removed


def _settle(batch: PaperBatch, appeal: Appeal, by: Organiser) -> None:
    """Decide by the two counts, as soon as there are two."""
    if batch.checked is None:
        return
    batch.state = "counted" if batch.checked == batch.entered else "differs"
    if batch.state == "counted":
        batch.counted_at = clock()
    session.flush()
    told: dict[str, Any] = {"signatures": batch.signatures} if batch.state == "counted" else {}
    audit.record(f"paper.{batch.state}", f"appeal {appeal.slug}", organiser=by, sheets=batch.sheets, **told)
    log.info("paper.checked", appeal=appeal.slug, batch=str(batch.id), state=batch.state)


def _end(batch: PaperBatch, state: str, appeal: Appeal, by: Organiser, **details: Any) -> None:
    batch.state, batch.ended_by, batch.ended_at = state, by.id, clock()
    lines.forget(batch)
    audit.record(f"paper.{state}", f"appeal {appeal.slug}", organiser=by, sheets=batch.sheets, **details)
    session.commit()
    counting.forget(appeal)
    log.info(f"paper.{state}", appeal=appeal.slug, batch=str(batch.id))


def _waiting(batch_id: UUID, appeal: Appeal) -> PaperBatch:
    batch = _held_fast(batch_id, appeal)
    if batch.state not in WAITING:
        raise Refused(_("This batch was decided before."))
    return batch


def _held_fast(batch_id: UUID, appeal: Appeal) -> PaperBatch:
    """The batch, not to be changed by anybody else until this ends. Raises Refused when there is none."""
    mine = select(PaperBatch).where(PaperBatch.id == batch_id, PaperBatch.appeal_id == appeal.id).with_for_update()
    found = session.scalar(mine.execution_options(populate_existing=True))
    if found is None:
        raise Refused(_("There is no such batch."))
    return found
