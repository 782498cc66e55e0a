"""How many messages there are: it keeps to itself that they are counted in one index, without a look at the rows.

So a million cost a tenth of a second of its time once PostgreSQL has vacuumed what changed, which it does by itself
within a minute or two (sooner than elsewhere: migration 0027); until then, some seconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from sqlalchemy import text

from campaign.db import session

_SORT = "state, kind, lane, mode, capture_only"  # as the index has them
_ITS = " AND ".join(f"message.{column} = walk.{column}" for column in _SORT.split(", "))
_TALLY = text(f"""
  WITH RECURSIVE walk AS (
    (SELECT {_SORT} FROM message ORDER BY {_SORT} LIMIT 1)
    UNION ALL
    SELECT next.* FROM walk CROSS JOIN LATERAL (
      SELECT {_SORT} FROM message WHERE ({_SORT}) > (walk.{_SORT.replace(", ", ", walk.")}) ORDER BY {_SORT} LIMIT 1
    ) AS next
  ) SELECT walk.*, of_office.* FROM walk CROSS JOIN LATERAL (
    SELECT budget_key, count(*) AS count, min(created_at) AS oldest FROM message WHERE {_ITS} GROUP BY budget_key
  ) AS of_office ORDER BY lane, kind, state
""")  # noqa: S608 - from one sort to the next in the index: compared once each, not once a message


@dataclass(frozen=True, slots=True)
class Tally:
    """Messages of one sort, and to one office if to any: how many, and when the oldest was put in."""

    state: str
    kind: str
    lane: int
    mode: str
    capture_only: bool
    budget_key: str | None
    count: int
    oldest: datetime


@dataclass(frozen=True, slots=True)
class Total:
    """Messages of one lane, kind and state: how many, and when the oldest was put in."""

    lane: int
    kind: str
    state: str
    count: int
    oldest: datetime


def tally() -> list[Tally]:
    """Every message there is, counted by sort and office; ordered by lane, kind and state."""
    return [Tally(*row) for row in session.execute(_TALLY)]


def totals(counted: Iterable[Tally]) -> Iterator[Total]:
    """The same by lane, kind and state only."""
    for (lane, kind, state), found in groupby(counted, lambda one: (one.lane, one.kind, one.state)):
        those = list(found)
        yield Total(lane, kind, state, sum(one.count for one in those), min(one.oldest for one in those))
