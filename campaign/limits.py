"""How often somebody may try: it keeps to itself where a visitor is counted, and forgets them.

Nobody's address is kept: what is counted is a keyed hash of its prefix (/24, or /48 for IPv6) under the
vault's key and today's date, in Redis, with expiry. When Redis is down a limit lets people through and
says so in the log: signing never depends on it, and mail has caps of its own in the database.
"""

from __future__ import annotations

import ipaddress
from datetime import UTC, datetime

import structlog
from flask import Flask, current_app, request
from limits import parse
from limits.errors import StorageError
from limits.storage import RedisStorage
from limits.strategies import SlidingWindowCounterRateLimiter
from redis import Redis
from redis.exceptions import RedisError

from campaign import vault

log = structlog.get_logger()
_PATIENCE = 0.2  # seconds: somebody who signs waits for a broker that hangs no longer than that


def init_app(app: Flask) -> None:
    """Open the counters in the app's Redis; connections are made at first use."""
    url = app.config["REDIS_URL"]
    client = Redis.from_url(url, socket_timeout=_PATIENCE, socket_connect_timeout=_PATIENCE)
    storage = RedisStorage("redis://", connection_pool=client.connection_pool, wrap_exceptions=True)
    app.extensions["redis"] = client
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
    day = datetime.now(UTC).date().isoformat()
    return vault.current().index(_prefix(request.remote_addr or ""), scope=f"visitor {day}").hex()[:32]


def redis() -> Redis:
    """The app's Redis, for what may be forgotten at any moment."""
    client: Redis = current_app.extensions["redis"]
    return client


def _prefix(address: str) -> str:
    try:
        version = ipaddress.ip_address(address).version
    except ValueError:
        return "unknown"
    return str(ipaddress.ip_network(f"{address}/{24 if version == 4 else 48}", strict=False))
