"""What an office answers to our address instead of its writer's: it keeps to itself that it goes on once.

It is kept sealed until it was passed on, at most thirty days; the day of it stays.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

import structlog
from sqlalchemy import func, select, update

from campaign import vault
from campaign.db import clock, session
from campaign.letters.models import Letter, LetterReply
from campaign.letters.records import opened
from campaign.mail import outbox
from campaign.mail.incoming.replies import Reply
from campaign.mail.models import Message
from campaign.mail.rendering import Draft, from_templates
from campaign.offices.models import Office

log = structlog.get_logger()
KIND = "office_reply"
_MOST = 20  # replies to one letter; more than that is no correspondence
_KEPT = timedelta(days=30)


def take(message: Message, said: Reply) -> bool:
    """Keep a reply to a letter and put it into the outbox for its writer, in the caller's transaction.

    False when there is nobody to pass it on to.
    """
    letter = session.get(Letter, message.subject_id)
    written = opened(letter) if letter else None
    if letter is None or written is None or _count(letter.id) >= _MOST:
        return False
    row = uuid4()
    session.add(LetterReply(id=row, letter_id=letter.id, sealed=_sealed(row, said)))
    session.flush()
    outbox.enqueue(
        kind=KIND,
        subject_id=row,
        address=written.email,
        language=letter.page_language,
        dedupe_key=_key(row),
        pause_keys=(f"appeal:{letter.appeal_id}",),
        origin=letter.origin,
        capture_only=message.capture_only,
    )
    log.info("letter.replied", letter=str(letter.id), reply=str(row))
    return True


def passed_on(message: Message, _recipient: str) -> Draft | None:
    """The mail to the writer: what the office said, in plain text, marked as a machine's, so that it cannot circle.

    None when its words are forgotten.
    """
    found = session.get(LetterReply, message.subject_id) if message.subject_id else None
    if found is None or found.sealed is None:
        return None
    said = Reply(**vault.current().open(found.sealed, table="letter_reply", row=found.id))
    office = session.scalar(
        select(Office).join(Letter, Letter.office_id == Office.id).where(Letter.id == found.letter_id)
    )
    draft = from_templates(KIND, office=office, said=said, day=found.received_at)
    return Draft(subject=draft.subject, text=draft.text, reply_to=said.sender)


def forget(letter_id: UUID) -> None:
    """Forget what was answered to a letter, here and in the outbox, in the caller's transaction."""
    for row in session.scalars(select(LetterReply.id).where(LetterReply.letter_id == letter_id)).all():
        outbox.cancel(_key(row), why="its writer was erased")
        outbox.forget_words(_key(row))
    _empty(LetterReply.letter_id == letter_id)


def forget_old() -> None:
    """Forget the words of replies that were passed on long ago, in the caller's transaction."""
    _empty(LetterReply.received_at <= clock() - _KEPT)


def _empty(which: object) -> None:
    session.execute(update(LetterReply).where(which, LetterReply.sealed.is_not(None)).values(sealed=None))  # type: ignore[arg-type] # SQL conditions


def _count(letter_id: UUID) -> int:
    return session.scalar(select(func.count()).where(LetterReply.letter_id == letter_id)) or 0


def _sealed(row: UUID, said: Reply) -> bytes:
    record = {"sender": said.sender, "text": said.text, "cut": said.cut, "files": said.files}
    return vault.current().seal(record, table="letter_reply", row=row)


def _key(row: UUID) -> str:
    return f"{KIND}:{row}"
