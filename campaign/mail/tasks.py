"""When mail moves: at a bell, every five seconds, and once when a worker starts."""

from __future__ import annotations

from typing import Any

from celery.signals import worker_ready, worker_shutting_down

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


@worker_ready.connect  # type: ignore[untyped-decorator] # Celery ships no types
def _sweep_first(sender: Any, **_: Any) -> None:
    """What the last worker left behind is looked after now, not in a minute."""
    sender.app.send_task(SWEEP, ignore_result=True)


@worker_shutting_down.connect  # type: ignore[untyped-decorator]
def _stop(**_: Any) -> None:
    draining.stopping.set()
