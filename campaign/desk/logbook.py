"""What was done, as the desk's log tells it; it keeps to itself the words for each deed, and for who did it."""

from __future__ import annotations

from typing import Any

from campaign.i18n import lazy_gettext as _
from campaign.organisers.models import AuditEvent

ACTIONS: dict[str, Any] = {
    "organiser.added": _("added an organiser"),
    "organiser.link_printed": _("printed a sign-in link"),
    "organiser.signed_in": _("signed in"),
    "organiser.signed_out_everywhere": _("ended all their sessions"),
    "signatures.exported": _("began to export signatures"),
    "signatures.export_ended": _("exported signatures"),
    "signatures.released": _("let signatures count that had waited"),
    "signatures.invalidated": _("took signatures off the count"),
    "count.corrected": _("corrected the count, which was added up wrongly"),
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
