"""What follows from a mail that came in for the message that it is about; each is an event of that message.

Who takes a reply, and who else must know of a complaint, is registered by the factory, so that ``mail`` calls
none of its callers by name.
"""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask, current_app
from sqlalchemy import func, select

from campaign.db import session
from campaign.errors import TemporaryFailure
from campaign.mail.incoming import health, matching, replies
from campaign.mail.incoming.judging import BOUNCES, Sort, code_of, reply_code
from campaign.mail.incoming.matching import Match
from campaign.mail.incoming.parsing import Mail
from campaign.mail.incoming.replies import Reply
from campaign.mail.incoming.sorting import Finding
from campaign.mail.models import Message, MessageEvent
from campaign.mail.moving import move
from campaign.mail.replies import without_addresses
from campaign.mail.states import State

Taker = Callable[[Message, Reply], bool]
"""Takes a reply to a message, in the caller's transaction; whether it had a use for it."""

Listener = Callable[[bytes], None]
"""Is told the address index of whoever complained, in the caller's transaction."""

_NOTES = 30  # events that mails from outside may add to one message


def register_taker(app: Flask, kind: str, taker: Taker) -> None:
    """Give replies to messages of ``kind`` to ``taker``."""
    app.extensions.setdefault("reply_takers", {})[kind] = taker


def register_listener(app: Flask, listener: Listener) -> None:
    """Tell ``listener`` of every complaint."""
    app.extensions.setdefault("complaint_listeners", []).append(listener)


def act(match: Match, finding: Finding, mail: Mail) -> None:
    """Draw from a mail what it means for its message, in the caller's transaction."""
    message, sort = match.message, finding.sort
    if message.state in {State.LEASED, State.ATTEMPTING}:
        raise TemporaryFailure("what it is about is still being sent")
    if sort in BOUNCES and _bounced(message, finding):
        health.worsen(message, sort, proven=match.proven)
    elif sort is Sort.COMPLAINT:
        _complained(message, proven=match.proven)
    elif sort is Sort.REPLY:
        _replied(message, mail)
    elif sort is not Sort.IGNORED:
        _note(message, _why(finding))
        if sort is Sort.DELAYED:
            health.delay(message, proven=match.proven)


def _bounced(message: Message, finding: Finding) -> bool:
    """Move what was accepted, even long ago, to ``bounced``; of what came back we know that it had left."""
    report = finding.report
    assert report
    this = Message.id == message.id
    move(this, Message.state == State.UNKNOWN, to=State.ACCEPTED, why="it came back, so it had left")
    answer = {
        "reply_code": reply_code(report),
        "reply_enhanced": code_of(report) or None,
        "reply_text": without_addresses(report.words) or None,
    }
    moved = bool(move(this, to=State.BOUNCED, why=_why(finding), **answer))
    if not moved:
        _note(message, _why(finding))
    return moved


def _complained(message: Message, *, proven: bool) -> None:
    if health.complain(message, proven=proven):
        _note(message, Sort.COMPLAINT.value)
        for listener in current_app.extensions.get("complaint_listeners", []):
            listener(message.recipient_index)


def _replied(message: Message, mail: Mail) -> None:
    """Hand a reply on, unless it comes from ourselves: that would go in circles."""
    taker: Taker | None = current_app.extensions.get("reply_takers", {}).get(message.kind)
    said = replies.reply(mail)
    if not matching.is_ours(said.sender) and taker and taker(message, said):
        _note(message, Sort.REPLY.value)


def _note(message: Message, why: str) -> None:
    """An event that leaves the state as it is."""
    session.refresh(message, ["state", "epoch"])
    events = session.scalar(select(func.count()).where(MessageEvent.message_id == message.id)) or 0
    if events < _NOTES:
        where = {"from_state": message.state, "to_state": message.state, "epoch": message.epoch}
        session.add(MessageEvent(message_id=message.id, why=why, **where))


def _why(finding: Finding) -> str:
    code = code_of(finding.report) if finding.report else ""
    return f"{finding.sort}: {code}" if code else finding.sort.value
