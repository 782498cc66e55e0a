"""Handing a confirmed letter to the outbox: one message a letter, under its office's budget."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Date, cast, select

from campaign.appeals.models import Appeal
from campaign.db import clock, session
from campaign.letters.models import Letter
from campaign.mail import outbox
from campaign.offices import addressing
from campaign.offices.models import Office


def message_key(letter: UUID) -> str:
    """The dedupe key of a letter's one message."""
    return f"letter:{letter}"


def hand_over(letter_id: UUID) -> None:
    """Put the message of a letter that was just confirmed into the outbox, without committing.

    Letters leave by capture only, whatever the transport: so an office whose address nobody has checked
    is addressed by its stand-in.
    """
    letter, appeal, office = session.execute(
        select(Letter, Appeal, Office)
        .join(Appeal, Appeal.id == Letter.appeal_id)
        .join(Office, Office.id == Letter.office_id)
        .where(Letter.id == letter_id)
    ).one()
    outbox.enqueue(
        kind="letter",
        subject_id=letter.id,
        address=_address(office),
        language=letter.language,
        dedupe_key=message_key(letter.id),
        lane=outbox.LETTERS,
        budget_key=f"office:{office.slug}",
        pause_keys=[f"appeal:{appeal.id}"],
        origin=letter.origin,
        capture_only=True,
    )


def _address(office: Office) -> str:
    today = session.scalars(select(cast(clock(), Date))).one()
    return addressing.sendable_address(office, today) or addressing.stand_in(office)
