"""Questions about letters: what waits for its writer, what became of each, how many an office has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Text, cast, exists, func, or_, select
from sqlalchemy.orm import aliased

from campaign.db import session
from campaign.letters.models import Digest, Letter, LetterReply, Overtaking
from campaign.letters.records import Written, opened, still_waits
from campaign.mail.models import Message, MessageEvent
from campaign.mail.pacing import GATHERED
from campaign.mail.states import NOT_DELIVERED, UNDECIDED, State
from campaign.offices.models import Office


@dataclass(frozen=True, slots=True)
class Posted:
    """A letter with its office, its message (None before it was confirmed), its words (None once forgotten), when
    its office last replied to us, why it was stopped before it left, if somebody here stopped it, the state of the
    digest that it goes in, if it does, when it last came back, and whether it may have left once, alone or in its
    digest: then nobody can say that it was stopped before."""

    letter: Letter
    office: Office
    message: Message | None
    replied_at: datetime | None = None
    overtaken: str | None = None
    digest: str | None = None
    came_back_at: datetime | None = None
    perhaps_left: bool = False

    @property
    def written(self) -> Written | None:
        """What the writer said."""
        return opened(self.letter)


def of_submission(submission: UUID, *only: ColumnElement[bool]) -> list[Posted]:
    """The letters written in one go, oldest first; empty when there never were any, or all traces are gone.

    ``only``: conditions of ``Letter`` for those that are wanted.
    """
    # The message's key is written by ``sending.message_key``; here the database puts it together.
    its_message = Message.dedupe_key == func.concat("letter:", cast(Letter.id, Text))
    replied = select(func.max(LetterReply.received_at)).where(LetterReply.letter_id == Letter.id).scalar_subquery()
    came_back = select(func.max(MessageEvent.at)).where(
        MessageEvent.message_id == Message.id, MessageEvent.to_state == State.BOUNCED
    )
    more = (replied, Overtaking.reason, Digest.state, came_back.scalar_subquery(), _perhaps_left())
    rows = session.execute(
        select(Letter, Office, Message, *more)
        .join(Office, Office.id == Letter.office_id)
        .outerjoin(Message, its_message)
        .outerjoin(Overtaking, Overtaking.id == Letter.overtaken_id)
        .outerjoin(Digest, Digest.id == Letter.digest_id)
        .where(Letter.submission_id == submission, *only)
        .order_by(Letter.created_at, Letter.id)
        .execution_options(populate_existing=True)
    )
    return [Posted(*row) for row in rows]


def _perhaps_left() -> ColumnElement[bool]:
    """Whether the line broke at a letter, or at the digest that it went in."""
    broke, mail = MessageEvent.to_state == State.UNKNOWN, aliased(Message)
    its_digest = (mail.kind == GATHERED, mail.subject_id == Letter.digest_id, MessageEvent.message_id == mail.id)
    return or_(exists().where(broke, MessageEvent.message_id == Message.id), exists().where(broke, *its_digest))


def waiting(submission: UUID) -> list[Posted]:
    """The letters of a submission that its writer may yet confirm.

    In one statement: between two of them a second press of the writer's button may replace a letter.
    """
    return of_submission(submission, *still_waits())


def not_asked(submission: UUID) -> bool:
    """Whether the last mail that asks the writer of a submission to confirm could not be delivered."""
    asking = Message.subject_id == submission, Message.kind == "letter_confirm"
    known = select(Message.state).where(*asking, Message.state.not_in(sorted(UNDECIDED)))
    return session.scalar(known.order_by(Message.created_at.desc()).limit(1)) in NOT_DELIVERED


def belongs(letter: UUID, submission: UUID) -> bool:
    """Whether a letter is one of a submission."""
    found = select(Letter.id).where(Letter.id == letter, Letter.submission_id == submission)
    return session.scalar(found) is not None


def by_office(appeal_id: UUID) -> Sequence[tuple[str, str, str, int]]:
    """(office slug, title, state, letters): a confirmed letter's state is its message's, for the desk."""
    its_message = Message.dedupe_key == func.concat("letter:", cast(Letter.id, Text))
    state = func.coalesce(Message.state, Letter.state)
    rows = session.execute(
        select(Office.slug, Office.title, state, func.count())
        .select_from(Letter)
        .join(Office, Office.id == Letter.office_id)
        .outerjoin(Message, its_message)
        .where(Letter.appeal_id == appeal_id)
        .group_by(Office.slug, Office.title, state)
        .order_by(Office.slug, state)
    )
    return [(slug, title, state, letters) for slug, title, state, letters in rows]
