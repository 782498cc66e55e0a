"""Where an appeal stands, in numbers for its organisers: it keeps to itself how they are counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import text

from campaign.appeals.models import Appeal
from campaign.db import session
from campaign.petition import counting

DAYS = 30
_LARGEST = 12  # countries shown by name

_STANDING = text("""
  SELECT (SELECT count(*) FROM signature WHERE appeal_id = :appeal AND state = 'pending') AS pending,
    count(*) FILTER (WHERE held_at IS NULL AND (confirmed_at AT TIME ZONE 'UTC')::date
      = (clock() AT TIME ZONE 'UTC')::date) AS today,
    count(*) FILTER (WHERE held_at IS NOT NULL) AS held,
    count(*) FILTER (WHERE origin = 'demo') AS synthetic
  FROM signature WHERE appeal_id = :appeal AND state = 'confirmed'
""")
_BY_DAY = text("""
  WITH today AS (SELECT (clock() AT TIME ZONE 'UTC')::date AS day), told AS (
    SELECT (confirmed_at AT TIME ZONE 'UTC')::date AS day, count(*) AS n FROM signature
    WHERE appeal_id = :appeal AND state = 'confirmed' AND held_at IS NULL
      AND confirmed_at > (SELECT clock()) - make_interval(days => :days + 1)
    GROUP BY 1
  )
  SELECT series::date, coalesce(n, 0) FROM today, generate_series(today.day - :days + 1, today.day, '1 day') AS series
  LEFT JOIN told ON told.day = series::date ORDER BY 1 DESC
""")


@dataclass(frozen=True, slots=True)
class Standing:
    """Signatures of one appeal now. ``synthetic`` ones are part of ``confirmed``."""

    confirmed: int
    today: int
    pending: int
    held: int
    synthetic: int


def standing(appeal: Appeal) -> Standing:
    """How many signatures, in which states."""
    row = session.execute(_STANDING, {"appeal": appeal.id}).one()
    confirmed = counting.tally(appeal.id).total
    return Standing(confirmed, row.today, row.pending, row.held, row.synthetic)


def by_day(appeal: Appeal) -> Sequence[tuple[date, int]]:
    """Confirmed signatures on each of the last 30 days (UTC), newest first, empty days too."""
    return [(day, n) for day, n in session.execute(_BY_DAY, {"appeal": appeal.id, "days": DAYS})]


def by_country(appeal: Appeal) -> tuple[list[tuple[str, int]], int, int]:
    """(ISO code, number) of the twelve largest countries; how many elsewhere; how many did not say.

    Fewer than five from one country count as elsewhere, here too: the desk is a screen that others see.
    """
    countries = counting.countries(appeal)
    shown, rest = list(countries.named[:_LARGEST]), countries.named[_LARGEST:]
    return shown, countries.elsewhere + sum(n for _, n in rest), countries.unsaid
