"""What became of a letter, in words that promise nothing we do not know.

The outbox's states are read here and nowhere else in this feature. A mail server's "accepted" is not "read",
a capture is not a sending, and where we cannot tell we say that.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from campaign.i18n import day
from campaign.i18n import gettext as _
from campaign.i18n import lazy_gettext as later
from campaign.letters.queries import Posted
from campaign.mail.models import Message


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happened, or is still to come (``at`` is None)."""

    text: str
    at: datetime | None = None
    reached: bool = True
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """A state in a word with its tone (``notices.state``), a sentence, the way so far, whether it can be stopped."""

    word: str
    tone: str
    sentence: str
    steps: tuple[Step, ...]
    stoppable: bool


_BEFORE = {
    "pending": (
        later("waiting for you"),
        "wait",
        later("Open the link in the mail we sent you and press the button there. Until then nothing happens."),
    ),
    "lapsed": (
        later("not sent"),
        "",
        later("You have already written to this office about this appeal. One letter from each person is passed on."),
    ),
    "withdrawn": (later("withdrawn"), "", later("You took it back before it left. We have erased its text.")),
    "expired": (later("expired"), "", later("It was not confirmed within 72 hours. We have erased its text.")),
    "erased": (later("erased"), "", later("We have erased what was kept about this letter.")),
}
_IN_A_DIGEST = (
    later("on its way in a digest"),
    "wait",
    later("It goes together with letters much like it, and cannot be taken back any more."),
)
_OVERTAKEN = {
    "free": later("The people it asks for are free. It was stopped before it left."),
    "wrong": later("Something in its text was wrong. It was stopped before it left."),
    "changed": later("What it asks for has changed meanwhile. It was stopped before it left."),
}
_OVERTAKEN_TOO_LATE = {
    "free": later("The people it asks for are free."),
    "wrong": later("Something in its text was wrong."),
    "changed": later("What it asks for has changed meanwhile."),
}
_WAITING = (later("waiting its turn"), "wait", later("Nothing has been sent yet."))
_ON_ITS_WAY = {
    "held": (later("held"), "wait", later("It waits until a person releases it.")),
    "folded": (later("waits for the digest"), "wait", later("It goes together with letters much like it.")),
    "attempting": (later("on its way"), "wait", later("We are handing it over at this moment.")),
    "unknown": (
        later("we cannot tell"),
        "unknown",
        later("The line broke before the other server answered. A person decides whether it goes again."),
    ),
    "failed": (later("not delivered"), "bad", later("The office’s mail server refused it.")),
    "bounced": (later("came back"), "bad", later("The office’s mail server took it first and sent it back later.")),
    "suppressed": (later("not sent"), "bad", later("This office does not want to be written to in this way.")),
    "expired": (later("not sent"), "bad", later("It waited too long and was not sent.")),
    "cancelled": (later("stopped"), "", later("It was stopped before it left.")),
}
_TAKEN = (
    later("accepted"),
    "good",
    later("The office’s mail server accepted it. Whether somebody has read it we cannot know."),
)
_NOBODY_KNOWS = later(
    "The line broke before the other server answered. Nobody can know whether it arrived; it goes no more."
)
_TAKEN_AS_SENT = (later("taken as sent"), "", _NOBODY_KNOWS)
_STOPPED_TOO_LATE = (later("stopped"), "", _NOBODY_KNOWS)  # it was to go again
_TAKEN_AS_LOST = (
    later("not delivered"),
    "bad",
    later("The line broke before the other server answered, and it is not sent again."),
)
_REHEARSED = (
    later("kept in rehearsal"),
    "",
    later("This is a rehearsal: the letter was kept on this machine, and nothing has left it."),
)
_NEVER_LEFT = frozenset({"cancelled", "expired", "suppressed"})  # unless it had been tried before
_STOPPABLE = frozenset({"held", "folded", "ready", "leased", "deferred"})


def tell(posted: Posted) -> Told:
    """What became of one letter, in the language of the request."""
    word, tone, sentence = _state(posted)
    steps = tuple(_steps(posted, tone))
    said = "" if steps and steps[-1].reached else str(sentence)  # its last step says it
    return Told(str(word), tone, said, steps, _can_be_stopped(posted))


def why_overtaken(reason: str, *, perhaps_left: bool = False) -> str:
    """Why somebody here stopped a letter (``overtaking.REASONS``), in the language of the request."""
    return f"{_OVERTAKEN_TOO_LATE[reason]} {_NOBODY_KNOWS}" if perhaps_left else str(_OVERTAKEN[reason])


def _state(posted: Posted) -> tuple[object, str, object]:
    if posted.letter.state == "overtaken":
        why = why_overtaken(posted.overtaken or "changed", perhaps_left=posted.perhaps_left)
        return later("overtaken"), "", why
    if posted.letter.state == "withdrawn" and posted.perhaps_left:
        said = later("You took it back. We have erased its text.")
        return later("withdrawn"), "", f"{said} {_NOBODY_KNOWS}"
    if posted.letter.state != "confirmed":
        return _BEFORE[posted.letter.state]
    if posted.message is None:
        return _WAITING
    if posted.perhaps_left and posted.message.state in _NEVER_LEFT:
        return _STOPPED_TOO_LATE
    if posted.message.state in {"accepted", "settled"}:
        return _REHEARSED if posted.message.mode == "capture" else _taken(posted)
    if _is_under_way(posted, posted.message):
        return _IN_A_DIGEST
    if posted.message.state == "failed" and posted.message.settled_by_hand:
        return _TAKEN_AS_LOST
    return _ON_ITS_WAY.get(posted.message.state, _WAITING)


def _taken(posted: Posted) -> tuple[object, str, object]:
    assert posted.message is not None  # what was taken has a message
    if posted.letter.digest_id is not None:
        said = _("It was delivered in the digest of %(day)s.", day=day(posted.message.changed_at))
        return later("delivered in a digest"), "good", said
    return _TAKEN_AS_SENT if posted.message.settled_by_hand else _TAKEN


def _can_be_stopped(posted: Posted) -> bool:
    if posted.letter.state != "confirmed":
        return posted.letter.state == "pending"
    message = posted.message
    return message is not None and message.state in _STOPPABLE and not _is_under_way(posted, message)


def _is_under_way(posted: Posted, message: Message) -> bool:
    """Whether an organiser released the digest that it goes in."""
    return message.state == "folded" and posted.digest == "released"


def _steps(posted: Posted, tone: str) -> Iterable[Step]:
    letter, message = posted.letter, posted.message
    if letter.confirmed_at is None:
        return
    yield Step(_("You confirmed it"), letter.confirmed_at)
    if message is not None and message.state != "bounced" and posted.came_back_at is not None:
        yield Step(_("The digest that it went in came back: it waits for the next one"), posted.came_back_at)
    if letter.state != "confirmed":
        yield Step(str(_state(posted)[2]), letter.ended_at)
    elif message is not None:
        yield _last(posted, message, tone)
    if letter.received_at is not None:
        yield Step(_("The office confirmed receipt"), letter.received_at)
    if posted.replied_at is not None:
        yield Step(_("The office replied, and we passed its reply on to you by mail"), posted.replied_at)


def _last(posted: Posted, message: Message, tone: str) -> Step:
    if message.state in {"held", "folded", "ready", "leased", "deferred", "attempting"}:
        return Step(_to_come(message), reached=False)
    return Step(str(_state(posted)[2]), message.changed_at, tone=tone if tone in {"bad", "unknown"} else "")


def _to_come(message: Message) -> str:
    if message.mode == "capture" and message.state != "held":
        return str(_("In this rehearsal it will be kept on this machine"))
    return str(_("The office’s mail server takes it"))
