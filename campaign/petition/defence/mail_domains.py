"""Mail domains that take no mail: it keeps to itself how DNS is asked about them, and for how long an answer is good.

The worker asks after somebody has signed, never while they wait. A domain without mail makes nobody's signature count
less by itself, since nobody can confirm with it anyway: it weighs a little (``weights``) for those who come with it
next, so that a crowd of them is seen. No answer says nothing. A demonstration asks nobody: nothing leaves it.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import structlog
from dns.resolver import Resolver
from flask import current_app
from redis.exceptions import RedisError
from sqlalchemy import literal, select

from campaign import limits
from campaign.db import clock, session
from campaign.mail import looking_up, transports
from campaign.mail.providers import LARGE
from campaign.petition.defence.crowds import NO_MAIL
from campaign.petition.ending import opened
from campaign.petition.models import Signature

log = structlog.get_logger()
_LATELY = timedelta(minutes=10)
_NEWEST = 500  # submissions that are looked at, and
_AT_ONCE = 40  # domains that are asked about, each time
_GOOD_FOR = {True: 7 * 86400, False: 3600, None: 600}  # seconds: who sets up a domain now is not told off for days


def ask(resolver: Resolver | None = None) -> int:
    """Ask about the domains of those who signed lately, unless their answer is known; how many were asked about."""
    if transports.mode(current_app) != transports.LIVE:
        return 0
    try:
        unknown = _unknown(_recent())
        with ThreadPoolExecutor(8) as pool:
            answers = pool.map(lambda domain: looking_up.takes_mail(domain, resolver), unknown.values())
            for recorded, takes in zip(unknown, answers, strict=True):
                _remember(recorded, takes)
    except RedisError as error:
        log.warning("domains.not_asked", error=type(error).__name__)
        return 0
    return len(unknown)


def _recent() -> dict[str, str]:
    """The domains of the newest submissions, by what stands for them on a row."""
    waiting = Signature.state == literal("pending", literal_execute=True)
    lately = Signature.created_at > select(clock() - _LATELY).scalar_subquery()
    newest = select(Signature).where(waiting, lately).order_by(Signature.created_at.desc()).limit(_NEWEST)
    rows = {row.domain: row for row in session.scalars(newest) if row.domain and row.domain not in LARGE}
    session.rollback()
    return {domain: str(opened(row).get("email", "")).rpartition("@")[2] for domain, row in rows.items()}


def _unknown(domains: dict[str, str]) -> dict[str, str]:
    known = limits.redis().mget([f"mail asked:{recorded}" for recorded in domains]) if domains else []
    unknown = [recorded for recorded, answer in zip(domains, known, strict=True) if answer is None]
    return {recorded: domains[recorded] for recorded in unknown[:_AT_ONCE]}


def _remember(recorded: str, takes: bool | None) -> None:
    limits.redis().set(f"mail asked:{recorded}", 1, ex=_GOOD_FOR[takes])
    if takes is False:
        limits.redis().set(f"{NO_MAIL}:{recorded}", 1, ex=_GOOD_FOR[False])
    elif takes:
        limits.redis().delete(f"{NO_MAIL}:{recorded}")
