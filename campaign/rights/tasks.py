"""What the clock asks of this room."""

from __future__ import annotations

from campaign import background
from campaign.rights import retention

_A_DAY = 24 * 3600.0


@background.task("rights.forget_due", every=_A_DAY / 4)
def forget_due() -> None:
    """Four times a day, so that a machine that sleeps at night keeps its promise too."""
    retention.forget_due()
