"""How much a receiver bears, as organisers say it: it keeps to itself how each change is noted and taken back.

A budget is an office's, over all appeals, or a mail domain's, over all offices that share it. Obeyed from the next
claim on (``mail.pacing``).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

from sqlalchemy import func, select

from campaign.db import session
from campaign.errors import Refused
from campaign.i18n import gettext as _
from campaign.mail import pacing
from campaign.mail.addresses import recorded_domain
from campaign.mail.scheduling import DOMAIN, OFFICE, Pace
from campaign.organisers import audit
from campaign.organisers.models import AuditEvent, Organiser


@dataclass(frozen=True, slots=True)
class Receiver:
    """Who bears letters: an office by its slug, or a mail domain by its name."""

    kind: str  # "office" or "domain"
    name: str

    @property
    def key(self) -> str:
        """By which budgets know it; of a small domain they hold a keyed hash."""
        return f"domain:{recorded_domain(self.name)}" if self.kind == "domain" else pacing.office_key(self.name)

    @property
    def standard(self) -> Pace:
        """What it bears unless somebody said otherwise."""
        return DOMAIN if self.kind == "domain" else OFFICE

    @property
    def pace(self) -> Pace:
        """What it bears now."""
        return pacing.standings([self.key])[self.key].pace

    @property
    def subject(self) -> str:
        """How the audit trail names it."""
        return f"{self.kind} {self.name}"


def change(receiver: Receiver, pace: Pace, *, by: Organiser) -> None:
    """Let a receiver bear this much from now on. Raises Refused when it does already."""
    before = _held(receiver)
    if before == pace:
        session.rollback()
        raise Refused(_("That is what stands here already."))
    _set(receiver, before, pace, f"{receiver.kind}.pace_changed", by)


def undo(receiver: Receiver, *, by: Organiser) -> None:
    """Take the last change back, which is a change as well. Raises Refused when there is none that still stands."""
    now, last = _held(receiver), last_change(receiver)
    if last is None or _after(last) != now:
        session.rollback()
        raise Refused(_("This was changed again since, or taken back. Look at what stands here now."))
    _set(receiver, now, Pace(*last.details["before"]), f"{receiver.kind}.pace_undone", by)


def last_change(receiver: Receiver) -> AuditEvent | None:
    """The last time an organiser said how much it bears."""
    deeds = [f"{receiver.kind}.pace_{deed}" for deed in ("changed", "undone")]
    said = select(AuditEvent).where(AuditEvent.subject == receiver.subject, AuditEvent.action.in_(deeds))
    found = session.scalars(said.order_by(AuditEvent.id.desc()).limit(1)).first()
    return found if found and "before" in found.details else None


def _held(receiver: Receiver) -> Pace:
    """What it bears now, which nobody else changes until the transaction ends."""
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"pace {receiver.key}", 0))))
    return receiver.pace


def _set(receiver: Receiver, before: Pace, pace: Pace, deed: str, by: Organiser) -> None:
    pacing.set_budget(receiver.key, **asdict(pace))
    audit.record(deed, receiver.subject, organiser=by, before=list(asdict(before).values()), **asdict(pace))
    session.commit()


def _after(event: AuditEvent) -> Pace:
    return Pace(**{name: event.details[name] for name in asdict(OFFICE)})
