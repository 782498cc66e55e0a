"""The stage for every test: real PostgreSQL, real Valkey, a migrated database, and the cast.

Alice signs, Bob writes, Olga organises, Eve must fail. Each test starts with empty tables; what it
commits is really committed, so that tests of concurrency mean something.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Connection, text

from campaign import create_app, db, embedded, vault
from campaign.appeals import queries
from config import load_settings
from tests.post_office import live, post, sink  # noqa: F401 - fixtures for whoever mails

for _name in ("DATABASE_URL", "REDIS_URL", "MAIL_URL", "SECRET_KEY", "PUBLIC_URL", "DATA_DIR", "VAULT_KEY_FILE"):
    os.environ.pop(_name, None)  # a test must not reach what its operator runs

KEPT = {"alembic_version", "vault_key"}
LARGE = 1 << 20  # bytes of a table
SIZES = text("SELECT tablename, pg_relation_size(tablename::regclass) FROM pg_tables WHERE schemaname = 'public'")


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--nightly``: the long form of what is otherwise sampled."""
    parser.addoption("--nightly", action="store_true", help="2,000 letters and 200 kills instead of a sample")


def pytest_xdist_auto_num_workers() -> int:
    """For ``-n auto``: a process for each core, four at most. Each has servers, tables and a DATA_DIR of its own."""
    return min(os.cpu_count() or 1, 4)


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[embedded.Servers]:
    """A private PostgreSQL and Valkey for all tests of this process, without fsync."""
    settings = load_settings(DATA_DIR=tmp_path_factory.mktemp("data"))
    with embedded.start(settings, durable=False) as started:
        db.upgrade(started.database_url)
        yield started


@pytest.fixture(scope="session")
def app(servers: embedded.Servers, tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """The application as it is shipped, on the test servers; mail is captured under its DATA_DIR."""
    data = tmp_path_factory.mktemp("app")
    app = create_app(
        load_settings(
            DATA_DIR=data,
            DATABASE_URL=servers.database_url,
            REDIS_URL=servers.redis_url,
            PUBLIC_URL="http://127.0.0.1:8000",
        )
    )
    vault.ensure(app.extensions["engine"], Path(app.config["VAULT_KEY_FILE"]))
    return app


@pytest.fixture(autouse=True)
def _clean(request: pytest.FixtureRequest) -> Iterator[None]:
    """Leave nothing of one test to the next: rows, counters, captured mails, the clock's offset."""
    yield
    if "app" not in request.fixturenames:
        return
    app: Flask = request.getfixturevalue("app")
    with app.extensions["engine"].begin() as connection:
        empty_tables(connection)
    app.extensions["redis"].flushall()
    app.wsgi_app._kept.clear()  # type: ignore[attr-defined] # pages of one test's appeal
    queries.forget()
    for path in (Path(app.config["DATA_DIR"]) / "mail").glob("**/*.eml"):
        path.unlink()


def empty_tables(connection: Connection) -> None:
    """Delete every row once nobody writes any more. TRUNCATE makes new files: 15 times as slow on tables so small."""
    sizes = {name: size for name, size in connection.execute(SIZES) if name not in KEPT}
    large = [f"TRUNCATE {name} CASCADE" for name, size in sizes.items() if size > LARGE]
    locked, untriggered = f"LOCK TABLE {', '.join(sizes)}", "SET LOCAL session_replication_role = replica"
    connection.exec_driver_sql("; ".join([locked, untriggered, *large, *(f"DELETE FROM {name}" for name in sizes)]))


@pytest.fixture
def context(app: Flask) -> Iterator[Flask]:
    """An app context, for use cases called directly."""
    with app.app_context():
        yield app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser without scripts and, on public pages, without cookies."""
    return app.test_client()


@pytest.fixture
def move_clock(app: Flask) -> Iterator[Callable[[timedelta], None]]:
    """Move the database's clock for all new connections, as nothing but a test may."""
    engines = app.extensions["engine"], app.extensions["at once"]

    def offset(by: timedelta) -> None:
        with engines[0].begin() as connection:
            name = connection.scalar(text("SELECT current_database()"))
            seconds = int(by.total_seconds())
            connection.execute(text(f"ALTER DATABASE {name} SET undersigned.clock_offset = '{seconds} seconds'"))
        for engine in engines:
            engine.dispose()

    yield offset
    offset(timedelta(0))


@pytest.fixture
def mails(app: Flask) -> Callable[[], list[Path]]:
    """The captured mails, oldest first."""
    folder = Path(app.config["DATA_DIR"]) / "mail"
    return lambda: sorted(folder.glob("**/*.eml"), key=lambda p: p.stat().st_mtime_ns)


def link_in(text: str, kind: str) -> str:
    """The path of the first link of this kind ("/confirm/") in a mail or page. Fails when there is none."""
    found = re.search(rf"https?://[^/\s\"]+({re.escape(kind)}[\w.=~-]+)", text)
    assert found, f"no {kind} link"
    return found[1]
