"""The two families of errors: what may be shown to a person, and what only decides the next step."""

from __future__ import annotations


class Refused(Exception):
    """A request that cannot be met, in words fit for whoever made it; ``field`` names the input at fault."""

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.field = field


class TemporaryFailure(Exception):
    """It may work later: try again with backoff."""


class PermanentFailure(Exception):
    """It will not work however often it is tried."""
