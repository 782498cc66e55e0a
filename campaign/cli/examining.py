"""What the doctor looks at: it keeps to itself what is wrong, what is only worth knowing, and in which order."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from flask import Flask
from sqlalchemy import text

from campaign import create_app, db, embedded, vault
from campaign.api import health
from campaign.embedded import Unavailable
from campaign.mail import outbox, pausing
from campaign.mail.smtp import Relay
from campaign.organisers import access
from campaign.running import checks
from config import ConfigurationError, Settings, load_settings

_LEAST_FREE = 500 * 1024 * 1024  # bytes


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the page: ``mark`` is ok, note or WRONG."""

    mark: str
    about: str
    finding: str

    @property
    def is_wrong(self) -> bool:
        """Whether somebody has to act."""
        return self.mark == "WRONG"


def ok(about: str, finding: str) -> Finding:
    """All is well."""
    return Finding("ok", about, finding)


def note(about: str, finding: str) -> Finding:
    """Worth knowing; nothing is broken."""
    return Finding("note", about, finding)


def wrong(about: str, finding: str) -> Finding:
    """Somebody has to act."""
    return Finding("WRONG", about, finding)


def examine() -> Iterator[Finding]:
    """Everything, from the settings inwards; what cannot be looked at because of an earlier fault is left out."""
    try:
        settings = load_settings()
    except ConfigurationError as error:
        yield from (wrong("settings", problem) for problem in error.problems)
        return
    faults = list(checks.problems(settings, skip={"PORT", "HOST", "METRICS_PORT"}))
    yield from (wrong("settings", fault) for fault in faults)
    if faults:
        return
    yield ok("settings", f"{settings.PUBLIC_URL}, data in {settings.DATA_DIR}")
    yield _disk(settings)
    yield from _servers(settings)


def _disk(settings: Settings) -> Finding:
    free = shutil.disk_usage(settings.DATA_DIR).free
    said = f"{free / 1024**3:.1f} GB free under {settings.DATA_DIR}"
    return ok("disk", said) if free > _LEAST_FREE else wrong("disk", f"only {said}: PostgreSQL stops when it is full")


def _servers(settings: Settings) -> Iterator[Finding]:
    try:
        servers = embedded.start(settings)
    except Unavailable as problem:
        yield wrong("servers", str(problem))
        return
    with servers:
        urls = {"DATABASE_URL": servers.database_url, "REDIS_URL": servers.redis_url}
        app = create_app(settings.model_copy(update=urls))
        with app.app_context():
            yield from _inside(app)


def _inside(app: Flask) -> Iterator[Finding]:
    stops = health.what_stops()
    if stops == "database":
        yield wrong("database", "it does not answer")
        return
    yield ok("database", str(db.session.scalar(text("SELECT 'PostgreSQL ' || current_setting('server_version')"))))
    if stops == "migrations":
        yield wrong("migrations", "the database is not of this version: run bin/campaign db upgrade")
        return
    yield ok("migrations", "none is pending")
    yield _vault(app)
    yield from _broker_and_beat()
    yield from _mail(app)
    yield _sign_in()


def _vault(app: Flask) -> Finding:
    path = Path(app.config["VAULT_KEY_FILE"])
    try:
        vault.check(db.engine(), path)
    except vault.VaultClosed as problem:
        return wrong("vault", str(problem))
    open_to = path.stat().st_mode & 0o077
    return wrong("vault", f"others may read {path}: chmod 600 it") if open_to else ok("vault", f"{path} opens it")


def _broker_and_beat() -> Iterator[Finding]:
    slow = health.what_slows()
    yield wrong("broker", "it does not answer") if "broker" in slow else ok("broker", "it answers")
    if "beat" in slow:
        waits = "mail waits until bin/up or bin/campaign worker runs"
        yield note("beat", f"degraded: no worker and beat for two minutes; {waits}")
    else:
        yield ok("beat", "worker and beat are running")


def _mail(app: Flask) -> Iterator[Finding]:
    status = outbox.status()
    if status["mode"] == "capture":
        yield note("mail", "rehearsal: every message is kept on this machine, and nothing is sent")
    else:
        yield _relay(app)
    if status["waiting_for_mode"]:
        yield note("outbox", f"{status['waiting_for_mode']} messages were made in the other mode and stay")
    for state, what in (("unknown", "of which nobody knows whether they arrived"), ("failed", "that were refused")):
        if n := sum(row["count"] for row in status["counts"] if row["state"] == state):
            yield note("outbox", f"{n} messages {what}: look at /desk/outbox?state={state}")
    for pause in pausing.paused():
        yield note("outbox", f"paused: {pause.key}")


def _relay(app: Flask) -> Finding:
    """Whether anybody listens where mail is to go; what it says to a message only a message can tell."""
    relay = Relay.parse(app.config["MAIL_URL"], "")
    where = f"{relay.host}:{relay.port}"
    try:
        socket.create_connection((relay.host, relay.port), timeout=3).close()
    except OSError as error:
        said = error.strerror or type(error).__name__
        return wrong("mail", f"{where} does not answer ({said}): mail waits until it does")
    return ok("mail", f"sent by {where} as {app.config['MAIL_FROM']}")


def _sign_in() -> Finding:
    if access.can_be_kept_safe():
        return ok("sign-in", "organisers can sign in")
    return wrong("sign-in", "PUBLIC_URL is plain http on a network: nobody can sign in safely; give it https")
