"""Counting crowds: it keeps to itself the counters in Redis, which expire, and what happens without them.

Each counter is named by a keyed hash and ends with its window, so that nobody is remembered. One round trip for all
that are counted at the same moment; when Redis is down there are no crowds, a log line says so, and the signature is
taken like any other.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from functools import cache
from typing import NamedTuple
from uuid import UUID

import structlog
from redis import Redis
from redis.commands.core import Script
from redis.exceptions import RedisError

from campaign import limits
from campaign.petition.defence.weights import DAY, MONTH, NEW, SIGNALS

log = structlog.get_logger()
NO_MAIL = "no mail"  # what a key of a recorded domain begins with that takes none (``mail_domains``)
# KEYS: counters, then keys that keep since when a domain is known, then as many that stand where a domain takes no
# mail. ARGV: the counters' lives in seconds, then how long a domain is known, then now.
_COUNT = """
local said, life, now, counters = {}, ARGV[#ARGV - 1], ARGV[#ARGV], #ARGV - 2
local domains = (#KEYS - counters) / 2
for i = 1, counters do
  said[i] = redis.call('INCR', KEYS[i])
  if said[i] == 1 then redis.call('EXPIRE', KEYS[i], ARGV[i]) end
end
for i = counters + 1, counters + domains do
  said[i] = redis.call('SET', KEYS[i], now, 'NX', 'GET') or now
  redis.call('EXPIRE', KEYS[i], life)
  said[i + domains] = redis.call('EXISTS', KEYS[i + domains])
end
return table.concat(said, ' ')
"""


class Counted(NamedTuple):
    """What is counted of one submission: crowds with their lengths in seconds, the names of their counters in the
    same order, its domain as it is recorded, and when (seconds since 1970)."""

    kinds: Sequence[tuple[str, int]]
    counters: Sequence[str]
    domain: str
    at: int


def counted(appeal_id: UUID, who: Mapping[str, str]) -> Counted:
    """``who`` gives a keyed hash for what can be counted of a submission: ``network`` or ``onion``, ``domain``,
    ``name``; and what is nobody's: ``country`` (where it is rare), ``unproved``."""
    now = int(time.time())
    kinds = _of(*who)
    keys = [_key(appeal_id, kind, seconds, who[kind], now) for kind, seconds in kinds]
    return Counted(kinds, keys, who.get("domain", ""), now)


def reasons(all_of_them: Sequence[Counted]) -> list[list[str]]:
    """Count submissions, and name the crowds that each is part of, by the codes of ``weights``."""
    if not all_of_them:
        return []
    try:
        return [_reasons(*one) for one in zip(all_of_them, _count(all_of_them), strict=True)]
    except RedisError as error:
        log.warning("defence.open", error=type(error).__name__)
        return [[] for _one in all_of_them]


def _reasons(one: Counted, said: Sequence[int]) -> list[str]:
    *counts, known_since, mailless = said
    size = dict(zip(one.kinds, counts, strict=True))
    crowded = [code for code, of in SIGNALS.items() if size.get((of.crowd, of.seconds), 0) > of.most]
    crowded = [code for code in crowded if code not in NEW or one.at - known_since < DAY]
    return [*crowded, "no_mail"] if mailless else crowded


def _count(all_of_them: Sequence[Counted]) -> list[list[int]]:
    """Of each its counts, since when its domain is known, and whether (1) it is known to take no mail."""
    counters = [name for one in all_of_them for name in one.counters]
    lives = [seconds for one in all_of_them for _kind, seconds in one.kinds]
    domains = [f"{about}:{one.domain}" for about in ("domain known", NO_MAIL) for one in all_of_them]
    said = _script(limits.redis())([*counters, *domains], [*lives, MONTH, int(time.time())])
    numbers = iter([int(word) for word in said.split()])  # one line: redis-py reads it in half the time of a list
    counts = [[next(numbers) for _name in one.counters] for one in all_of_them]
    about = [next(numbers) for _one in range(2 * len(all_of_them))]
    known, mailless = about[: len(all_of_them)], about[len(all_of_them) :]
    return [[*own, known[n], mailless[n]] for n, own in enumerate(counts)]


@cache
def _script(redis: Redis) -> Script:
    return redis.register_script(_COUNT)


@cache
def _of(*kinds: str) -> list[tuple[str, int]]:
    """Every crowd of these kinds with a length of time; signals that differ in number only share its counter."""
    return sorted({(one.crowd, one.seconds) for one in SIGNALS.values() if one.crowd in kinds})


def _key(appeal_id: UUID, kind: str, seconds: int, who: str, now: int) -> str:
    return f"crowd:{appeal_id.hex}:{kind}:{seconds}:{who}:{now // seconds}"
