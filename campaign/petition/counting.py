"""How many have signed: it keeps to itself how what changed becomes a number that is exact whatever dies when.

A trigger writes each change of what counts as a row of ``tally_change``. Folding moves those rows into
``tally`` in one statement: whoever folds at the same moment takes other rows, and a folder that dies leaves
all as it was. The published count adds what is not folded yet, so it waits for no worker.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime
from math import floor
from uuid import UUID

import structlog
from sqlalchemy import text

from campaign.appeals.models import Appeal
from campaign.db import only_one, session
from campaign.organisers import audit
from campaign.petition.surge.standing import standing, surge_is_on

log = structlog.get_logger()

STEPS = (50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000)
NEARLY = 0.85  # of a milestone reached: the next one is shown
KNOWN, RARE = 500, 0.02  # signatures from which on the mix of countries says something; a part of them
FEW = 5  # a country with fewer signers is not named
_FRESH = 1.0  # seconds that this process keeps a count, and
_FRESH_IN_SURGE = 10.0  # in surge mode

_TOLD = """
  SELECT appeal_id, country, signatures AS n FROM tally
  UNION ALL SELECT appeal_id, country, change FROM tally_change
"""
_READ = text(f"""
  SELECT country, sum(n), coalesce((SELECT signatures FROM tally_peak WHERE appeal_id = :appeal), 0)
  FROM ({_TOLD}) AS told WHERE appeal_id = :appeal GROUP BY country
""")  # noqa: S608 - our own words only
# A change may outlive its appeal; ordered, so that two folders never wait for each other in a circle.
_FOLD = text("""
  WITH taken AS (
    DELETE FROM tally_change WHERE id IN (SELECT id FROM tally_change LIMIT 50000 FOR UPDATE SKIP LOCKED)
    RETURNING appeal_id, country, change
  )
  INSERT INTO tally AS t (appeal_id, country, signatures)
  SELECT appeal_id, country, sum(change) FROM taken
  WHERE EXISTS (SELECT FROM appeal WHERE appeal.id = appeal_id)
  GROUP BY appeal_id, country ORDER BY appeal_id, country
  ON CONFLICT (appeal_id, country) DO UPDATE SET signatures = t.signatures + excluded.signatures
""")
_PEAK = text("""
  INSERT INTO tally_peak AS p (appeal_id, signatures)
  SELECT appeal_id, sum(signatures) FROM tally GROUP BY appeal_id ORDER BY appeal_id
  ON CONFLICT (appeal_id) DO UPDATE SET signatures = excluded.signatures WHERE excluded.signatures > p.signatures
""")
_CORRECT = text(f"""
  WITH truth AS (
    SELECT appeal_id, coalesce(country, '') AS country, count(*) AS n
    FROM signature WHERE state = 'confirmed' AND held_at IS NULL GROUP BY 1, 2
  ), told AS (SELECT appeal_id, country, sum(n) AS n FROM ({_TOLD}) AS all_of_it GROUP BY 1, 2)
  INSERT INTO tally_change (appeal_id, country, change)
  SELECT appeal_id, country, coalesce(truth.n, 0) - coalesce(told.n, 0)
  FROM truth FULL JOIN told USING (appeal_id, country) WHERE coalesce(truth.n, 0) <> coalesce(told.n, 0)
  RETURNING appeal_id, change
""")  # noqa: S608 - our own words only


@dataclass(frozen=True, slots=True)
class Count:
    """What counts for one appeal: by country (``""`` not said), and the most it ever was."""

    by_country: dict[str, int]
    peak: int

    @property
    def total(self) -> int:
        """Confirmed signatures that are not held."""
        return sum(self.by_country.values())


@dataclass(frozen=True, slots=True)
class Countries:
    """From where: (ISO code, number) from the largest, countries of fewer than five folded into ``elsewhere``.

    ``as_of``: when that was so, in surge mode; None: now.
    """

    named: tuple[tuple[str, int], ...]
    elsewhere: int
    unsaid: int
    as_of: datetime | None


_kept: dict[UUID, tuple[float, Count]] = {}


def count(appeal: Appeal) -> int:
    """The published number of signatures, at most a second old, in surge mode ten."""
    return counted(appeal).total


def counted(appeal: Appeal) -> Count:
    """The published count, at most a second old, in surge mode ten."""
    until, known = _kept.get(appeal.id, (0.0, None))
    if known is None or until < time.monotonic():
        known = tally(appeal.id)
        fresh = _FRESH_IN_SURGE if surge_is_on(appeal) else _FRESH
        _kept[appeal.id] = (time.monotonic() + fresh, known)
    return known


def tally(appeal_id: UUID) -> Count:
    """The count as the database has it at this moment."""
    rows = session.execute(_READ, {"appeal": appeal_id}).all()
    by_country = {country: int(n) for country, n, _ in rows if n}
    return Count(by_country, max((peak for _, _, peak in rows), default=0))


def countries(appeal: Appeal) -> Countries:
    """From where people signed, as far as that points at nobody; in surge mode as it was when that began."""
    surge = standing(appeal)
    by_country = surge.by_country if surge else counted(appeal).by_country
    said = {c: n for c, n in by_country.items() if c}
    named = sorted(((c, n) for c, n in said.items() if n >= FEW), key=lambda pair: (-pair[1], pair[0]))
    elsewhere = sum(said.values()) - sum(n for _, n in named)
    return Countries(tuple(named), elsewhere, by_country.get("", 0), surge.began_at if surge else None)


def is_rare(appeal: Appeal, country: str) -> bool:
    """Whether hardly anybody signed from this country so far, where so many signed that this says something."""
    count = counted(appeal)
    return count.total >= KNOWN and count.by_country.get(country, 0) < RARE * count.total


def goal(appeal: Appeal, steps: tuple[int, ...] = STEPS) -> int:
    """The milestone to show for an appeal: it grows with the count and never moves back."""
    now = counted(appeal)
    return milestone(max(now.total, now.peak), steps)


def milestone(signatures: int, steps: tuple[int, ...] = STEPS) -> int:
    """The first of ``steps`` that is not nearly (85 %) reached; past the last one, its next multiple."""
    reach = floor(signatures / NEARLY)
    return next((step for step in steps if step > reach), (reach // steps[-1] + 1) * steps[-1])


def fold() -> int:
    """Move what changed into the tally; the number of tally rows touched. Exact whatever runs beside it."""
    touched = session.connection().execute(_FOLD).rowcount
    if touched:
        session.execute(_PEAK)
    session.commit()
    return touched


def reconcile() -> int:
    """Compare with a full count, correct and note what differs; the number of differences, 0 when all is well."""
    with only_one("petition.reconcile") as alone:
        differences = session.execute(_CORRECT).all() if alone else []
    for appeal_id, change in differences:
        appeal = session.get(Appeal, appeal_id)
        audit.record("count.corrected", f"appeal {appeal.slug if appeal else ''}", actor="system", signatures=change)
    session.commit()
    for appeal_id, change in differences:
        log.error("tally.differed", appeal=str(appeal_id), change=change)
    return len(differences)
