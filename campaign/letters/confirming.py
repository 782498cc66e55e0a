"""The writer's button: it keeps to itself that each letter is confirmed once, and only as it was shown."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

import structlog
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from campaign import db
from campaign.db import clock, session
from campaign.letters import routing
from campaign.letters.models import Letter
from campaign.letters.records import FORGOTTEN, one_at_a_time, still_waits

log = structlog.get_logger()


def confirm(submission: UUID, shown: Collection[UUID]) -> int:
    """Confirm the waiting letters of a submission that the writer was shown, and hand each to the outbox.

    One whose writer has already written to that office about that appeal lapses instead. Pressing twice
    does nothing more. Answers with the number of letters confirmed now.
    """
    one_at_a_time(submission)
    waiting = select(Letter.id).where(Letter.submission_id == submission, Letter.id.in_(shown), *still_waits())
    in_one_order = waiting.order_by(Letter.office_id)  # two writers to the same offices must not wait for each other
    moved = [row for row in session.scalars(in_one_order).all() if _confirmed(row)]
    for row in moved:
        routing.route(row)
    session.commit()
    log.info("letters.confirmed", submission=str(submission), letters=len(moved))
    return len(moved)


def refuse(submission: UUID) -> int:
    """ "This was not me": forget the letters of a submission that wait; the number forgotten."""
    one_at_a_time(submission)
    waiting = Letter.submission_id == submission, Letter.state == "pending"
    forgotten = session.scalars(
        update(Letter).where(*waiting).values(state="erased", ended_at=clock(), **FORGOTTEN).returning(Letter.id)
    ).all()
    session.commit()
    log.info("letters.refused", submission=str(submission), letters=len(forgotten))
    return len(forgotten)


def _confirmed(row: UUID) -> bool:
    """Whether the letter moved; the database decides which of two letters to one office was first."""
    try:
        with session.begin_nested():
            moved = session.scalar(
                update(Letter)
                .where(Letter.id == row, *still_waits())
                .values(state="confirmed", confirmed_at=clock())
                .returning(Letter.id)
            )
    except IntegrityError as error:
        if db.violated(error) != "uq_letter_confirmed":
            raise
        _lapse(row)
        return False
    return moved is not None


def _lapse(row: UUID) -> None:
    lapsed = update(Letter).where(Letter.id == row, Letter.state == "pending")
    session.execute(lapsed.values(state="lapsed", ended_at=clock(), **FORGOTTEN))
    log.info("letter.lapsed", letter=str(row))
