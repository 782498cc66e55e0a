"""Surge mode by itself: it keeps to itself when a web process calls itself too full, and that nobody waits for it.

On a quiet day nothing runs here. The first request that finds no turn (``campaign.admission``) wakes a thread, which
looks each second and sleeps again once ten seconds in a row were fine. A second is too full when somebody was turned
away in it, or most of those who came found no turn: then more stand behind them in the web server, where nobody can
count them. Five of ten, and the process says so in the database.
"""

from __future__ import annotations

import threading
from collections import deque

import structlog
from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from campaign.admission import Admission, Load
from campaign.petition.surge import switching

log = structlog.get_logger()
SECOND = 1.0
SEEN = 10  # seconds that are looked at together, and
FULL = 5  # how many of them make a surge


def init_app(app: Flask) -> None:
    """Be told by the door when it is full."""
    admission: Admission = app.extensions["admission"]
    admission.when_full = Watch(app, admission).wake


def too_full(before: Load, now: Load) -> bool:
    """Whether the second between two looks was more than this process can serve."""
    return now.refused > before.refused or (now.waited - before.waited) * 2 > now.given - before.given


class Watch:
    """Of one process. Its thread starts at the first waking, so forked processes each have their own."""

    def __init__(self, app: Flask, admission: Admission) -> None:
        self._app = app
        self._admission = admission
        self._woken = threading.Event()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    def wake(self) -> None:
        """Somebody found no turn; returns at once."""
        self._woken.set()
        if self._thread is None:
            with self._lock:
                if self._thread is None:
                    self._thread = threading.Thread(target=self._watch, daemon=True)
                    self._thread.start()

    def _watch(self) -> None:
        while self._woken.wait():
            self._until_calm()

    def _until_calm(self) -> None:
        seconds: deque[bool] = deque(maxlen=SEEN)
        pause, before = threading.Event(), self._admission.load()
        while len(seconds) < SEEN or any(seconds):
            self._woken.clear()
            pause.wait(SECOND)
            now = self._admission.load()
            seconds.append(too_full(before, now))
            before = now
            if seconds[-1] and sum(seconds) >= FULL:
                self._say_so()

    def _say_so(self) -> None:
        try:
            with self._app.app_context():
                switching.notice_load()
        except SQLAlchemyError as error:  # too full since the database is slow or away: it hears of it later
            log.warning("surge.not_noted", error=type(error).__name__)
