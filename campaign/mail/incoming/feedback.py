"""Complaints that mailbox providers pass on (RFC 5965)."""

from __future__ import annotations

from campaign.mail.incoming.parsing import Mail, fields

_UNWANTED = frozenset({"abuse", "fraud", "virus", "other", "opt-out", "opt-out-list", "miscategorized"})


def kind(mail: Mail) -> str:
    """The feedback's type in lower case ("abuse", "not-spam"); empty when the mail is no feedback."""
    for part in mail.own("message/feedback-report"):
        for block in fields(part):
            if found := block.get("feedback-type", "").strip().lower():
                return found
        return "other"
    return ""


def is_complaint(found: str) -> bool:
    """Whether a person says with it that our mail is unwanted; "not-spam" and reports on signatures do not."""
    return found in _UNWANTED
