"""What becomes of the letters of a released digest: it keeps to itself how they follow its message to its end.

They end when a mail server has taken it, and gather anew when it came to nothing, also when it comes back weeks
later: nothing leaves again before an organiser has released the next digest. What was overtaken meanwhile never does.
"""

from __future__ import annotations

from collections.abc import Sequence

import structlog
from sqlalchemy import Select, func, or_, select

from campaign.db import session
from campaign.letters import gathering, overtaking, wishes
from campaign.letters.digests import KIND, OUT, digest_key
from campaign.letters.models import Digest, Letter
from campaign.letters.sending import message_key
from campaign.mail import folding, outbox
from campaign.mail.models import Message
from campaign.mail.states import UNDECIDED, State

log = structlog.get_logger()
_ARRIVED = ("accepted", "settled")


def settle() -> int:
    """Let the letters of released digests follow their message; how many digests came to an end."""
    ended = session.execute(_ended()).all()
    for digest, state in ended:
        wishes.alone_with(digest.office_id)
        session.refresh(digest)
        if digest.state in (*OUT, "delivered"):  # nobody else was faster
            _arrived(digest) if state in _ARRIVED else _came_to_nothing(digest, bounced=state == State.BOUNCED)
            digest.ended_at = func.clock()
        session.commit()
        log.info("digest.ended", digest=str(digest.id), state=digest.state)
    return len(ended)


def _ended() -> Select[Digest, str]:
    over = Digest.state.in_(OUT) & Message.state.not_in(sorted(UNDECIDED))
    back = (Digest.state == "delivered") & (Message.state == State.BOUNCED)
    with_message = select(Digest, Message.state).join(Message, Message.subject_id == Digest.id)
    return with_message.where(Message.kind == KIND, or_(over, back))


def _arrived(digest: Digest) -> None:
    digest.state = "delivered"
    folding.follow(_keys(_letters(digest)), why="its digest was accepted")


def _came_to_nothing(digest: Digest, *, bounced: bool) -> None:
    """Its letters gather anew, for the digest after it, unless they were overtaken after it was released.

    Sent again by hand, it would find nothing to say.
    """
    letters = _letters(digest)
    if digest.state == "delivered":
        letters = [letter for letter in letters if letter.received_at is None]  # the office has those
        folding.come_back(_keys(letters), why="its digest came back")
    event = overtaking.since(digest)
    digest.state = "bounced" if bounced else "overtaken" if event else "failed"
    outbox.forget_words(digest_key(digest.id))
    session.flush()
    if event:
        overtaking.end_late(event, letters)  # those that came back stay so: they had left
    elif not wishes.of(digest.office_id).stopped_at:
        gathering.gather(letters, why="its digest came to nothing")


def _letters(digest: Digest) -> Sequence[Letter]:
    return session.scalars(select(Letter).where(Letter.digest_id == digest.id, Letter.state == "confirmed")).all()


def _keys(letters: Sequence[Letter]) -> list[str]:
    return [message_key(letter.id) for letter in letters]
