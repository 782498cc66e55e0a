"""The lines of a batch that give an address: it keeps to itself what is kept of them, and which one counts.

No other name is typed. An address is kept so that its person is counted once, and finds at ``/mine`` what is held.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

from sqlalchemy import delete, func, select, text
from sqlalchemy.dialects.postgresql import Insert, insert
from sqlalchemy.sql.dml import ReturningInsert

from campaign import vault
from campaign.appeals.models import ConsentWording
from campaign.db import session
from campaign.errors import Refused
from campaign.i18n import gettext as _
from campaign.mail.addresses import Address
from campaign.petition.paper import counting
from campaign.petition.paper.models import PaperBatch, PaperLine
from campaign.petition.signing import email_index

LIVE = ("entered", "differs", "counted")
# The next line of an address counts once the one that did is gone.
_NEXT = text("""
  UPDATE paper_line SET state = 'counted' WHERE id IN (
    SELECT DISTINCT ON (email_index) id FROM paper_line AS line
    WHERE appeal_id = :appeal AND state = 'again' AND NOT EXISTS (
      SELECT FROM paper_line WHERE appeal_id = :appeal AND state = 'counted' AND email_index = line.email_index
    ) AND email_index IS NOT NULL ORDER BY email_index, created_at
  )
""")


@dataclass(frozen=True, slots=True)
class Person:
    """Who gave an address on a sheet."""

    name: str
    address: Address


@dataclass(frozen=True, slots=True)
class Line:
    """A line as the desk shows it: ``state`` is "counted", "again", "by mail too", "withdrawn" or "erased"."""

    id: UUID
    name: str
    email: str
    state: str


def add(batch: PaperBatch, people: Sequence[Person]) -> None:
    """Keep who gave an address on these sheets; who stands on another sheet too is kept as counted before.

    Raises Refused when the batch is over, or has not so many lines.
    """
    session.refresh(batch, with_for_update=True)  # nobody rejects it meanwhile, and leaves a name behind
    known = session.scalar(select(func.count()).where(PaperLine.batch_id == batch.id)) or 0
    if batch.state not in LIVE:
        raise Refused(_("This batch is over."))
    if known + len(people) > batch.signatures:
        raise Refused(_("These would be more lines than the sheets have."))
    language = session.get_one(ConsentWording, batch.wording_id).language
    for person in people:
        if session.scalar(_first(batch, person, language)) is None:
            session.execute(_any(batch, person, language).values(state="again"))
    session.commit()


def remove(batch: PaperBatch, line_id: UUID) -> None:
    """Forget a line that was typed by mistake; it is still counted, as one without an address."""
    session.execute(delete(PaperLine).where(PaperLine.id == line_id, PaperLine.batch_id == batch.id))
    session.execute(_NEXT, {"appeal": batch.appeal_id})
    session.commit()


def forget(batch: PaperBatch) -> None:
    """Forget all lines of a batch that does not count, in the caller's transaction."""
    session.execute(delete(PaperLine).where(PaperLine.batch_id == batch.id))
    session.execute(_NEXT, {"appeal": batch.appeal_id})


def listing(batch: PaperBatch) -> list[Line]:
    """The lines of a batch in the order of their entry, and which of them count."""
    too = counting.by_mail_too(batch.id)
    rows = session.scalars(select(PaperLine).where(PaperLine.batch_id == batch.id).order_by(PaperLine.created_at))
    return [_shown(row, row.id in too) for row in rows]


def _shown(row: PaperLine, too: bool) -> Line:
    said = vault.current().open(row.sealed, table=PaperLine.__tablename__, row=row.id) if row.sealed else {}
    state = "by mail too" if too and row.state == "counted" else row.state
    return Line(row.id, said.get("name", ""), said.get("email", ""), state)


def _first(batch: PaperBatch, person: Person, language: str) -> ReturningInsert[tuple[UUID]]:
    """Keep a line as one that counts; nothing comes back when its address has one that does."""
    counting_one = _any(batch, person, language).values(state="counted")
    return counting_one.on_conflict_do_nothing().returning(PaperLine.id)


def _any(batch: PaperBatch, person: Person, language: str) -> Insert:
    row = uuid4()
    said = {"name": person.name, "email": person.address.exact}
    return insert(PaperLine).values(
        id=row,
        batch_id=batch.id,
        appeal_id=batch.appeal_id,
        wording_id=batch.wording_id,
        language=language,
        email_index=email_index(batch.appeal_id, person.address),
        person_index=person.address.index(),
        sealed=vault.current().seal(said, table=PaperLine.__tablename__, row=row),
    )
