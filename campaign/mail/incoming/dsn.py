"""Reports of what became of a mail (RFC 3464), and those that older systems write in plain words."""

from __future__ import annotations

import re
from email.utils import parseaddr

from campaign.mail.incoming.judging import Report
from campaign.mail.incoming.parsing import Mail, fields
from campaign.mail.incoming.phrases import phrases

_STATUS_PARTS = ("message/delivery-status", "message/global-delivery-status")
_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")
_ACTIONS = ("failed", "delayed", "delivered", "relayed", "expanded")  # a failure beside a delay is a failure
_DAEMONS = re.compile(r"(mailer-daemon|postmaster|mail-?delivery|mdaemon|microsoftexchange\w*)@?", re.IGNORECASE)
_TITLES = phrases(
    r"""undeliver|delivery (status|failed|failure|has failed|problem)|mail delivery|failure notice|returned mail
    |could not be delivered|non[ -]?deliver|delivery notification|mail system error|недостав|не доставлен
    |unzustellbar|nicht zustellbar|non remis|échec de (la )?remise|no se puede entregar|mensaje no entregado|delay"""
)
_OPENINGS = phrases(
    r"""this is the qmail-send program|created automatically by mail delivery software|this is the mail system at host
    |your (message|mail|email) (could not|was not|wasn't|did not|cannot)|delivery to the following recipient
    |permanent(ly)? (fatal )?(error|failure|failed)|the following (address|recipient)|message (was )?undeliverable"""
)
_ORIGINAL = re.compile(
    r"^-*\s*(below this line is a copy|this is a copy of|original message|the header of the original|included is)",
    re.IGNORECASE | re.MULTILINE,
)
_LATER = re.compile(
    r"delay|warning|will be re-?tried|still being (tried|retried)|not necessary to resend", re.IGNORECASE
)


def report(mail: Mail) -> Report | None:
    """What a mail reports about its one recipient; None when it is no report."""
    blocks = [block for part in mail.own(*_STATUS_PARTS) for block in fields(part)]
    told = [_told(block) for block in blocks if "action" in block or "status" in block]
    if told:
        return min(told, key=lambda one: _ACTIONS.index(one.action))
    return _in_words(mail) if blocks or _speaks_of_failure(mail) else None


def _told(block: dict[str, str]) -> Report:
    action = block.get("action", "").split(" ")[0].lower().strip("();")
    status = _STATUS.search(block.get("status", ""))
    return Report(
        action=action if action in _ACTIONS else "failed",
        status=status[0] if status else "",
        words=_said_by(block.get("diagnostic-code", "")),
    )


def _said_by(diagnostic: str) -> str:
    """``smtp; 550 5.1.1 …`` without the type of what speaks."""
    kind, semicolon, words = diagnostic.partition(";")
    return words.strip() if semicolon and len(kind) < 20 else diagnostic


def _speaks_of_failure(mail: Mail) -> bool:
    """A report in words: from a server's own address, and its title or beginning says that it failed."""
    sender = parseaddr(mail.header("From"))[1] or mail.header("From")
    from_a_server = mail.header("Return-Path") == "<>" or bool(_DAEMONS.match(sender))
    if not from_a_server and not mail.header("X-Failed-Recipients"):
        return False
    return bool(_TITLES.search(mail.header("Subject")) or _OPENINGS.search(mail.own_text()[:2000]))


def _in_words(mail: Mail) -> Report:
    said = mail.own_text()
    original = _ORIGINAL.search(said)
    words = " ".join(said[: original.start() if original else None].split())[:4000]
    is_late = _LATER.search(mail.header("Subject")) or "not necessary to resend" in words.lower()
    return Report(action="delayed" if is_late else "failed", status="", words=words)
