"""What an overtaking leaves for later: letters that began to leave at that moment, and what a person would resend."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from sqlalchemy import Select, and_, exists, select

from campaign.db import clock, session
from campaign.errors import Refused
from campaign.i18n import gettext as _
from campaign.letters import digests, overtaking
from campaign.letters.models import Digest, Letter, Overtaking
from campaign.mail.models import Message
from campaign.mail.states import State

_ENDS_WITHIN = timedelta(days=1)  # the sweeper ends what may not be tried again within minutes
_AT_ONCE = 200


def end_expired() -> int:
    """Stop single letters that were beginning to leave when they were overtaken, and were then put off; how many."""
    late = session.execute(_tried_last()).all()
    for letter, event in late:
        letter.state, letter.overtaken_id, letter.ended_at = "overtaken", event.id, clock()
        overtaking.tell([letter], event, late=True)
    session.commit()
    return len(late)


def _tried_last() -> Select[Letter, Overtaking]:
    here = (
        Overtaking.appeal_id == Letter.appeal_id,
        Overtaking.office_id.is_(None) | (Overtaking.office_id == Letter.office_id),
    )
    tried = (
        Overtaking.at > clock() - _ENDS_WITHIN,
        Message.state == State.EXPIRED,
        Message.changed_at >= Overtaking.at,
    )
    found = select(Letter, Overtaking).join(Overtaking, and_(*here))
    found = found.join(Message, and_(Message.kind == "letter", Message.subject_id == Letter.id))
    return (
        found.where(Letter.state == "confirmed", *tried).with_for_update(of=Letter, skip_locked=True).limit(_AT_ONCE)
    )


def refuse_retry(message_id: UUID) -> None:
    """Raises Refused for a letter or a digest that was overtaken: it must not be sent again by hand either."""
    message = session.get(Message, message_id)
    if message is None or message.subject_id is None:
        return
    found: Letter | Digest | None = None
    if message.kind == "letter":
        found = session.get(Letter, message.subject_id)
    elif message.kind == digests.KIND:
        found = session.get(Digest, message.subject_id)
    if found is None:
        return
    here = Overtaking.appeal_id == found.appeal_id, Overtaking.at > message.created_at
    there = Overtaking.office_id.is_(None) | (Overtaking.office_id == found.office_id)
    if session.scalar(select(exists().where(*here, there))):
        raise Refused(_("It was overtaken: what it says must not be sent any more."))
