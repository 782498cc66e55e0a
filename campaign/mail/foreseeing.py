"""The forecast of the queue as it stands: it keeps to itself how waiting letters are counted by office and domain."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date

from sqlalchemy import text

from campaign.db import session
from campaign.mail import pacing
from campaign.mail.addresses import recorded_domain
from campaign.mail.forecasting import Domain, Outlook, Queue, forecast
from campaign.mail.states import LETTERS, State
from campaign.mail.tallying import Tally, tally
from campaign.mail.transports import LIVE

_DOMAINS = text("""
  SELECT asked.key, (
    SELECT recipient_domain FROM message WHERE budget_key = asked.key AND state IN ('ready', 'deferred') AND paced
    ORDER BY pause_keys DESC LIMIT 1
  ) AS domain FROM unnest(CAST(:keys AS text[])) AS asked(key)
""")


def foresee(offices: Mapping[str, str | None], *, before: date | None = None, more: int = 0) -> dict[str, Outlook]:
    """The outlook of these offices at today's budgets, with all other queues that share their domains in view.

    ``offices`` are budget keys, each with the mail domain it is written to at; those of which none is known are
    reckoned as if they shared one, as secretariats do. What is held counts as if it were let go now.
    ``more`` is how many letters to each of them to reckon with besides.
    """
    waiting = _waiting()
    for key, domain in offices.items():
        n, known = waiting.get(key, (0, None))
        waiting[key] = (n + more, recorded_domain(domain) if domain else known)
    domains = {f"domain:{domain}" for _, domain in waiting.values()}
    standings = pacing.standings({*waiting, *domains})
    queues = [_queue(standings[key], n, f"domain:{domain}") for key, (n, domain) in waiting.items()]
    bear = {key: Domain(standings[key].pace, len(standings[key].turns)) for key in domains}
    found = forecast(queues, bear, next(iter(standings.values())).now, before) if queues else {}
    return {key: found[key] for key in offices}


def _waiting() -> dict[str, tuple[int, str | None]]:
    """By office how many letters wait, and the domain that one of them goes to; what is held goes to none yet."""
    found: Counter[str] = Counter()
    for one in tally():
        if one.budget_key and ((one.state == State.HELD and one.kind != pacing.GATHERED) or _is_in_turn(one)):
            found[one.budget_key] += one.count
    domains = {row.key: row.domain for row in session.execute(_DOMAINS, {"keys": list(found)})}
    return {key: (n, domains[key]) for key, n in found.items()}


def _is_in_turn(one: Tally) -> bool:
    return one.state in {State.READY, State.DEFERRED} and one.lane == LETTERS and one.mode == LIVE


def _queue(standing: pacing.Standing, waiting: int, domain: str) -> Queue:
    return Queue(standing.key, domain, waiting, standing.pace, len(standing.turns), standing.takes_letters)
