"""When mail moves and is forgotten: at a bell, at intervals and, as all that beat does, when a worker starts."""

from __future__ import annotations

from typing import Any

from celery.signals import worker_shutting_down
from flask import current_app

from campaign import background
from campaign.mail import draining, outbox, scrubbing, sweeping
from campaign.mail.incoming import maildir

SWEEP = "mail.sweep"


@background.task(outbox.BELL, every=5)
def deliver() -> None:
    """Let out what is due."""
    draining.drain()


@background.task(SWEEP, every=60)
def sweep() -> None:
    """Apply what time alone decides."""
    sweeping.sweep()


@background.task("mail.fetch", every=15)
def fetch() -> None:
    """Handle what a mail server has put down for us; a reply that is passed on leaves at once."""
    if maildir.fetch(current_app.config["DATA_DIR"]):
        draining.drain()


@background.task("mail.scrub", every=6 * 3600)
def scrub() -> None:
    """Forget the words and addresses of what left long ago."""
    scrubbing.scrub()


@worker_shutting_down.connect  # type: ignore[untyped-decorator] # Celery ships no types
def _stop(**_: Any) -> None:
    draining.stopping.set()
