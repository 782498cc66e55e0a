"""What an office answers to a digest at our address: it keeps to itself that it goes on once, to who answers for it.

That is the organiser who released the digest. The words are kept sealed for the desk, at most thirty days; the day of
the reply stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import structlog
from sqlalchemy import ColumnElement, func, select, update

from campaign import vault
from campaign.appeals.models import Appeal
from campaign.db import clock, session
from campaign.letters.models import Digest, DigestReply
from campaign.mail import outbox
from campaign.mail.incoming.replies import Reply
from campaign.mail.models import Message
from campaign.mail.rendering import Draft, from_templates
from campaign.offices.models import Office
from campaign.organisers import accounts
from campaign.organisers.models import Organiser

log = structlog.get_logger()
KIND = "digest_reply"
_MOST = 20  # replies to one digest; more than that is no correspondence
_KEPT = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Answer:
    """A reply for the desk; ``said`` is None once its words are forgotten."""

    office: Office
    received_at: datetime
    said: Reply | None


def take(message: Message, said: Reply) -> bool:
    """Keep a reply to a digest and put it into the outbox for who released it, in the caller's transaction.

    It is kept for the desk also when nobody is left to mail it to. False when it is no digest of ours, or one reply
    too many.
    """
    digest = session.get(Digest, message.subject_id)
    if digest is None or _count(digest.id) >= _MOST:
        return False
    row = uuid4()
    sealed = vault.current().seal(asdict(said), table="digest_reply", row=row)
    session.add(DigestReply(id=row, digest_id=digest.id, sealed=sealed))
    session.flush()
    if (organiser := _who_answers(digest)) is not None:
        outbox.enqueue(
            kind=KIND,
            subject_id=row,
            address=accounts.email(organiser),
            language="en",
            dedupe_key=_key(row),
            pause_keys=(f"appeal:{digest.appeal_id}",),
            capture_only=message.capture_only,
        )
    log.info("digest.replied", digest=str(digest.id), reply=str(row))
    return True


def passed_on(message: Message, _recipient: str) -> Draft | None:
    """The mail to the organiser: what the office said, in plain text. None when its words are forgotten."""
    found = session.get(DigestReply, message.subject_id) if message.subject_id else None
    said = _opened(found) if found else None
    if found is None or said is None:
        return None
    digest = session.get_one(Digest, found.digest_id)
    office = session.get_one(Office, digest.office_id)
    draft = from_templates(KIND, office=office, said=said, day=found.received_at, released=digest.released_at)
    return Draft(subject=draft.subject, text=draft.text, reply_to=said.sender)


def of(appeal: Appeal) -> list[Answer]:
    """What offices answered to digests of an appeal, the latest first."""
    rows = session.execute(
        select(Office, DigestReply)
        .join(Digest, Digest.office_id == Office.id)
        .join(DigestReply, DigestReply.digest_id == Digest.id)
        .where(Digest.appeal_id == appeal.id)
        .order_by(DigestReply.received_at.desc())
    )
    return [Answer(office, reply.received_at, _opened(reply)) for office, reply in rows]


def forget_of(appeal_id: UUID) -> None:
    """Forget what was answered to the digests of an appeal, here and in the outbox, in the caller's transaction."""
    its = DigestReply.digest_id.in_(select(Digest.id).where(Digest.appeal_id == appeal_id))
    for row in _rows(its):
        outbox.cancel(_key(row), why="the appeal forgets its writers")
        outbox.forget_words(_key(row))
    _empty(its)


def forget_old() -> None:
    """Forget the words of replies that came long ago, in the caller's transaction."""
    _empty(DigestReply.received_at <= clock() - _KEPT)


def _who_answers(digest: Digest) -> Organiser | None:
    organiser = session.get(Organiser, digest.released_by) if digest.released_by else None
    return organiser if organiser is not None and organiser.disabled_at is None else None


def _opened(reply: DigestReply) -> Reply | None:
    if reply.sealed is None:
        return None
    return Reply(**vault.current().open(reply.sealed, table="digest_reply", row=reply.id))


def _rows(which: ColumnElement[bool]) -> Sequence[UUID]:
    return session.scalars(select(DigestReply.id).where(which)).all()


def _empty(which: ColumnElement[bool]) -> None:
    session.execute(update(DigestReply).where(which, DigestReply.sealed.is_not(None)).values(sealed=None))


def _count(digest_id: UUID) -> int:
    return session.scalar(select(func.count()).where(DigestReply.digest_id == digest_id)) or 0


def _key(row: UUID) -> str:
    return f"{KIND}:{row}"
