"""What a mail server's answer means for us: it keeps to itself codes, enhanced codes and their classes.

Sources: RFC 5321 4.2 (codes), RFC 3463 (enhanced codes), Exchange Online's 5.2.121 and 5.2.122 for a mailbox
that gets too much at once. An answer is kept without the addresses in it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from campaign.mail.states import State

_ENHANCED = re.compile(r"\s*([245]\.\d{1,3}\.\d{1,3})\b")
_ADDRESS = re.compile(r"<[^<>]*@[^<>]*>|[^\s<>,;:()\"']+@[^\s<>,;:()\"']+")
_QUEUED = re.compile(r"(?:queued as|\bid[= ])\s*<?([\w.+-]{4,80})", re.IGNORECASE)
_AGAIN = re.compile(r"\b(?:try|retry)(?: \w+)? (?:in|after)\s+(\d{1,6})\s*([smh])(?:\b|ec|in|our)", re.IGNORECASE)
_UNIT = {"s": timedelta(seconds=1), "m": timedelta(minutes=1), "h": timedelta(hours=1)}
_AT_MOST = timedelta(days=1)  # a receiver that asks for more peace is asked again tomorrow
_LONGEST = 300


class Why(StrEnum):
    """What became of one attempt; the value is what the message's history says."""

    ACCEPTED = "accepted by the server"
    GREYLISTED = "asked to come again (greylisting)"
    MAILBOX_FULL = "mailbox full"
    TOO_MUCH = "the recipient gets too much at once"
    POLICY = "held back by the receiver's policy"
    POLICY_REFUSED = "refused by the receiver's policy"
    BUSY = "the server cannot take it now"
    LINK_LOST = "link lost before the end of the message"
    NO_SUCH_ADDRESS = "no such address"
    REFUSED = "refused by the server"
    OURSELVES = "the relay does not let us in"
    NO_REPLY = "all sent, no reply"
    NOT_OURS = "no longer ours to send"


STATE_AFTER = {
    Why.ACCEPTED: State.ACCEPTED,
    Why.GREYLISTED: State.DEFERRED,
    Why.MAILBOX_FULL: State.DEFERRED,
    Why.TOO_MUCH: State.DEFERRED,
    Why.POLICY: State.DEFERRED,
    Why.BUSY: State.DEFERRED,
    Why.LINK_LOST: State.DEFERRED,
    Why.OURSELVES: State.DEFERRED,
    Why.POLICY_REFUSED: State.FAILED,
    Why.NO_SUCH_ADDRESS: State.FAILED,
    Why.REFUSED: State.FAILED,
    Why.NO_REPLY: State.UNKNOWN,
}
"""The state each leads to. ``NOT_OURS`` leads nowhere: the row is another's."""


@dataclass(frozen=True)
class Outcome:
    """One attempt's end: why, and the server's own words if it said any (code 0 when it did not).

    ``again_in`` is how long the server asked us to wait, if it did.
    """

    why: Why
    code: int = 0
    enhanced: str = ""
    text: str = ""
    queue_id: str = ""
    again_in: timedelta | None = None


def outcome(code: int, said: bytes | str) -> Outcome:
    """What a final answer to MAIL, RCPT, DATA or the dot means. ``code`` as in RFC 5321; 2xx is acceptance."""
    words = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    found = _ENHANCED.match(words)
    enhanced = found[1] if found else ""
    queued = _QUEUED.search(words) if code < 300 else None
    queue_id = queued[1] if queued else ""
    return Outcome(_why(code, enhanced, words), code, enhanced, without_addresses(words), queue_id, _again_in(words))


def without_addresses(words: str) -> str:
    """An answer in at most 300 printable characters, each address in it as ``<address>``."""
    printable = words if words.isprintable() else "".join(c if c.isprintable() else " " for c in words)
    line = " ".join(printable.split())
    return (_ADDRESS.sub("<address>", line) if "@" in line else line)[:_LONGEST]


def _again_in(words: str) -> timedelta | None:
    asked = _AGAIN.search(words)
    return min(int(asked[1]) * _UNIT[asked[2].lower()], _AT_MOST) if asked else None


def _why(code: int, enhanced: str, words: str) -> Why:
    detail = enhanced[2:]
    if code < 300:
        return Why.ACCEPTED
    if code in {530, 534, 535, 538} or enhanced in {"5.7.8", "5.7.9", "5.7.11"}:
        return Why.OURSELVES
    if detail in {"2.121", "2.122"}:
        return Why.TOO_MUCH
    if detail == "2.2" or (code == 552 and not enhanced):
        return Why.MAILBOX_FULL
    return _refused(enhanced) if code >= 500 else _later(enhanced, words)


def _later(enhanced: str, words: str) -> Why:
    if enhanced == "4.7.1" or "greylist" in words.lower():
        return Why.GREYLISTED
    return Why.POLICY if enhanced.startswith("4.7.") else Why.BUSY


def _refused(enhanced: str) -> Why:
    if enhanced.startswith("5.7."):
        return Why.POLICY_REFUSED
    about_us = enhanced in {"5.1.7", "5.1.8"}  # the sender's address, not the recipient's
    return Why.NO_SUCH_ADDRESS if enhanced.startswith("5.1.") and not about_us else Why.REFUSED
