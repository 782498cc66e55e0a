"""Parts of the product as processes of their own, for whoever supervises them with something else than bin/up."""

from __future__ import annotations

import signal
from pathlib import Path
from threading import Event

import click

from campaign import db, vault
from campaign.cli import stage
from campaign.cli.root import Problem, campaign
from campaign.embedded import Child, Unavailable
from campaign.running.processes import processes
from config import load_settings


@campaign.command()
def serve() -> None:
    """Serve the pages until Ctrl-C or SIGTERM."""
    _run("web")


@campaign.command()
def worker() -> None:
    """Send mail and do what falls due (the worker with its clock) until Ctrl-C or SIGTERM."""
    _run("worker")


@campaign.command()
def metrics() -> None:
    """Serve figures for Prometheus on 127.0.0.1 at METRICS_PORT until Ctrl-C or SIGTERM."""
    if not load_settings().METRICS_PORT:
        raise Problem("Set METRICS_PORT to the port to serve them at")
    _run("metrics")


@campaign.group("db")
def database() -> None:
    """The database."""


@database.command()
def upgrade() -> None:
    """Bring the database to this version; a new one gets its vault key."""
    with stage.servers() as (settings, _started):
        db.upgrade(settings.DATABASE_URL)
        assert settings.VAULT_KEY_FILE, "settings fill it in"
        engine = db.make_engine(settings.DATABASE_URL)
        vault.ensure(engine, Path(settings.VAULT_KEY_FILE))
        engine.dispose()
    click.echo("The database is of this version.")


def _run(*names: str) -> None:
    stop = Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: stop.set())
    with stage.servers() as (settings, started):
        children = [child for child in processes(settings, started.environment) if child.name in names]
        try:
            for child in children:
                child.start()
            _watch(children, stop)
        finally:
            for child in reversed(children):
                child.stop()


def _watch(children: list[Child], stop: Event) -> None:
    while not stop.wait(0.5):
        for child in children:
            if not child.alive:
                raise Unavailable(f"{child.name} ended by itself (see above)")
