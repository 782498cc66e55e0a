"""How long somebody at a screen waits for PostgreSQL: it keeps to itself that a wait ends though nothing answers.

A server that was killed says so. One that hangs, on a machine that was paused or a disk that is stuck, says nothing,
and nothing else ends the wait: its own timeouts hang with it, and TCP's do not see a process that stands still. So
whoever waits at a screen gives up by the clock of this process, and closes the connection. Then nobody knows whether
what was asked for is done: the error page says so. Organisers, who ask more at once, wait a minute, workers on.
"""

from __future__ import annotations

import time
from contextvars import ContextVar
from typing import Any

import psycopg
from psycopg import waiting

WITHIN = 3.5  # seconds from when a request got its turn, and
_LAST = 1.0  # seconds for a wait that begins after that: the time may have gone into a drawing, or standing in line
_CONNECTING = 3  # seconds; psycopg waits for two at least
_until: ContextVar[float | None] = ContextVar("until", default=None)


class limited:  # a function with contextlib takes four times as long
    """Wait for PostgreSQL no longer than so many seconds from now, or a little, in this thread."""

    __slots__ = ("_before", "_seconds")

    def __init__(self, seconds: float | None = None) -> None:
        self._seconds = WITHIN if seconds is None else seconds

    def __enter__(self) -> None:
        self._before = _until.set(time.monotonic() + self._seconds)

    def __exit__(self, *_error: object) -> None:
        _until.reset(self._before)


def connected(*given: Any, **named: Any) -> Connection:
    """A new connection, for psycopg's arguments. Raises psycopg's OperationalError when there is none in time."""
    until = _until.get()
    left = _CONNECTING if until is None else until - time.monotonic()
    if left < _LAST and Connection.gave_up_at + _LAST > time.monotonic():
        raise psycopg.OperationalError("PostgreSQL hangs, and no time is left to wait for a new connection")
    return Connection.connect(*given, **named, connect_timeout=min(_CONNECTING, max(round(left), 2)))


class Connection(psycopg.Connection[Any]):
    """A connection on which nobody waits beyond that: psycopg's OperationalError then, and it is closed."""

    gave_up_at = -_LAST  # when somebody did last, by this process' clock

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        """As psycopg's: go on with its generator as often as the socket is ready."""
        until = _until.get()
        if until is None:
            return super().wait(gen, interval, timeout)
        left = max(until - time.monotonic(), _LAST)
        try:
            return waiting.wait(gen, self.pgconn.socket, interval, left)
        except psycopg.OperationalError:
            if time.monotonic() >= until:
                Connection.gave_up_at = time.monotonic()
                self.pgconn.finish()  # an answer that comes late must not be read as that of the next question
            raise
