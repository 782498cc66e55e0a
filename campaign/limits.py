"""How often somebody may try: it keeps to itself where a visitor is counted, and forgets them.

Nobody's address is kept: what is counted is a keyed hash of its prefix (/24, or /48 for IPv6), in Redis, with
expiry. The key is drawn by chance each day and lives in Redis and in the processes only: two days later nobody can
tell whose hash it was. When Redis is down a limit lets people through and says so in the log: signing never
depends on it, and mail has caps of its own in the database.
"""

from __future__ import annotations

import hmac
import ipaddress
import secrets
import time
from urllib.parse import urlsplit

import structlog
from flask import Flask, current_app, request
from limits import parse
from limits.errors import StorageError
from limits.storage import RedisStorage
from limits.strategies import SlidingWindowCounterRateLimiter
from redis import Redis
from redis.exceptions import RedisError

log = structlog.get_logger()
_PATIENCE = 0.2  # seconds: somebody who signs waits for a broker that hangs no longer than that
_DAY = 24 * 3600
_WITHOUT_REDIS = 10  # seconds that a process goes on with a key of its own before it asks again


def init_app(app: Flask) -> None:
    """Open the counters in the app's Redis; connections are made at first use."""
    url = app.config["REDIS_URL"]
    client = Redis.from_url(url, socket_timeout=_PATIENCE, socket_connect_timeout=_PATIENCE)
    storage = RedisStorage("redis://", connection_pool=client.connection_pool, wrap_exceptions=True)
    app.extensions["redis"] = client
    app.extensions["network key"] = (b"", 0.0)
    app.extensions["limiter"] = SlidingWindowCounterRateLimiter(storage)


def allows(rate: str, *about: str) -> bool:
    """Count one try of ``about`` and say whether it is within ``rate`` ("5/minute")."""
    limiter: SlidingWindowCounterRateLimiter = current_app.extensions["limiter"]
    try:
        return limiter.hit(parse(rate), *about)
    except (RedisError, StorageError) as error:
        log.warning("limits.open", about=about[0], error=type(error).__name__)
        return True


def visitor() -> str:
    """Today's keyed hash of where the request comes from: 32 hexadecimal characters, useless tomorrow."""
    return network(request.remote_addr or "")


def network(address: str) -> str:
    """``visitor`` for an address, where there is no request."""
    return of_today(_prefix(address))


def of_today(*said: str) -> str:
    """The day's keyed hash of some words: 32 hexadecimal characters, which say nothing two days later."""
    return hmac.digest(_key_of_today(), "\0".join(said).encode(), "sha256").hex()[:32]


def by_onion() -> bool:
    """Whether the request came by our onion address: through a proxy on this machine, from nobody in particular."""
    return is_onion(request.host, request.remote_addr or "")


def is_onion(host: str, address: str) -> bool:
    """``by_onion`` for a host and an address, where there is no request."""
    onion = urlsplit(current_app.config["ONION_URL"]).netloc
    return bool(onion) and host == onion and _is_loopback(address)


def redis() -> Redis:
    """The app's Redis, for what may be forgotten at any moment."""
    client: Redis = current_app.extensions["redis"]
    return client


def _prefix(address: str) -> str:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    kept = 24 if found.version == 4 else 48  # bits
    return f"{found.version} {int(found) >> (found.max_prefixlen - kept):x}"


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def _key_of_today() -> bytes:
    """The key that all processes share today."""
    key, until = current_app.extensions["network key"]
    now = time.time()
    if now >= until:
        key, until = _drawn(int(now) // _DAY)
        current_app.extensions["network key"] = key, until
    return key  # type: ignore[no-any-return] # redis-py types answers for its asynchronous client too


def _drawn(day: int) -> tuple[bytes, float]:
    """The day's key, and until when it may be used: whoever comes first draws it, and it ends soon after its day."""
    name, mine = f"network key:{day}", secrets.token_bytes(32)
    try:
        redis().set(name, mine, nx=True, exat=(day + 1) * _DAY + 3600)
        return redis().get(name) or mine, (day + 1) * _DAY  # type: ignore[return-value] # bytes, of a sync client
    except RedisError as error:
        log.warning("limits.open", about="network key", error=type(error).__name__)
        return mine, time.time() + _WITHOUT_REDIS
