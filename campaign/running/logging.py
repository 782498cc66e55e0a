"""How the long-running programs write their log: it keeps to itself that a line is logfmt, and cheap.

One line an event, ``key=value``, time first, in UTC: read by people and by every log tool. The library's default
colours and aligns lines for a terminal, and takes three times as long, once for every signature.
"""

from __future__ import annotations

import logging
import sys
from contextlib import suppress
from typing import TextIO

import structlog


def begin() -> None:
    """From now on this process logs so; before its first line."""
    structlog.configure(
        cache_logger_on_first_use=True,
        logger_factory=structlog.WriteLoggerFactory(_Unfailing(sys.stderr)),  # type: ignore[arg-type] # all it needs
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.format_exc_info,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.LogfmtRenderer(key_order=["timestamp", "level", "event"]),
        ],
    )


class _Unfailing:
    """A file whose disk may be full: what was stored is no failure because nobody could write a line about it."""

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def write(self, line: str) -> None:
        with suppress(OSError):
            self._file.write(line)

    def flush(self) -> None:
        with suppress(OSError):
            self._file.flush()
