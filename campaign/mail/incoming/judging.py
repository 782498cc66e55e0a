"""What a report of failure means: it keeps to itself the codes (RFC 3463) and, without them, the usual words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from campaign.mail.incoming.phrases import phrases


class Sort(StrEnum):
    """What a mail that came in is to us."""

    HARD = "no such address"
    SOFT = "not delivered for another reason"
    FULL = "mailbox full"
    POLICY = "refused by the receiver's policy"
    DELAYED = "still being tried"
    DELIVERED = "reported as delivered"
    COMPLAINT = "reported as unwanted"
    AUTO_REPLY = "an automatic answer"
    CHALLENGE = "asks for a proof that a person wrote"
    REPLY = "a reply"
    IGNORED = "nothing of ours"


BOUNCES = frozenset({Sort.HARD, Sort.SOFT, Sort.FULL, Sort.POLICY})


@dataclass(frozen=True)
class Report:
    """What a server says of one recipient: ``action`` (RFC 3464 2.3.3), ``status`` "5.1.1" or empty, words."""

    action: str
    status: str
    words: str


_CODE = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
_SMTP = re.compile(r"(?<![\d.])([45]\d\d)(?![\d.])")
_VAGUE = re.compile(r"[45]\.(0\.0|5\.0|3\.0|4\.7)$")  # "other"; and "delivery time expired", which hides the cause

_FULL = phrases(
    r"""quota|mailbox (is |)full|(mailbox|inbox|storage).{0,40}(full|exceed)|out of storage
    |insufficient (system )?storage
    |not enough (disk )?space|bo[iî]te.{0,30}pleine|postfach.{0,20}voll|переполнен"""
)
_POLICY = phrases(
    r"""spam|(black|block)(ed|list)|\bdns?bl\b|policy|dmarc|\bspf\b|dkim|reputation|content reject|unsolicited
    |not authori[sz]ed|access denied|prohibited|virus"""
)
_HARD = phrases(
    r"""user unknown|unknown (user|recipient|local|address|mailbox|account)
    |no such (user|recipient|mailbox|address|person|account)
    |(user|recipient|mailbox|account|address)[^.]{0,60}(not (found|exist)|does(n't| not) exist
    |(is |been |)(disabled|inactive|suspended))
    |does(n't| not) (exist|have an? ([^ ]+ )?account)|no mailbox (here )?by that name
    |not a valid (user|mailbox|recipient)
    |invalid (recipient|mailbox|user|address)|unrouteable|(host|domain)[^.]{0,30}not found|no (a|mx) record|nxdomain
    |mailbox unavailable|isn't listed|нет такого|не существует|non existent user"""
)
_SOFT = phrases("timed? ?out|temporar|try again|connection refused|too large|size limit|loop")
_WORDS = {Sort.FULL: _FULL, Sort.HARD: _HARD, Sort.POLICY: _POLICY, Sort.SOFT: _SOFT}
_HARD_CODES = re.compile(r"5\.(1\.(?![78]$)\d+|2\.1|4\.[14])$")
_POLICY_CODES = re.compile(r"5\.(7\.\d+|1\.[78])$")
_FULL_CODES = re.compile(r"[45]\.2\.(2|121|122)$")


def judge(report: Report) -> Sort:
    """The sort of one report. The code decides; where it is vague or missing, the words do; unclear ones are soft."""
    if report.action in {"delivered", "relayed", "expanded"} or report.status.startswith("2"):
        return Sort.DELIVERED
    if report.action == "delayed":
        return Sort.DELAYED
    return _by_code(code_of(report)) or _by_words(report.words) or Sort.SOFT


def code_of(report: Report) -> str:
    """The most telling enhanced code: the status, unless it is vague and the words hold a better one."""
    said = [code for code in (report.status, *_CODE.findall(report.words)) if code]
    return next((code for code in said if not _VAGUE.search(code)), said[0] if said else "")


def reply_code(report: Report) -> int | None:
    """The other server's three digits, where its words hold them."""
    found = _SMTP.search(report.words)
    return int(found[1]) if found else None


def _by_code(code: str) -> Sort | None:
    if _FULL_CODES.search(code):
        return Sort.FULL
    if _HARD_CODES.search(code):
        return Sort.HARD
    if _POLICY_CODES.search(code):
        return Sort.POLICY
    return Sort.SOFT if code and not _VAGUE.search(code) and not code.startswith("5.") else None


def _by_words(words: str) -> Sort | None:
    """A temporary failure (4xx) is never read as a dead address, whatever its words remind of."""
    found = next((sort for sort, pattern in _WORDS.items() if pattern.search(words[:4000])), None)
    passing = (_SMTP.search(words) or [""])[0].startswith("4")
    return Sort.SOFT if passing and found in {Sort.HARD, Sort.POLICY} else found
