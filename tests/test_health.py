"""Ready means that people can be served; what only slows mail is said and takes nobody down."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from campaign import create_app
from campaign.api import health
from config import load_settings


def test_it_works(context: Flask, client: FlaskClient) -> None:
    health.heartbeat()

    assert client.get("/healthz").status_code == 200
    response = client.get("/readyz")
    assert response.status_code == 200
    assert response.json == {"status": "ready", "degraded": []}
    assert response.headers["Cache-Control"] == "no-store"


def test_no_heartbeat_is_degraded(client: FlaskClient) -> None:
    response = client.get("/readyz")

    assert response.status_code == 200
    assert response.json == {"status": "degraded", "degraded": ["beat"]}


@pytest.mark.parametrize(("ago", "status"), [(115, "ready"), (121, "degraded")])
def test_two_minutes_without_a_poll_are_degraded(context: Flask, client: FlaskClient, ago: int, status: str) -> None:
    health.heartbeat()
    polled = health.last_poll()
    assert polled
    context.extensions["redis"].set("heartbeat", polled - ago)

    response = client.get("/readyz")

    assert response.status_code == 200
    assert response.json == {"status": status, "degraded": ["beat"] if status == "degraded" else []}


def test_a_broker_that_is_down_is_degraded(app: Flask, tmp_path: Path) -> None:
    response = _site(app, tmp_path, REDIS_URL="redis://127.0.0.1:1/0").test_client().get("/readyz")

    assert response.status_code == 200
    assert response.json == {"status": "degraded", "degraded": ["broker", "beat"]}


def test_a_missing_vault_key_is_degraded(app: Flask, tmp_path: Path) -> None:
    site = _site(app, tmp_path, VAULT_KEY_FILE=tmp_path / "no.key")

    assert "vault" in (site.test_client().get("/readyz").json or {})["degraded"]


def test_a_database_that_is_down_is_not_ready_but_alive(app: Flask, tmp_path: Path) -> None:
    client = _site(app, tmp_path, DATABASE_URL="postgresql://nobody@127.0.0.1:1/none").test_client()

    response = client.get("/readyz")

    assert response.status_code == 503
    assert response.json == {"status": "unavailable", "because": "database"}
    assert client.get("/healthz").status_code == 200


@pytest.mark.parametrize("revision", ["0001", "9999"])
def test_pending_migrations_are_not_ready(app: Flask, client: FlaskClient, revision: str) -> None:
    with app.extensions["engine"].begin() as connection:
        newest = connection.scalar(text("SELECT version_num FROM alembic_version"))
        connection.execute(text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision})
    try:
        response = client.get("/readyz")
    finally:
        with app.extensions["engine"].begin() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = :newest"), {"newest": newest})

    assert response.status_code == 503
    assert response.json == {"status": "unavailable", "because": "migrations"}


def _site(app: Flask, data: Path, **changes: object) -> Flask:
    """The same installation with something changed."""
    same = {name: app.config[name] for name in ("DATABASE_URL", "REDIS_URL", "VAULT_KEY_FILE")}
    return create_app(load_settings(DATA_DIR=data, **{**same, **changes}))
