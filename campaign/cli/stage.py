"""What a command stands on: it keeps to itself starting the private servers, and what must hold before it acts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flask import Flask

from campaign import create_app, db, embedded, vault
from campaign.embedded import Unavailable
from config import Settings, load_settings


@contextmanager
def servers() -> Iterator[tuple[Settings, embedded.Servers]]:
    """Settings from the environment, and servers that run for as long as the command does."""
    settings = load_settings()
    with embedded.start(settings) as started:
        urls = {"DATABASE_URL": started.database_url, "REDIS_URL": started.redis_url}
        yield settings.model_copy(update=urls), started


@contextmanager
def application(*, unchecked: bool = False) -> Iterator[Flask]:
    """The app in a context of its own, on a database of this version that our key opens.

    Raises Unavailable or VaultClosed, unless ``unchecked``.
    """
    with servers() as (settings, _started):
        app = create_app(settings)
        if not unchecked:
            _check(app)
        with app.app_context():
            yield app


def _check(app: Flask) -> None:
    engine = app.extensions["engine"]
    with engine.connect() as connection:
        if db.pending_migrations(connection):
            raise Unavailable("The database is not of this version: run bin/campaign db upgrade")
    vault.check(engine, Path(app.config["VAULT_KEY_FILE"]))
