"""bin/up: it keeps to itself the order in which everything is checked, started, watched and stopped."""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event

import click

from campaign import embedded
from campaign.embedded import Home, Servers, Unavailable
from campaign.embedded.home import Lock
from campaign.running import checks
from campaign.running.processes import ROOT, end_leftovers, processes
from campaign.running.watching import watch
from config import Settings


def up() -> None:
    """Run everything until SIGINT, SIGTERM or SIGHUP. Raises Unavailable, one line for each problem."""
    stop = _stop_signal()
    os.umask(0o077)  # all that we write is ours alone
    settings, lock = _checked()
    with lock, _servers(settings) as servers:
        if not stop.is_set():
            _prepare(servers)
        if not stop.is_set():
            _serve(settings, servers, stop)


def _checked() -> tuple[Settings, Lock]:
    settings, wrong, skip = checks.read_settings()
    lock = None
    if "DATA_DIR" not in skip and not list(checks.data_dir(settings)):
        lock = Home(settings.DATA_DIR).lock("up")
        if lock is None:
            raise Unavailable(f"bin/up already runs on {settings.DATA_DIR}")
        end_leftovers(settings.DATA_DIR)
    wrong += checks.problems(settings, skip=skip)
    if wrong or lock is None:
        raise Unavailable("\n".join(wrong))
    return settings, lock


@contextmanager
def _servers(settings: Settings) -> Iterator[Servers]:
    servers = embedded.start(settings, own=True)
    try:
        yield servers
    finally:
        servers.stop(wait_for_others=False)


def _prepare(servers: Servers) -> None:
    """In a process of its own: what it imports and reads should not stay in memory."""
    done = subprocess.run(
        [sys.executable, "-m", "campaign.running.preparing"],
        env={**os.environ, **servers.environment}, cwd=ROOT, check=False, start_new_session=True,
    )  # fmt: skip
    if done.returncode:
        raise Unavailable("Nothing was started (see above)")


def _serve(settings: Settings, servers: Servers, stop: Event) -> None:
    web, *others = processes(settings, servers.environment)

    def ready() -> bool:
        """The web answers: now the others may have the processors, and the operator the address."""
        if not _answers(settings):
            return False
        for other in others:
            other.start()
        click.echo(f"ready {settings.PUBLIC_URL}")
        return True

    try:
        web.start()
        watch([*servers.children, web, *others], stop, tell=_tell, ready=ready)
    finally:
        for child in (web, *others):
            child.stop()


def _answers(settings: Settings) -> bool:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.HOST, settings.HOST)  # noqa: S104 - compared, not bound
    connection = http.client.HTTPConnection(host, settings.PORT, timeout=2)
    try:
        connection.request("GET", "/readyz", headers={"Host": "localhost"})
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _stop_signal() -> Event:
    stop = Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: stop.set())
    return stop


def _tell(line: str) -> None:
    click.echo(line, err=True)
