"""The forecast of the queue as it stands: it keeps to itself how waiting letters are counted by office and domain."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from sqlalchemy import text

from campaign.db import session
from campaign.mail import pacing
from campaign.mail.addresses import recorded_domain
from campaign.mail.forecasting import Domain, Outlook, Queue, forecast

_WAITING = text("""
  SELECT budget_key, sum(n) AS n, max(domain) AS domain FROM (
    SELECT budget_key, count(*) AS n, max(recipient_domain) AS domain FROM message
    WHERE state IN ('ready', 'deferred') AND paced GROUP BY budget_key
    UNION ALL
    SELECT budget_key, count(*), NULL FROM message
    WHERE state = 'held' AND kind <> 'digest' AND budget_key IS NOT NULL GROUP BY budget_key
  ) AS waiting GROUP BY budget_key
""")


def foresee(offices: Mapping[str, str | None], *, before: date | None = None, more: int = 0) -> dict[str, Outlook]:
    """The outlook of these offices at today's budgets, with all other queues that share their domains in view.

    ``offices`` are budget keys, each with the mail domain it is written to at; those of which none is known are
    reckoned as if they shared one, as secretariats do. What is held counts as if it were let go now.
    ``more`` is how many letters to each of them to reckon with besides.
    """
    waiting = {row.budget_key: (int(row.n), row.domain) for row in session.execute(_WAITING)}
    for key, domain in offices.items():
        n, known = waiting.get(key, (0, None))
        waiting[key] = (n + more, recorded_domain(domain) if domain else known)
    domains = {f"domain:{domain}" for _, domain in waiting.values()}
    standings = pacing.standings({*waiting, *domains})
    queues = [_queue(standings[key], n, f"domain:{domain}") for key, (n, domain) in waiting.items()]
    bear = {key: Domain(standings[key].pace, len(standings[key].turns)) for key in domains}
    found = forecast(queues, bear, next(iter(standings.values())).now, before) if queues else {}
    return {key: found[key] for key in offices}


def _queue(standing: pacing.Standing, waiting: int, domain: str) -> Queue:
    return Queue(standing.key, domain, waiting, standing.pace, len(standing.turns), standing.takes_letters)
