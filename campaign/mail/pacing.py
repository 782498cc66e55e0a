"""How much a receiver bears: it keeps to itself whose letter has its turn, whoever and however many ask at once.

One budget an office, over all appeals, and one a mail domain, over all offices that share it. A budget has a row,
which a claim locks; what was spent of it is never written down but counted from the letters that had their turn
today. So a letter that comes back unsent has cost nothing, and no counter can drift from the truth.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Boolean, ColumnElement, and_, exists, func, literal_column, or_, select, text, true, update
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
_WAITS = "state IN ('ready', 'deferred') AND paced"
_WAITING = text(f"""
  WITH RECURSIVE found AS (
    (SELECT budget_key FROM message WHERE {_WAITS} ORDER BY budget_key LIMIT 1)
    UNION ALL
    SELECT (SELECT budget_key FROM message WHERE {_WAITS} AND budget_key > found.budget_key
            ORDER BY budget_key LIMIT 1)
    FROM found WHERE budget_key IS NOT NULL
  ) SELECT budget_key FROM found WHERE budget_key IS NOT NULL
""")  # noqa: S608 - from one key to the next in the index, however many letters each has
_STANDING = text("""
  WITH at AS MATERIALIZED (SELECT clock() AS at), now AS (SELECT at, at AT TIME ZONE :zone AS here FROM at)
  SELECT asked.key, per_day, per_hour, opens, closes, mode, blocked,
    slowed_until AT TIME ZONE :zone AS slowed_until, now.here AS now,
    ARRAY(SELECT turn_at AT TIME ZONE :zone FROM message WHERE state = ANY(:had)
          AND (budget_key = asked.key OR recipient_domain = substring(asked.key FROM '^domain:(.*)$'))
          AND turn_at >= date_trunc('day', now.here) AT TIME ZONE :zone ORDER BY turn_at) AS turns
  FROM now, unnest(CAST(:keys AS text[])) AS asked(key) LEFT JOIN budget ON budget.key = asked.key
  ORDER BY asked.key
""")


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
    row = insert(Budget).values(key=key, **_standard(key) | given)
    session.execute(row.on_conflict_do_update(index_elements=["key"], set_=given))


def block(key: str, why: str) -> None:
    """Let nothing go to a key, for this reason unless there is one already, in the caller's transaction."""
    given = {"blocked": func.coalesce(Budget.blocked, why), "changed_at": CLOCK}
    row = insert(Budget).values(key=key, **_standard(key), blocked=why)
    session.execute(row.on_conflict_do_update(index_elements=["key"], set_=given))


def unblock(key: str, why: str) -> None:
    """Let letters go to a key again if this is why none did, in the caller's transaction."""
    blocked = update(Budget).where(Budget.key == key, Budget.blocked == why)
    session.execute(blocked.values(blocked=None, changed_at=CLOCK))


def slow(key: str, lasting: timedelta) -> None:
    """Let nothing go to a key for a while; never sooner than was asked before. Part of the caller's transaction."""
    until = CLOCK + lasting
    row = insert(Budget).values(key=key, **_standard(key), slowed_until=until)
    later = func.greatest(Budget.slowed_until, until)
    session.execute(row.on_conflict_do_update(index_elements=["key"], set_={"slowed_until": later}))


def standings(keys: Iterable[str]) -> dict[str, Standing]:
    """How each of these budgets stands now, also those that never had a letter."""
    asked = {"zone": ZONE, "had": _HAD_TURN, "keys": sorted(set(keys))}
    return {row.key: _standing(row) for row in session.execute(_STANDING, asked)}


def anything_open() -> bool:
    """Whether a letter waits whose office may be written to now."""
    return any(standing.is_open for standing in _waiting().values())


def next_letters(*may_go: ColumnElement[bool], limit: int) -> list[UUID]:
    """Whose turn it is: one letter an office and a domain, until the transaction ends nobody else's.

    ``may_go`` is what else a letter must meet. Offices that waited longest come first.
    """
    offices = _held_open(key for key, standing in _waiting().items() if standing.is_open)
    letters = _oldest(offices, may_go)
    open_domains = {standing.key for standing in _held_open(domain for _, domain in letters)}
    chosen: dict[str, UUID] = {}
    for letter, domain in letters:
        if domain in open_domains:
            chosen.setdefault(domain, letter)
    return list(chosen.values())[:limit]


def welcome() -> ColumnElement[bool]:
    """Whether a letter's office takes it, asked again just before it leaves."""
    unwanted = or_(Budget.blocked.is_not(None), Budget.mode == NONE, _singly_to_one_that_gathers())
    return or_(~Message.paced, ~exists().where(Budget.key == Message.budget_key, unwanted))


def _waiting() -> dict[str, Standing]:
    return standings(session.scalars(_WAITING))


def _held_open(keys: Iterable[str]) -> list[Standing]:
    """Those of the budgets that nobody else holds and that are open, the one longest without a letter first.

    Read again once they are held: what another claim took meanwhile must count.
    """
    wanted = sorted(set(keys))
    if not wanted:
        return []
    rows = [{"key": key} | _standard(key) for key in wanted]
    session.execute(insert(Budget).values(rows).on_conflict_do_nothing())
    lock = select(Budget.key).where(Budget.key.in_(wanted)).order_by(Budget.key).with_for_update(skip_locked=True)
    held = standings(session.scalars(lock).all()).values()
    return sorted((one for one in held if one.is_open), key=lambda one: (one.turns[-1:], one.next_turn, one.key))


def _oldest(offices: Sequence[Standing], may_go: Sequence[ColumnElement[bool]]) -> list[tuple[UUID, str]]:
    """Of each office the letter that goes first, and its domain's key: one tried before, else the oldest."""
    keys = [office.key for office in offices]
    its = (Message.budget_key == Budget.key, literal_column(_WAITS, Boolean), ~_singly_to_one_that_gathers(), *may_go)
    columns = (Message.id, Message.recipient_domain)
    first = select(*columns).where(*its).order_by(Message.state, Message.not_before).limit(1).lateral()
    rows = session.execute(
        select(Budget.key, first.c.id, first.c.recipient_domain).join_from(Budget, first, true())
        .where(Budget.key.in_(keys))
    )  # fmt: skip
    found = {key: (row, f"domain:{domain}") for key, row, domain in rows}
    return [found[key] for key in keys if key in found]


def _singly_to_one_that_gathers() -> ColumnElement[bool]:
    return and_(Budget.mode == GATHERED, Message.kind != GATHERED)


def _standard(key: str) -> dict[str, Any]:
    return asdict(DOMAIN if key.startswith("domain:") else OFFICE)


def _standing(row: Any) -> Standing:
    said = {name: value for name in _standard(row.key) if (value := getattr(row, name)) is not None}
    pace = Pace(**(_standard(row.key) | said))
    return Standing(row.key, pace, row.mode or EACH, row.blocked, row.slowed_until, row.now, tuple(row.turns))
