"""What bin/campaign executes."""

from __future__ import annotations

from campaign.cli import campaign

campaign(prog_name="bin/campaign")
