"""Why a message stands where it stands, in words: it keeps to itself which of several reasons comes first."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from campaign.appeals import states as appeals
from campaign.i18n import gettext as _
from campaign.i18n import lazy_gettext as later
from campaign.mail.models import Message
from campaign.mail.pausing import ALL
from campaign.mail.states import WAITING, State

_SAID = {
    State.HELD: later("its appeal’s gate is closed, or nobody has checked the office’s address"),
    State.FOLDED: later("goes with its office’s digest"),
    State.LEASED: later("a worker has it in hand"),
    State.ATTEMPTING: later("its bytes are on the line"),
    State.UNKNOWN: later("the line broke before the answer: a person decides"),
    State.SUPPRESSED: later("its address is not written to"),
    State.EXPIRED: later("waited longer than it is of use"),
}


def why(message: Message, paused: Collection[str], now: datetime) -> str:
    """What it waits for, or what ended it; the receiving server's own words where they decide. Empty: all is well."""
    if message.state in WAITING and (held := _paused(message, paused)):
        return held
    if message.state == State.READY:
        return _ready(message, now)
    if message.state == State.DEFERRED:
        again = message.not_before.strftime("%Y-%m-%d %H:%M")
        return _("put off: %(answer)s; again from %(moment)s", answer=_answer(message), moment=again)
    if message.state in {State.FAILED, State.BOUNCED}:
        return _answer(message)
    return str(_SAID.get(State(message.state), ""))


def _paused(message: Message, paused: Collection[str]) -> str:
    if ALL in paused:
        return _("all mail is paused")
    keys = [key for key in message.pause_keys if key in paused]
    if any(key.startswith(appeals.GATE) for key in keys):
        return _("its appeal’s gate is closed")
    return _("paused") if keys else ""


def _ready(message: Message, now: datetime) -> str:
    if message.not_before > now:
        return _("not before %(moment)s", moment=message.not_before.strftime("%Y-%m-%d %H:%M"))
    return _("waits for its turn at its office") if message.paced else _("goes next")


def _answer(message: Message) -> str:
    parts = (message.reply_code, message.reply_enhanced, message.reply_text)
    return " ".join(str(part) for part in parts if part) or _("no answer")
