"""When mail moves: at a bell, every five seconds, and, as all that beat does, when a worker starts."""

from __future__ import annotations

from typing import Any

from celery.signals import worker_shutting_down

from campaign import background
from campaign.mail import draining, outbox, sweeping

SWEEP = "mail.sweep"


@background.task(outbox.BELL, every=5)
def deliver() -> None:
    """Let out what is due."""
    draining.drain()


@background.task(SWEEP, every=60)
def sweep() -> None:
    """Apply what time alone decides."""
    sweeping.sweep()


@worker_shutting_down.connect  # type: ignore[untyped-decorator] # Celery ships no types
def _stop(**_: Any) -> None:
    draining.stopping.set()
