"""What bin/campaign executes."""

from __future__ import annotations

import sys

import structlog

from campaign.cli import campaign

# What a command answers is on stdout, for programs too; what it notes by the way is not.
structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
campaign(prog_name="bin/campaign")
