"""Whether this process lives and the installation works: it keeps to itself what stops it and what only slows it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import structlog
from flask import Blueprint, Response, current_app, jsonify
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from campaign import background, db, limits, patience, vault

log = structlog.get_logger()
blueprint = Blueprint("health", __name__)
EVERY = 30.0  # seconds
LATE = 120.0  # seconds without a poll after which mail counts as waiting
_KEY = "heartbeat"


@background.task("api.heartbeat", every=EVERY)
def heartbeat() -> None:
    """Leave a trace that beat rang and a worker came: when, by the broker's own clock."""
    limits.redis().set(_KEY, _now())


def last_poll() -> float | None:
    """When beat last rang and a worker came, in seconds since 1970; None when the broker knows of no poll."""
    try:
        return float(limits.redis().get(_KEY) or 0) or None
    except RedisError:
        return None


@blueprint.get("/healthz")
def alive() -> Response:
    """200 while this process answers, whatever else is down."""
    return Response("alive\n", mimetype="text/plain")


@blueprint.get("/readyz")
def ready() -> tuple[Response, int]:
    """503 only when nobody can be served: database or migrations. What only slows is ``degraded``, with 200.

    No load balancer may take signing down because mail waits.
    """
    wrong = what_stops()
    if wrong:
        return jsonify(status="unavailable", because=wrong), 503
    slow = what_slows()
    return jsonify(status="degraded" if slow else "ready", degraded=slow), 200


def what_stops() -> str:
    """``database`` or ``migrations``, or nothing."""
    try:
        with patience.limited(), db.engine().connect() as connection:
            return "migrations" if db.pending_migrations(connection) else ""
    except SQLAlchemyError as error:
        log.error("ready.no_database", error=type(error).__name__)
        return "database"


def what_slows() -> list[str]:
    """Which of broker, beat (with its worker) and vault do not work."""
    checks: dict[str, Callable[[], bool]] = {"broker": _broker, "beat": _beat, "vault": _vault}
    return [name for name, works in checks.items() if not works()]


def _broker() -> bool:
    try:
        return bool(limits.redis().ping())
    except RedisError:
        return False


def _beat() -> bool:
    try:
        polled = last_poll()
        return polled is not None and _now() - polled < LATE
    except RedisError:
        return False


def _now() -> float:
    seconds, micro = limits.redis().time()
    return float(seconds) + micro / 1_000_000


def _vault() -> bool:
    try:
        vault.check(db.engine(), Path(current_app.config["VAULT_KEY_FILE"]))
    except vault.VaultClosed:
        return False
    return True
