"""Letters that go together: it keeps to itself which digest a letter waits for, and how a letter leaves it again.

Everything here is part of the caller's transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert

from campaign.db import clock, session
from campaign.letters import comparing
from campaign.letters.models import Digest, Gate, Letter, OfficeWish
from campaign.letters.sending import message_key
from campaign.mail import folding
from campaign.mail.models import Message
from campaign.mail.pacing import GATHERED
from campaign.mail.states import WAITING

WEEKLY, DAILY = timedelta(days=7), timedelta(days=1)


def period(appeal: UUID, office: UUID) -> timedelta:
    """How long a digest gathers: a week; a day for an urgent appeal, unless its office chose weekly."""
    urgent = session.scalar(select(Gate.urgent).where(Gate.appeal_id == appeal))
    chosen = session.scalar(select(OfficeWish.choice).where(OfficeWish.office_id == office))
    return DAILY if urgent and chosen != GATHERED else WEEKLY


def gather(letters: Sequence[Letter], *, why: str) -> int:
    """Let letters of one appeal to one office go in the digest that gathers for it; how many do now."""
    if not letters:
        return 0
    digest = _gathering(letters[0].appeal_id, letters[0].office_id)
    ids = [letter.id for letter in letters]
    session.execute(update(Letter).where(Letter.id.in_(ids)).values(digest_id=digest))
    return folding.fold([message_key(row) for row in ids], why=why)


def gather_all(office: UUID, *, why: str) -> int:
    """Let whatever waits for an office go in a digest of its appeal; how many letters do now."""
    waiting = select(Letter).join(Message, Message.subject_id == Letter.id).where(
        Letter.office_id == office, Message.kind == "letter", Message.state.in_(sorted(WAITING))
    )  # fmt: skip
    by_appeal: dict[UUID, list[Letter]] = {}
    for letter in session.scalars(waiting):
        by_appeal.setdefault(letter.appeal_id, []).append(letter)
    return sum(gather(letters, why=why) for letters in by_appeal.values())


def scatter(office: UUID, *, why: str) -> int:
    """Let the letters that digests of an office still gather, and that are their writers' own, go alone; how many."""
    gathered = select(Letter).join(Digest).where(Letter.office_id == office, Digest.state == "gathering")
    alone = [one.id for one in session.scalars(gathered) if not comparing.folds(one.own_words, one.likeness or 0)]
    session.execute(update(Letter).where(Letter.id.in_(alone)).values(digest_id=None))
    return folding.unfold([message_key(row) for row in alone], why=why)


def _gathering(appeal: UUID, office: UUID) -> UUID:
    """The digest that gathers for an appeal and office; the database decides that there is one."""
    new = insert(Digest).values(appeal_id=appeal, office_id=office, due_at=clock() + period(appeal, office))
    # The update makes the row come back, and keeps anybody from releasing it before we commit.
    again = new.on_conflict_do_update(
        index_elements=["appeal_id", "office_id"],
        index_where=Digest.state == "gathering",
        set_={"due_at": func.least(Digest.due_at, new.excluded.due_at)},
    )
    found: UUID = session.scalars(again.returning(Digest.id)).one()
    return found
