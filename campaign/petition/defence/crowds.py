"""Counting crowds: it keeps to itself the counters in Redis, which expire, and what happens without them.

Each counter is named by a keyed hash and ends with its window, so that nobody is remembered. One round trip; when
Redis is down there are no crowds, a log line says so, and the signature is taken like any other.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from uuid import UUID

import structlog
from redis.exceptions import RedisError

from campaign import limits
from campaign.petition.defence.weights import DAY, MONTH, NEW, SIGNALS, Signal

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
counts[#KEYS] = tonumber(redis.call('GET', KEYS[#KEYS]))
return counts
"""


def reasons(appeal_id: UUID, who: Mapping[str, str]) -> list[str]:
    """Count one submission and name the crowds that it is part of, by the codes of ``weights``.

    ``who`` gives a keyed hash for what can be counted of it: ``network`` or ``onion``, ``domain``, ``name``.
    """
    counted = {code: signal for code, signal in SIGNALS.items() if signal.crowd in who}
    now = int(time.time())
    keys = [_key(appeal_id, signal, who[signal.crowd], now) for signal in counted.values()]
    lives = [signal.seconds for signal in counted.values()]
    try:
        count = limits.redis().register_script(_COUNT)
        *counts, known_since = count([*keys, f"domain known:{who.get('domain', '')}"], [*lives, MONTH, now])
    except RedisError as error:
        log.warning("defence.open", error=type(error).__name__)
        return []
    crowded = [code for (code, signal), n in zip(counted.items(), counts, strict=True) if n > signal.most]
    return [code for code in crowded if code not in NEW or now - known_since < DAY]


def _key(appeal_id: UUID, signal: Signal, who: str, now: int) -> str:
    """Signals that count the same crowd for as long share a counter's name, but for their place in the table."""
    return f"crowd:{appeal_id.hex}:{signal.crowd}:{signal.seconds}:{signal.most}:{who}:{now // signal.seconds}"
