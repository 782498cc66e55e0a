"""Kinds and states as the desk speaks of them; it keeps to itself every word that stands for a code."""

from __future__ import annotations

from typing import Any

from campaign.i18n import lazy_gettext as _

KINDS: dict[str, Any] = {
    "confirm": _("Confirmation"),
    "already_signed": _("Already signed"),
    "receipt": _("Receipt"),
    "letter_confirm": _("Confirmation of a letter"),
    "overtaken": _("Why a letter was stopped"),
    "digest": _("Digest for an office"),
    "office_waiting": _("Link to what waits, for an office"),
    "letter": _("Letter to an office"),
    "letter_test": _("Test letter to an organiser"),
    "organisation_confirm": _("Confirmation of an organisation"),
    "sign_in": _("Sign-in link"),
    "mine": _("Link to one’s data"),
    "update": _("News"),
    "update_test": _("Test of news"),
    "office_reply": _("Reply of an office"),
    "digest_reply": _("Reply of an office to a digest"),
}
LANES = (_("people"), _("offices"), _("news"))  # by number
# What each state means for whoever waits, and how its pill looks.
STATES: dict[str, tuple[Any, str]] = {
    "held": (_("held back"), "wait"),
    "folded": (_("waits for its digest"), "wait"),
    "ready": (_("waiting"), "wait"),
    "leased": (_("waiting"), "wait"),
    "attempting": (_("being sent"), "wait"),
    "deferred": (_("will be tried again"), "wait"),
    "unknown": (_("we cannot tell"), "unknown"),
    "accepted": (_("accepted"), "good"),
    "settled": (_("accepted, no bounce"), "good"),
    "failed": (_("refused"), "bad"),
    "bounced": (_("came back"), "bad"),
    "suppressed": (_("not written to"), "bad"),
    "expired": (_("too late to send"), "bad"),
    "cancelled": (_("taken back"), ""),
}
APPEALS: dict[str, tuple[Any, str]] = {
    "demonstration": (_("demonstration"), "wait"),
    "draft": (_("draft"), "wait"),
    "open": (_("open"), "good"),
    "closed": (_("closed"), ""),
}
# Why an address is not written to: what mail told us, and what organisers may choose.
REASONS: dict[str, Any] = {
    "no such address": _("the address does not exist"),
    "fails again and again": _("mail came back again and again"),
    "complained": _("reported our mail as unwanted"),
    "asked us": _("the person asked us"),
    "not theirs": _("somebody else typed this address"),
    "other": _("another reason"),
}
SORTS: dict[str, Any] = {
    "hard": _("came back: no such address"),
    "soft": _("came back for another reason"),
    "full": _("came back: mailbox full"),
    "policy": _("came back: refused by the receiver’s policy"),
    "delayed": _("notice of a delay"),
    "delivered": _("notice of delivery"),
    "complaint": _("complaint"),
    "auto_reply": _("automatic answer"),
    "challenge": _("asks for a proof that a person wrote"),
    "reply": _("reply"),
    "ignored": _("about no message of ours"),
}


def lane(number: int) -> str:
    """Whose mail a lane carries."""
    return str(LANES[number])


def kind(code: str) -> str:
    """What a message is, in words."""
    return str(KINDS.get(code, code))


def reason(code: str) -> str:
    """Why an address is not written to; an answer of a server begins with the code."""
    said = REASONS.get(code.partition(":")[0], code)
    return f"{said}{code[code.index(':') :]}" if ":" in code else str(said)
