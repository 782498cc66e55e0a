"""What an appeal's page says of letters that were overtaken: it keeps to itself which of it is everybody's to know.

Said are the day, the reason and the offices; never how many letters, or whose.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import exists, select

from campaign.db import session
from campaign.i18n import day as day_of
from campaign.i18n import gettext as _
from campaign.letters.models import Letter, Overtaking
from campaign.offices.models import Office


@dataclass(frozen=True, slots=True)
class Stop:
    """One day on which letters were stopped for one reason; ``offices`` is empty when it was all of them."""

    on: date
    reason: str
    offices: tuple[Office, ...]

    @property
    def words(self) -> str:
        """When and why, in the language of the page."""
        said = {
            "free": _("On %(day)s, the letters that had not left were stopped: the people they ask for are free."),
            "wrong": _("On %(day)s, the letters that had not left were stopped: something in their text was wrong."),
            "changed": _("On %(day)s, the letters that had not left were stopped: what they ask for has changed."),
        }
        return said[self.reason] % {"day": day_of(self.on)}


def stops(appeal: UUID) -> list[Stop]:
    """The days on which letters of an appeal were stopped, the latest first."""
    stopped_any = exists().where(Letter.appeal_id == appeal, Letter.overtaken_id == Overtaking.id)
    happened = select(Overtaking, Office).outerjoin(Office, Office.id == Overtaking.office_id)
    rows = session.execute(happened.where(Overtaking.appeal_id == appeal, stopped_any).order_by(Overtaking.at.desc()))
    found: dict[tuple[date, str], list[Office | None]] = {}
    for event, office in rows:
        found.setdefault((event.at.date(), event.reason), []).append(office)
    return [Stop(on, reason, _named(offices)) for (on, reason), offices in found.items()]


def _named(offices: list[Office | None]) -> tuple[Office, ...]:
    named = {office.slug: office for office in offices if office is not None}
    return () if None in offices else tuple(named.values())
