"""Letters that the world overtook: it keeps to itself what is stopped, and that each writer is told why.

The prisoner is free, or the text was wrong: what has not left must not leave. One transaction stops it, dates it and
puts the mails to the writers into the outbox. The appeal's own page says when it was, and why (``dating``).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import structlog
from sqlalchemy import ColumnElement, case, exists, func, literal, or_, select, update

from campaign.appeals.models import Appeal
from campaign.appeals.states import letters_key
from campaign.db import clock, session
from campaign.letters import digests, wishes
from campaign.letters.models import Digest, Letter, Overtaking
from campaign.letters.records import FORGOTTEN, opened
from campaign.letters.sending import message_key
from campaign.mail import outbox, pacing
from campaign.mail.models import Message, MessageEvent
from campaign.mail.moving import again_after_deadlock
from campaign.mail.states import MAY_COME_FROM, State
from campaign.offices.models import Office
from campaign.organisers import audit
from campaign.organisers.models import Organiser

log = structlog.get_logger()
REASONS = ("free", "wrong", "changed")
KIND = "overtaken"
_A_SECOND = 20  # mails, so that nobody at a screen waits for thousands of them
_UNSENT = sorted(MAY_COME_FROM[State.CANCELLED])
_LEAVING = sorted({State.ATTEMPTING, State.UNKNOWN, State.ACCEPTED, State.SETTLED})


def waiting(appeal: UUID) -> dict[UUID, int]:
    """How many letters of an appeal would be stopped now, by office; those that nobody confirmed yet count."""
    unsent = select(Letter.office_id, Letter.id).where(*_confirmed(appeal))
    pending = select(Letter.office_id, Letter.id).where(Letter.appeal_id == appeal, Letter.state == "pending")
    found = unsent.union_all(pending).subquery()
    counted = session.execute(select(found.c.office_id, func.count()).group_by(found.c.office_id))
    return {office: n for office, n in counted}  # noqa: C416 - rows are no pairs to the type checker


@again_after_deadlock
def overtake(appeal: Appeal, *, office: Office | None, reason: str, by: Organiser) -> int:
    """Stop what waits of an appeal, for one office or for all, and tell its writers why; how many letters.

    ``reason`` is one of ``REASONS``. What is on its way at this moment, or has left, stays as it is; what turns out
    not to have arrived does not wait anew.
    """
    assert reason in REASONS
    for row in [office.id] if office else sorted(_offices(appeal.id), key=str):
        wishes.alone_with(row)
    event = Overtaking(
        id=uuid4(), appeal_id=appeal.id, office_id=office.id if office else None, reason=reason, organiser_id=by.id
    )
    session.add(event)
    session.flush()
    stopped = _stop(event)
    tell(stopped, event)
    pending = _forget_pending(event)
    subject, where = f"appeal {appeal.slug}", office.slug if office else "all"
    audit.record("letters.overtaken", subject, organiser=by, office=where, reason=reason, letters=len(stopped))
    session.commit()
    log.info("letters.overtaken", appeal=appeal.slug, office=where, letters=len(stopped), pending=pending)
    return len(stopped) + pending


def since(digest: Digest) -> Overtaking | None:
    """The last event that overtook the letters of a digest after it was released; None when nothing did."""
    its = (
        Overtaking.appeal_id == digest.appeal_id,
        or_(Overtaking.office_id.is_(None), Overtaking.office_id == digest.office_id),
    )
    later = select(Overtaking).where(*its, Overtaking.at > digest.released_at)
    return session.scalars(later.order_by(Overtaking.at.desc()).limit(1)).first()


def end_late(event: Overtaking, letters: Sequence[Letter]) -> None:
    """Stop letters that were on their way when they were overtaken and never arrived; in the caller's transaction."""
    tell(_end(event, letters), event, late=True)


def _offices(appeal: UUID) -> set[UUID]:
    """Whose letters wait, and whose digests are on their way: those letters must not gather anew meanwhile."""
    out = select(Digest.office_id).where(Digest.appeal_id == appeal, Digest.state.in_(digests.OUT))
    return {*waiting(appeal), *session.scalars(out)}


def _stop(event: Overtaking) -> Sequence[Letter]:
    """The letters whose message was cancelled: another may have begun to leave since we looked."""
    _stop_digests(event)
    stopped = _end(event, session.scalars(select(Letter).where(*_confirmed(event.appeal_id, event.office_id))).all())
    _last_try(event)
    return stopped


def _end(event: Overtaking, letters: Sequence[Letter]) -> Sequence[Letter]:
    keys = {message_key(letter.id): letter for letter in letters}
    outbox.cancel(*keys, why=f"overtaken: {event.reason}")
    cancelled = select(Message.dedupe_key).where(Message.dedupe_key.in_(keys), Message.state == State.CANCELLED)
    stopped = [keys[key] for key in session.scalars(cancelled)]
    session.execute(
        update(Letter)
        .where(Letter.id.in_([letter.id for letter in stopped]))
        .values(state="overtaken", overtaken_id=event.id, ended_at=clock(), digest_id=_digest_to_tell_of())
    )
    return stopped


def _digest_to_tell_of() -> ColumnElement[UUID | None]:
    """A letter's digest if it may have left once, since its writer is told so; else none, as it never goes."""
    its = Message.kind == digests.KIND, Message.subject_id == Letter.digest_id, MessageEvent.message_id == Message.id
    return case((exists().where(*its, MessageEvent.to_state == State.UNKNOWN), Letter.digest_id))


def _stop_digests(event: Overtaking) -> None:
    """What was released goes no more, though it may be written already: all of its letters are overtaken."""
    released = select(Digest.id).where(Digest.appeal_id == event.appeal_id, Digest.state.in_(digests.OUT))
    if event.office_id:
        released = released.where(Digest.office_id == event.office_id)
    keys = {digests.digest_key(row): row for row in session.scalars(released)}
    outbox.cancel(*keys, why=f"overtaken: {event.reason}")
    cancelled = select(Message.dedupe_key).where(Message.dedupe_key.in_(keys), Message.state == State.CANCELLED)
    for key in session.scalars(cancelled).all():
        outbox.forget_words(key)
        session.execute(update(Digest).where(Digest.id == keys[key]).values(state="overtaken", ended_at=clock()))


def _last_try(event: Overtaking) -> None:
    """What was on its way when the rest was cancelled is tried no second time, should its receiver put it off.

    After the cancelling, so that nothing begins between the two; and a worker too locks what begins before what left.
    """
    on_its_way = Message.state.in_([State.ATTEMPTING, State.DEFERRED])  # put off since, it was not cancelled either
    mine = [literal(letters_key(event.appeal_id)) == func.any(Message.pause_keys), on_its_way]
    if event.office_id:
        mine.append(Message.budget_key == pacing.office_key(session.get_one(Office, event.office_id).slug))
    locked = select(Message.id).where(*mine).order_by(Message.id).with_for_update().cte("locked")
    session.execute(update(Message).where(Message.id == locked.c.id).values(expires_at=clock()))


def tell(letters: Sequence[Letter], event: Overtaking, *, late: bool = False) -> None:
    """One mail for all letters written in one go, to the address that confirmed them.

    It is no news, which one can unsubscribe from; so it shares the lane of confirmations, and is spread thin there.
    """
    now: datetime = session.scalars(select(clock())).one()
    for n, letter in enumerate({letter.submission_id: letter for letter in letters}.values()):
        written = opened(letter)
        if written is not None:
            outbox.enqueue(
                kind=KIND,
                subject_id=letter.submission_id,
                address=written.email,
                language=letter.page_language,
                dedupe_key=f"{KIND}:{event.id}:{letter.submission_id}" + (f":{letter.id}" if late else ""),
                not_before=now + timedelta(seconds=n / _A_SECOND),
                pause_keys=(f"appeal:{letter.appeal_id}",),
                origin=letter.origin,
            )


def _forget_pending(event: Overtaking) -> int:
    """Letters that wait for their writer's button must not be confirmed any more; no mail says so."""
    pending = [Letter.appeal_id == event.appeal_id, Letter.state == "pending"]
    if event.office_id:
        pending.append(Letter.office_id == event.office_id)
    ended = {"state": "overtaken", "overtaken_id": event.id, "ended_at": clock(), **FORGOTTEN}
    return len(session.scalars(update(Letter).where(*pending).values(**ended).returning(Letter.id)).all())


def _confirmed(appeal: UUID, office: UUID | None = None) -> list[ColumnElement[bool]]:
    """Those that have not left; a digest on its way has begun to leave with all its letters."""
    unsent = select(Message.subject_id).where(Message.kind == "letter", Message.state.in_(_UNSENT))
    leaving = exists().where(
        Message.kind == digests.KIND, Message.subject_id == Letter.digest_id, Message.state.in_(_LEAVING)
    )
    found = [Letter.appeal_id == appeal, Letter.state == "confirmed", Letter.id.in_(unsent), ~leaving]
    return [*found, Letter.office_id == office] if office else found
