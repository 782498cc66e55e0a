"""Counting crowds: it keeps to itself the counters in Redis, which expire, and what happens without them.

Each counter is named by a keyed hash and ends with its window, so that nobody is remembered. One round trip; when
Redis is down there are no crowds, a log line says so, and the signature is taken like any other.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from functools import cache
from uuid import UUID

import structlog
from redis.exceptions import RedisError

from campaign import limits
from campaign.petition.defence.weights import DAY, MONTH, NEW, SIGNALS

log = structlog.get_logger()
# KEYS: counters, then the key that keeps since when a domain is known. ARGV: their lives in seconds, then now.
_COUNT = """
local counts = {}
for i = 1, #KEYS - 1 do
  counts[i] = redis.call('INCR', KEYS[i])
  if counts[i] == 1 then redis.call('EXPIRE', KEYS[i], ARGV[i]) end
end
redis.call('SET', KEYS[#KEYS], ARGV[#ARGV], 'NX')
redis.call('EXPIRE', KEYS[#KEYS], ARGV[#KEYS])
counts[#KEYS] = redis.call('GET', KEYS[#KEYS])
return table.concat(counts, ' ')
"""


def reasons(appeal_id: UUID, who: Mapping[str, str]) -> list[str]:
    """Count one submission and name the crowds that it is part of, by the codes of ``weights``.

    ``who`` gives a keyed hash for what can be counted of it: ``network`` or ``onion``, ``domain``, ``name``.
    """
    now = int(time.time())
    counters = {(kind, seconds): _key(appeal_id, kind, seconds, who[kind], now) for kind, seconds in _of(*who)}
    lives = [seconds for _kind, seconds in counters]
    try:
        count = limits.redis().register_script(_COUNT)
        said = count([*counters.values(), f"domain known:{who.get('domain', '')}"], [*lives, MONTH, now])
    except RedisError as error:
        log.warning("defence.open", error=type(error).__name__)
        return []
    *counts, known_since = map(int, said.split())  # one line: redis-py reads it in half the time of a list
    size = dict(zip(counters, counts, strict=True))
    crowded = [code for code, one in SIGNALS.items() if size.get((one.crowd, one.seconds), 0) > one.most]
    return [code for code in crowded if code not in NEW or now - known_since < DAY]


@cache
def _of(*kinds: str) -> list[tuple[str, int]]:
    """Every crowd of these kinds with a length of time; signals that differ in number only share its counter."""
    return sorted({(one.crowd, one.seconds) for one in SIGNALS.values() if one.crowd in kinds})


def _key(appeal_id: UUID, kind: str, seconds: int, who: str, now: int) -> str:
    return f"crowd:{appeal_id.hex}:{kind}:{seconds}:{who}:{now // seconds}"
