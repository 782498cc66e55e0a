"""The gate of an appeal: it keeps to itself what must be true before one of its letters leaves this machine.

The appeal is open, mail goes out, an organiser opened the gate, and a person checked the office's address. Where
all is real but the gate or the address, a letter is held; anywhere else it is only captured. Closing stops what
waits by a pause, which every claim reads.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import structlog
from flask import current_app
from sqlalchemy.dialects.postgresql import insert

from campaign.appeals.models import Appeal
from campaign.appeals.states import letters_key
from campaign.db import clock, session
from campaign.letters.leaving_by import present_way
from campaign.letters.models import Gate
from campaign.mail import pausing, rewriting, transports
from campaign.mail.models import Pause
from campaign.mail.moving import again_after_deadlock
from campaign.offices import addressing, terms
from campaign.offices.models import Office
from campaign.organisers import audit
from campaign.organisers.models import Organiser

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Passage:
    """How a message to an office may go now: ``live``, else ``held`` until the gate is open, else captured only."""

    address: str
    live: bool = False
    held: bool = False


def passage(appeal: Appeal, office: Office, day: date, *, origin: str = "real") -> Passage:
    """How a message of an appeal to an office goes, if it is enqueued on ``day``."""
    shown = addressing.sendable_address(office, day) or addressing.stand_in(office)
    if not goes_out(appeal) or origin != "real":
        return Passage(shown)
    address = checked_address(office, day)
    if address and is_open(appeal):
        return Passage(address, live=True)
    return Passage(address or shown, held=True)


def goes_out(appeal: Appeal) -> bool:
    """Whether letters of this appeal leave this machine at all, once the gate is open; never a demonstration's."""
    return appeal.state == "open" and transports.mode(current_app) == transports.LIVE


def is_open(appeal: Appeal) -> bool:
    """Whether an organiser opened the gate of an appeal, for the way letters leave by now, and it was not shut."""
    gate = of(appeal)
    opened = gate.opened_at is not None and appeal.state == "open" and not leaves_otherwise(gate)
    return opened and session.get(Pause, letters_key(appeal.id), populate_existing=True) is None


def leaves_otherwise(gate: Gate) -> bool:
    """Whether letters would leave by another relay, account or sender than the one a gate was opened for."""
    live = transports.mode(current_app) == transports.LIVE
    return live and gate.opened_at is not None and gate.route != present_way()["route"]


def of(appeal: Appeal) -> Gate:
    """What is said of an appeal's gate; one that nobody touched is closed."""
    return session.get(Gate, appeal.id, populate_existing=True) or Gate(appeal_id=appeal.id, urgent=False)


def checked_address(office: Office, day: date) -> str | None:
    """The address that a person checked within 90 days before ``day``, if it is the one that is written to."""
    email = addressing.sendable_address(office, day)
    row = next((a for a in office.addresses if a.email == email), None)
    if row is None or row.checked_by is None or row.checked_on is None:
        return None
    return email if terms.is_fresh(row.checked_on, day) else None


@again_after_deadlock
def open_gate(appeal: Appeal, *, by: Organiser) -> None:
    """Let letters of an appeal leave as they would now; whoever calls has seen that nothing is against it.

    What was on its way when the gate shut and was put off since names the sender of old: it is written anew.
    """
    if of(appeal).route != present_way()["route"]:
        rewriting.write_letters_anew(letters_key(appeal.id))
    _keep(appeal, opened_at=clock(), opened_by=by.id, shut_at=None, **present_way())
    audit.record("letters.gate_opened", f"appeal {appeal.slug}", organiser=by)
    pausing.resume(letters_key(appeal.id))
    log.info("letters.gate_opened", appeal=appeal.slug)


def close_gate(appeal: Appeal, *, by: Organiser) -> None:
    """Let no letter of an appeal leave any more, from the next claim on; what waits is kept."""
    _keep(appeal, opened_at=None, opened_by=None, shut_at=None)
    audit.record("letters.gate_closed", f"appeal {appeal.slug}", organiser=by)
    pausing.pause(letters_key(appeal.id), "an organiser closed the gate for letters")
    log.info("letters.gate_closed", appeal=appeal.slug)


def plan(appeal: Appeal, *, finish_by: date | None, urgent: bool, by: Organiser) -> None:
    """Say by when letters are of use, and whether digests go daily."""
    _keep(appeal, finish_by=finish_by, urgent=urgent)
    day = str(finish_by or "")
    audit.record("letters.planned", f"appeal {appeal.slug}", organiser=by, finish_by=day, urgent=urgent)
    session.commit()


def _keep(appeal: Appeal, **values: object) -> None:
    row = insert(Gate).values(appeal_id=appeal.id, **values)
    session.execute(row.on_conflict_do_update(index_elements=["appeal_id"], set_=values))
