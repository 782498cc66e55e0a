"""What is going on, for whoever decides: it keeps to itself how submissions are grouped by what they share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import text

from campaign.appeals.models import Appeal
from campaign.db import session

DAYS = 14
_GROUPS = """
  SELECT kind, value, signatures, confirmed, held FROM (
    SELECT kind, value, count(*) AS signatures, count(*) FILTER (WHERE state = 'confirmed') AS confirmed,
      count(*) FILTER (WHERE held_at IS NOT NULL) AS held,
      row_number() OVER (PARTITION BY kind ORDER BY count(*) DESC, value DESC) AS place
    FROM signature, LATERAL (
      SELECT 'reason', unnest(held_reasons) WHERE held_at IS NOT NULL
      UNION ALL SELECT 'domain', domain
      UNION ALL SELECT 'network', network
      UNION ALL SELECT 'both', domain || ' ' || network
      UNION ALL SELECT 'hour', to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:00')
    ) AS shared(kind, value)
    WHERE appeal_id = :appeal AND state IN ('pending', 'confirmed') AND value IS NOT NULL AND {which}
    GROUP BY kind, value HAVING kind <> 'both' OR count(*) > 1
  ) AS grouped WHERE place <= 12 ORDER BY kind, place
"""
_HELD = text(_GROUPS.format(which="held_at IS NOT NULL"))
_RECENT = text(_GROUPS.format(which="created_at > (SELECT clock()) - interval '7 days'"))
_BY_DAY = text("""
  WITH told AS (
    SELECT held_at AS at, 1 AS held, 0 AS released, 0 AS invalidated FROM signature
    WHERE appeal_id = :appeal AND held_at IS NOT NULL
    UNION ALL
    SELECT r.held_at, 1, 0, 0 FROM decision_row AS r JOIN decision AS d ON d.id = decision_id
    WHERE appeal_id = :appeal AND what = 'release'
    UNION ALL
    SELECT at, 0, (what = 'release')::int, (what = 'invalidate')::int
    FROM decision_row JOIN decision AS d ON d.id = decision_id WHERE appeal_id = :appeal
  )
  SELECT (at AT TIME ZONE 'UTC')::date AS day, sum(held)::int, sum(released)::int, sum(invalidated)::int FROM told
  WHERE at > clock() - make_interval(days => :days) GROUP BY 1 ORDER BY 1 DESC
""")
_OUTCOMES = text("""
  SELECT coalesce(reason, '') AS reason, count(*) FILTER (WHERE what = 'release') AS released, count(*) AS decided
  FROM decision_row AS r JOIN decision AS d ON d.id = decision_id, unnest(r.held_reasons || '{""}') AS reason
  WHERE appeal_id = :appeal AND r.held_at IS NOT NULL GROUP BY 1 ORDER BY decided DESC, reason
""")


@dataclass(frozen=True, slots=True)
class Group:
    """Submissions that share a ``reason``, ``domain``, ``network``, ``both`` of these (a blank between them) or an
    ``hour`` (UTC, "2026-11-24T08:00")."""

    kind: str
    value: str
    signatures: int
    confirmed: int
    held: int

    @property
    def asked(self) -> dict[str, str]:
        """The fields of ``SelectionForm`` that ask for it."""
        if self.kind == "both":
            return dict(zip(("domain", "network"), self.value.split(), strict=True))
        if self.kind != "hour":
            return {self.kind: self.value}
        until = datetime.fromisoformat(self.value) + timedelta(hours=1)
        return {"since": self.value, "until": until.isoformat(timespec="minutes")}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What organisers decided of those held for a reason (``""``: any): how many, and how many were released."""

    reason: str
    released: int
    decided: int

    @property
    def released_percent(self) -> int:
        """Of a hundred that were held and decided, how many turned out to be honest."""
        return round(100 * self.released / self.decided)


def held(appeal: Appeal) -> dict[str, list[Group]]:
    """Those that wait for a look, by kind, the largest groups first."""
    return _grouped(_HELD, appeal)


def trending(appeal: Appeal) -> dict[str, list[Group]]:
    """What came within seven days, held or not, by kind, the largest groups first."""
    return _grouped(_RECENT, appeal)


def by_day(appeal: Appeal) -> Sequence[tuple[date, int, int, int]]:
    """(day in UTC, held, released, invalidated) of two weeks, newest first."""
    return [(day, *n) for day, *n in session.execute(_BY_DAY, {"appeal": appeal.id, "days": DAYS})]


def outcomes(appeal: Appeal) -> list[Outcome]:
    """What became of those that were held, by reason; first of them all together."""
    rows = session.execute(_OUTCOMES, {"appeal": appeal.id})
    return sorted((Outcome(*row) for row in rows), key=lambda one: one.reason != "")


def _grouped(question: Any, appeal: Appeal) -> dict[str, list[Group]]:
    groups: dict[str, list[Group]] = {"reason": [], "both": [], "domain": [], "network": [], "hour": []}
    for row in session.execute(question, {"appeal": appeal.id}):
        groups[row.kind].append(Group(*row))
    return groups
