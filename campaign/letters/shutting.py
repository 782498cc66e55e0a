"""Gates that shut by themselves: it keeps to itself that no letter leaves by a way that nobody has examined.

An organiser opens a gate after a pre-flight and a test letter by one relay, account and sender. Whoever changes the
settings afterwards has examined nothing; so the first worker that runs with others shuts the gate before it claims a
letter. What waits is kept, and goes once the gate is opened anew.
"""

from __future__ import annotations

import structlog
from flask import current_app
from sqlalchemy import select

from campaign.appeals.models import Appeal
from campaign.appeals.states import letters_key
from campaign.db import clock, session
from campaign.letters.leaving_by import present_way
from campaign.letters.models import Gate
from campaign.mail import pausing, rewriting, transports
from campaign.mail.moving import again_after_deadlock
from campaign.organisers import audit

log = structlog.get_logger()


@again_after_deadlock
def shut() -> int:
    """Shut each open gate whose letters would leave by another way than the one examined; how many."""
    if transports.mode(current_app) != transports.LIVE:
        return 0  # nothing leaves at all, and a rehearsal in between changes no relay
    elsewhere = Gate.opened_at.is_not(None) & Gate.route.is_distinct_from(present_way()["route"])
    rows = select(Gate, Appeal).join(Appeal, Appeal.id == Gate.appeal_id).where(elsewhere)
    found = session.execute(rows.with_for_update(of=Gate).execution_options(populate_existing=True)).all()
    for gate, appeal in found:
        _shut(gate, appeal)
    session.commit()
    return len(found)


def _shut(gate: Gate, appeal: Appeal) -> None:
    gate.opened_at, gate.opened_by, gate.shut_at = None, None, clock()
    pausing.note(letters_key(appeal.id), "the relay or the sender is another than the one examined")
    anew = rewriting.write_letters_anew(letters_key(appeal.id))
    audit.record("letters.gate_shut", f"appeal {appeal.slug}", actor="system")
    log.warning("letters.gate_shut", appeal=appeal.slug, written_anew=anew)
