"""Kinds, states and deeds as the desk speaks of them; it keeps to itself every word that stands for a code."""

from __future__ import annotations

from typing import Any

from campaign.i18n import lazy_gettext as _
from campaign.organisers.models import AuditEvent

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
ACTIONS: dict[str, Any] = {
    "organiser.added": _("added an organiser"),
    "organiser.link_printed": _("printed a sign-in link"),
    "organiser.signed_in": _("signed in"),
    "organiser.signed_out_everywhere": _("ended all their sessions"),
    "signatures.exported": _("began to export signatures"),
    "signatures.export_ended": _("exported signatures"),
    "signatures.released": _("let signatures count that had waited"),
    "signatures.invalidated": _("took signatures off the count"),
    "decision.cancelled": _("stopped a decision about signatures"),
    "decision.undone": _("took back a decision about signatures"),
    "message.sent_again": _("sent a message again"),
    "message.cancelled": _("cancelled a message"),
    "message.taken_as_sent": _("left a message as it is, taken as sent"),
    "message.taken_as_lost": _("left a message as it is, taken as not sent"),
    "suppression.added": _("wrote no more to"),
    "suppression.lifted": _("wrote again to"),
    "outbox.paused": _("paused mail"),
    "outbox.resumed": _("let mail go on"),
    "letters.gate_opened": _("opened the gate for letters"),
    "letters.gate_closed": _("closed the gate for letters"),
    "letters.gate_shut": _("shut the gate for letters: the relay or the sender is another one"),
    "letters.test_sent": _("had a test letter sent to themselves"),
    "letters.test_received": _("received a test letter"),
    "letters.planned": _("said by when letters are of use"),
    "office.pace_changed": _("changed how much an office bears"),
    "office.pace_undone": _("took back how much an office bears"),
    "domain.pace_changed": _("changed how much a mail domain bears"),
    "domain.pace_undone": _("took back how much a mail domain bears"),
    "appeal.loaded": _("loaded an appeal"),
    "appeal.opened": _("opened an appeal"),
    "appeal.closed": _("closed an appeal"),
    "appeal.announced": _("announced an appeal"),
    "comment.approved": _("showed a comment"),
    "comment.refused": _("refused a comment"),
    "wall.released": _("put names on the wall"),
    "wall.taken_down": _("took every name off the wall"),
    "look.changed": _("changed the look of an appeal"),
    "look.removed": _("removed a part of the look of an appeal"),
    "appeal.danger_called": _("said that people are in danger, and stopped it all"),
    "appeal.danger_ended": _("let everything go on after the danger"),
    "export.asked": _("asked for a file of signatures"),
    "export.allowed": _("allowed a file of signatures"),
    "export.refused": _("let no file of signatures go"),
    "organisation.checked": _("checked an organisation"),
    "organisation.refused": _("refused an organisation"),
    "organisation.undone": _("took back a decision about an organisation"),
    "office.address_entered": _("entered an address"),
    "office.address_checked": _("saw an address on the office’s own page"),
    "office.address_retired": _("retired an address"),
    "office.holder_confirmed": _("confirmed who holds an office"),
    "office.holder_entered": _("entered who holds an office"),
    "office.dates_corrected": _("corrected the dates of a term"),
    "office.undone": _("took back a change"),
    "letters.overtaken": _("stopped letters that were overtaken"),
    "digest.released": _("released a digest"),
    "digest.postponed": _("let a digest wait"),
    "digest.recalled": _("called back a digest, its address being checked no more, for"),
    "office.chose": _("chose how letters reach an office"),
    "office.objected": _("asked for no more letters"),
    "office.received": _("confirmed receipt of letters"),
    "office.link_replaced": _("replaced an office’s private link"),
    "news.written": _("wrote news"),
    "news.tested": _("tried news on themselves"),
    "news.released": _("released news"),
    "news.stopped": _("stopped news"),
    "paper.entered": _("entered signed sheets of"),
    "paper.differs": _("counted signed sheets otherwise than somebody else, of"),
    "paper.counted": _("let signed sheets count, of"),
    "paper.rejected": _("rejected signed sheets of"),
    "paper.withdrawn": _("took signed sheets off the count of"),
    "proof.asked": _("asked everybody who signs for a sum, on"),
    "proof.ended": _("asked nobody for a sum any more, on"),
    "surge.began": _("switched surge mode on"),
    "surge.ended": _("switched surge mode off"),
    "surge.left_to_load": _("left surge mode to the load"),
    "demo.filled": _("added synthetic signatures"),
    "person.erased": _("erased a person’s data"),
}
ACTORS: dict[str, Any] = {
    "command line": _("Somebody at the server"),
    "system": _("The system"),
    "office": _("Somebody with the office’s link"),
}
_DETAILS: dict[str, Any] = {
    "audience": _("for"),
    "office": _("office"),
    "choice": _("choice"),
    "format": _("as"),
    "rows": _("rows"),
    "signatures": _("signatures"),
    "sheets": _("sheets"),
    "on_paper": _("signatures on paper, of which there are no rows"),
    "letters": _("letters"),
    "names": _("names"),
    "organisations": _("organisations"),
    "mails": _("mails"),
    "reason": _("reason"),
    "lasting": _("days"),
    "version": _("version"),
    "finish_by": _("before"),
    "urgent": _("urgent"),
    "per_day": _("letters a day"),
    "per_hour": _("letters an hour"),
    "opens": _("from hour"),
    "closes": _("until hour"),
    "forgotten": _("rows of the rehearsal forgotten"),
    "address": _("address"),
    "holder": _("holder"),
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


def deed(event: AuditEvent) -> str:
    """What was done, in words that follow a name."""
    return str(ACTIONS.get(event.action, event.action.replace("_", " ").replace(".", ": ")))


def subject(event: AuditEvent, names: dict[str, str]) -> str:
    """What it was done to; ``names`` says what stands behind an id."""
    return " ".join(names.get(word, word) for word in event.subject.replace("appeal:", "appeal ").split())


def details(event: AuditEvent) -> str:
    """What else is known of a deed: "for: public, rows: 12"; what only serves to take it back is left out."""
    plain = [(name, value) for name, value in sorted(event.details.items()) if not isinstance(value, list)]
    return ", ".join(f"{_DETAILS.get(name, name)}: {value}" for name, value in plain)
