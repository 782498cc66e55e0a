"""The commands of an installation, each module a family of them."""

from __future__ import annotations

from campaign.cli import appeals, keeping, mail, outbox, people, serving, surging
from campaign.cli.root import campaign

__all__ = ["appeals", "campaign", "keeping", "mail", "outbox", "people", "serving", "surging"]
