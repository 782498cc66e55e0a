"""Limits: they count prefixes under today's key, remember nobody, and open when Redis is down."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask
from redis import Redis

from campaign import create_app, limits
from config import load_settings

ALICES = "203.0.113.77"


def _visitor(app: Flask, address: str) -> str:
    with app.test_request_context(environ_base={"REMOTE_ADDR": address}):
        return limits.visitor()


def test_it_works(context: Flask) -> None:
    tried = [limits.allows("3/minute", "sign", "alice") for _ in range(5)]
    assert tried == [True, True, True, False, False]
    assert limits.allows("3/minute", "sign", "bob")


@pytest.mark.parametrize(
    ("one", "other", "together"),
    [
        ("203.0.113.77", "203.0.113.9", True),
        ("203.0.113.77", "203.0.114.77", False),
        ("2001:db8:1:2::1", "2001:db8:1:ffff::9", True),
        ("2001:db8:1::1", "2001:db8:2::1", False),
    ],
)
def test_neighbours_share_a_prefix(app: Flask, one: str, other: str, together: bool) -> None:
    assert (_visitor(app, one) == _visitor(app, other)) is together


def test_no_address_is_kept(context: Flask) -> None:
    with context.test_request_context(environ_base={"REMOTE_ADDR": ALICES}):
        limits.allows("3/minute", "sign", limits.visitor())
    client: Redis = context.extensions["redis"]
    kept = client.keys("*")
    assert kept
    assert not any(b"203.0" in key for key in kept)
    assert all(client.ttl(key) > 0 for key in kept)


def test_with_redis_down_people_get_through(tmp_path: Path) -> None:
    app = create_app(
        load_settings(DATA_DIR=tmp_path, DATABASE_URL="postgresql://nowhere/x", REDIS_URL="redis://127.0.0.1:1/0")
    )
    with app.app_context():
        assert all(limits.allows("1/minute", "sign", "alice") for _ in range(5))


@pytest.mark.parametrize(("hops", "believed"), [(0, "127.0.0.1"), (1, "198.51.100.7")])
def test_only_configured_proxies_are_believed(
    servers: object, app: Flask, tmp_path: Path, hops: int, believed: str
) -> None:
    site = create_app(
        load_settings(
            DATA_DIR=tmp_path,
            DATABASE_URL=app.config["DATABASE_URL"],
            REDIS_URL=app.config["REDIS_URL"],
            TRUSTED_PROXIES=hops,
        )
    )
    seen: list[str | None] = []

    @site.before_request
    def _look() -> None:
        from flask import request

        seen.append(request.remote_addr)

    site.test_client().get("/nowhere", headers={"X-Forwarded-For": "6.6.6.6, 198.51.100.7"})
    assert seen == [believed]
