"""What an office wishes: it keeps to itself how a wish said on its page is obeyed at once, in all appeals.

Each, weekly (in a digest), none (it fetches them itself) or stop (it objects). The budget of the office says the
same to every claim, so a letter that is already on its way out is asked once more.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import structlog
from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import InstrumentedAttribute

from campaign.db import clock, session
from campaign.letters import gathering
from campaign.letters.models import Letter, OfficeWish
from campaign.mail import folding, pacing
from campaign.mail.models import Message
from campaign.mail.moving import again_after_deadlock
from campaign.offices import directory
from campaign.offices.models import Office
from campaign.organisers import audit
from campaign.organisers.models import Organiser

log = structlog.get_logger()
EACH, WEEKLY, NONE = CHOICES = (pacing.EACH, pacing.GATHERED, pacing.NONE)
OBJECTED = "the office asked us to stop"
_SENT = ("accepted", "settled")


@dataclass(frozen=True, slots=True)
class Wish:
    """What an office has said so far; ``stopped_at`` is when it objected to any letter."""

    generation: int = 1
    choice: str = EACH
    stopped_at: datetime | None = None

    @property
    def wants_single_letters(self) -> bool:
        """Whether a letter in its writer's own words may go to it alone."""
        return self.choice == EACH and not self.stopped_at


def of(office: UUID) -> Wish:
    """What an office wishes; the standard for one that said nothing."""
    row = session.get(OfficeWish, office, populate_existing=True)
    return Wish(row.generation, row.choice, row.stopped_at) if row else Wish()


def generation_of(office: ColumnElement[UUID] | InstrumentedAttribute[UUID]) -> ColumnElement[int]:
    """In a statement: which links to the page of an office are good."""
    said = select(OfficeWish.generation).where(OfficeWish.office_id == office).scalar_subquery()
    return func.coalesce(said, Wish().generation)


@again_after_deadlock
def choose(office: Office, choice: str, *, by: Organiser | None = None) -> None:
    """Send each letter, a weekly digest or nothing from now on; ``by`` an organiser in its name, or the office."""
    alone_with(office.id)
    _keep(office, choice=choice, chosen_at=clock(), stopped_at=None)
    pacing.set_budget(pacing.office_key(office.slug), mode=choice)
    _lift_objection(office)
    if choice == EACH:
        gathering.scatter(office.id, why="the office wants each letter")
    else:
        gathering.gather_all(office.id, why=f"the office chose {choice}")
    _note("office.chose", office, by, choice=choice)
    session.commit()


@again_after_deadlock
def stop(office: Office) -> int:
    """The office objects: end what waits for it, take no new letters; how many were ended."""
    alone_with(office.id)
    _keep(office, stopped_at=clock())
    pacing.block(pacing.office_key(office.slug), OBJECTED)
    ended = folding.decline(pacing.office_key(office.slug), why=OBJECTED)
    _note("office.objected", office, None, letters=ended)
    session.commit()
    return ended


def received(office: Office, *, until: datetime) -> int:
    """The office has what was sent until then: its writers see the day; how many letters that are."""
    arrived = select(Message.subject_id).where(
        Message.budget_key == pacing.office_key(office.slug),
        Message.kind == "letter",
        Message.state.in_(_SENT),
        Message.changed_at <= until,
    )
    theirs = update(Letter).where(Letter.office_id == office.id, Letter.received_at.is_(None), Letter.id.in_(arrived))
    confirmed = len(session.scalars(theirs.values(received_at=clock()).returning(Letter.id)).all())
    _note("office.received", office, None, letters=confirmed)
    session.commit()
    return confirmed


def replace_link(office: Office, *, by: Organiser) -> None:
    """Make every private link of an office that is out there useless; the next letter carries a new one."""
    _keep(office, generation=of(office.id).generation + 1)
    _note("office.link_replaced", office, by)
    session.commit()


def alone_with(office: UUID) -> None:
    """Let nobody else confirm a letter to this office, or say what it wishes, until the transaction ends."""
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"office {office}", 0))))


def _lift_objection(office: Office) -> None:
    """Only its own: that it takes cases only is the directory's to say, whatever is pressed on its page."""
    pacing.unblock(pacing.office_key(office.slug), OBJECTED)
    if office.cases_only:
        pacing.block(pacing.office_key(office.slug), directory.CASES_ONLY)


def _keep(office: Office, **values: object) -> None:
    row = insert(OfficeWish).values(office_id=office.id, **values)
    session.execute(row.on_conflict_do_update(index_elements=["office_id"], set_=values))


def _note(action: str, office: Office, by: Organiser | None, **details: object) -> None:
    actor = "organiser" if by else "office"
    audit.record(action, f"office {office.slug}", organiser=by, actor=actor, **details)
    log.info(action, office=office.slug, **details)
