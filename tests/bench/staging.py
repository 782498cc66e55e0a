"""The stack for a benchmark: durable servers, the bundled appeal, the shipped web server; the worker when asked."""

from __future__ import annotations

import http.client
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
from flask import Flask

from campaign import create_app, db, embedded, vault
from campaign.embedded import Child
from campaign.running.processes import processes
from config import Settings, load_settings
from tests import cast
from tests.stack import free_port


@dataclass
class Stage:
    """What runs. ``web`` serves at ``port``; ``worker`` is not started."""

    settings: Settings
    app: Flask
    web: Child
    worker: Child
    database: Child

    @property
    def port(self) -> int:
        return self.settings.PORT

    def spent(self) -> dict[str, float]:
        """Seconds of processor time so far: unlike a rate, nobody else on the machine changes them much."""
        return {child.name: _spent(child) for child in (self.web, self.database)}

    @contextmanager
    def working(self) -> Iterator[None]:
        """With the worker draining the outbox to captured mails."""
        self.worker.start()
        time.sleep(4)  # it imports
        try:
            yield
        finally:
            self.worker.stop()


@contextmanager
def standing() -> Iterator[Stage]:
    """Servers with ``synchronous_commit`` on, one trusted proxy, the web server answering."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o711)  # PostgreSQL may run under another account
        settings = load_settings(DATA_DIR=Path(folder) / "data", PORT=free_port(), TRUSTED_PROXIES=1)
        with embedded.start(settings, durable=True) as servers:
            urls = {"DATABASE_URL": servers.database_url, "REDIS_URL": servers.redis_url}
            settings = settings.model_copy(update=urls)
            app = _prepared(settings)
            environment = urls | {"PORT": str(settings.PORT), "TRUSTED_PROXIES": "1"}
            web, worker = processes(settings, environment)
            web.log = worker.log = Path(folder) / "log"
            with serving(web, settings.PORT):
                yield Stage(settings, app, web, worker, servers.children[0])
                worker.stop()


def _prepared(settings: Settings) -> Flask:
    db.upgrade(settings.DATABASE_URL)
    app = create_app(settings)
    vault.ensure(app.extensions["engine"], Path(app.config["VAULT_KEY_FILE"]))
    with app.app_context():
        cast.the_appeal()
    return app


def _spent(child: Child) -> float:
    assert child.process
    first = psutil.Process(child.process.pid)
    return sum(map(_used, [first, *first.children(recursive=True)]))


def _used(process: psutil.Process) -> float:
    try:
        return sum(process.cpu_times()[:4])
    except psutil.NoSuchProcess:  # what a child used that has ended already stands with its parent
        return 0.0


@contextmanager
def serving(child: Child, port: int) -> Iterator[None]:
    """Start a server, wait until it answers, and stop it."""
    child.start()
    try:
        _await(port)
        yield
    finally:
        child.stop()


def _await(port: int) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
        try:
            connection.request("GET", "/", headers={"Host": "localhost"})
            connection.getresponse().read()
            return
        except OSError:
            time.sleep(0.1)
        finally:
            connection.close()
    raise AssertionError("nothing answers")
