"""How much a receiver bears: it keeps to itself how a budget stands, whoever and however many ask at once.

One budget an office, over all appeals, and one a mail domain, over all offices that share it. A budget has a row,
which a claim locks; what was spent of it is never written down but counted from the letters that had their turn
today. So a letter that comes back unsent has cost nothing, and no counter can drift from the truth.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, or_, text, update
from sqlalchemy.dialects.postgresql import insert

from campaign.db import session
from campaign.mail.models import Budget, Message
from campaign.mail.moving import CLOCK
from campaign.mail.scheduling import DOMAIN, OFFICE, ZONE, Pace, next_turn
from campaign.mail.states import State

EACH, GATHERED, NONE = "each", "digest", "none"
"""What an office chose: every letter, only what is gathered for it (messages of kind ``digest``), or nothing."""

_IN_HAND = {State.LEASED, State.ATTEMPTING, State.DEFERRED, State.UNKNOWN}
_HAD_TURN = sorted(_IN_HAND | {State.ACCEPTED, State.SETTLED, State.FAILED, State.BOUNCED})
_STANDING = text("""
  WITH at AS MATERIALIZED (SELECT clock() AS at), now AS (SELECT at, at AT TIME ZONE :zone AS here FROM at)
  SELECT asked.key, per_day, per_hour, opens, closes, mode, blocked,
    slowed_until AT TIME ZONE :zone AS slowed_until, now.here AS now,
    ARRAY(SELECT turn_at AT TIME ZONE :zone FROM message WHERE state || '' = ANY(:had)
          AND (budget_key = asked.key OR recipient_domain = substring(asked.key FROM '^domain:(.*)$'))
          AND turn_at >= date_trunc('day', now.here) AT TIME ZONE :zone ORDER BY turn_at) AS turns
  FROM now, unnest(CAST(:keys AS text[])) AS asked(key) LEFT JOIN budget ON budget.key = asked.key
  ORDER BY asked.key
""")  # "state || ''", for no index shall be read by state: nearly all messages have had a turn, few today


@dataclass(frozen=True, slots=True)
class Standing:
    """One budget now, in Geneva's time without a zone; ``turns`` are those taken today, oldest first."""

    key: str
    pace: Pace
    mode: str
    blocked: str | None
    slowed_until: datetime | None
    now: datetime
    turns: tuple[datetime, ...]

    @property
    def next_turn(self) -> datetime:
        """From when on the next letter may go, if its office takes any."""
        turn = next_turn(self.pace, self.key, self.turns, self.now)
        return max(turn, self.slowed_until) if self.slowed_until else turn

    @property
    def takes_letters(self) -> bool:
        """Whether single letters may go to it at all."""
        return self.mode == EACH and not self.blocked

    @property
    def is_open(self) -> bool:
        """Whether something may go now."""
        return not self.blocked and self.mode != NONE and self.next_turn <= self.now < self._closing

    @property
    def _closing(self) -> datetime:
        return self.pace.closing(self.now.date())


def office_key(slug: str) -> str:
    """By which budgets and pauses know an office."""
    return f"office:{slug}"


def set_budget(key: str, **values: Any) -> None:
    """Say what a key bears, in the caller's transaction; what is not said stays, or is the standard.

    ``per_day``, ``per_hour``, ``opens`` and ``closes`` (hours in Geneva), ``mode`` (``each``, ``digest``, ``none``),
    ``blocked`` (why nothing may go to it; None: it may). Obeyed from the next claim on.
    """
    given = values | {"changed_at": CLOCK}
    row = insert(Budget).values(key=key, **standard(key) | given)
    session.execute(row.on_conflict_do_update(index_elements=["key"], set_=given))


def block(key: str, why: str) -> None:
    """Let nothing go to a key, for this reason unless there is one already, in the caller's transaction."""
    given = {"blocked": func.coalesce(Budget.blocked, why), "changed_at": CLOCK}
    row = insert(Budget).values(key=key, **standard(key), blocked=why)
    session.execute(row.on_conflict_do_update(index_elements=["key"], set_=given))


def unblock(key: str, why: str) -> None:
    """Let letters go to a key again if this is why none did, in the caller's transaction."""
    blocked = update(Budget).where(Budget.key == key, Budget.blocked == why)
    session.execute(blocked.values(blocked=None, changed_at=CLOCK))


def slow(key: str, lasting: timedelta) -> None:
    """Let nothing go to a key for a while; never sooner than was asked before. Part of the caller's transaction."""
    until = CLOCK + lasting
    row = insert(Budget).values(key=key, **standard(key), slowed_until=until)
    later = func.greatest(Budget.slowed_until, until)
    session.execute(row.on_conflict_do_update(index_elements=["key"], set_={"slowed_until": later}))


def standings(keys: Iterable[str]) -> dict[str, Standing]:
    """How each of these budgets stands now, also those that never had a letter."""
    asked = {"zone": ZONE, "had": _HAD_TURN, "keys": sorted(set(keys))}
    return {row.key: _standing(row) for row in session.execute(_STANDING, asked)}


def welcome() -> ColumnElement[bool]:
    """Whether a letter's office takes it, asked again just before it leaves."""
    unwanted = or_(Budget.blocked.is_not(None), Budget.mode == NONE, singly_to_one_that_gathers())
    return or_(~Message.paced, ~exists().where(Budget.key == Message.budget_key, unwanted))


def singly_to_one_that_gathers() -> ColumnElement[bool]:
    """Whether a letter would go alone to an office that takes only what is gathered for it."""
    return and_(Budget.mode == GATHERED, Message.kind != GATHERED)


def standard(key: str) -> dict[str, Any]:
    """What a key bears of which nobody said anything."""
    return asdict(DOMAIN if key.startswith("domain:") else OFFICE)


def _standing(row: Any) -> Standing:
    said = {name: value for name in standard(row.key) if (value := getattr(row, name)) is not None}
    pace = Pace(**(standard(row.key) | said))
    return Standing(row.key, pace, row.mode or EACH, row.blocked, row.slowed_until, row.now, tuple(row.turns))
