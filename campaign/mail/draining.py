"""Emptying the outbox: it keeps to itself how many workers of one process stand at a lane, and when they stop.

Bells may ring a hundred times; one thread drains a lane, and a bell that finds it busy makes it look once
more. Lanes run side by side, and whoever drains letters looks after people between two claims, so a hundred
thousand letters do not delay one confirmation.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import structlog
from flask import Flask, current_app

from campaign.mail import transports
from campaign.mail.delivery import A_CLAIM, Way
from campaign.mail.states import LANES, LETTERS, PEOPLE, UPDATES

log = structlog.get_logger()
_HELPERS = {PEOPLE: 3, LETTERS: 7, UPDATES: 1}  # a relay far away answers four times a message
stopping = threading.Event()
"""Set when this process shall claim nothing new: it finishes the message in hand and gives the rest back."""


class Turnstile:
    """One thread at a time passes; who comes meanwhile leaves a mark, so that what it came for is not missed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._busy = False
        self._asked = False

    def enter(self) -> bool:
        """Whether the caller passes; if not, whoever is inside will go round once more."""
        with self._lock:
            self._asked = self._busy
            passed, self._busy = not self._busy, True
            return passed

    def leave(self) -> bool:
        """Whether the caller may go; if not, somebody asked meanwhile and it must go round once more."""
        with self._lock:
            if self._asked and not stopping.is_set():
                self._asked = False
                return False
            self._busy = False
            return True

    def abandon(self) -> None:
        """Free the way after a failure."""
        with self._lock:
            self._busy = self._asked = False


_STILES = {lane: Turnstile() for lane in LANES}


def register_check(app: Flask, check: Callable[[], Any]) -> None:
    """Call ``check`` each time before this process claims letters: it stops those that must not leave by our way."""
    app.extensions.setdefault("checks of letters", []).append(check)


def drain() -> None:
    """Let out what is due in every lane, people first; returns when nothing is left or another thread does it."""
    for lane in LANES:
        _drain(lane)


def _drain(lane: int) -> None:
    stile = _STILES[lane]
    if not stile.enter():
        return
    try:
        _empty(lane)
        while not stile.leave():
            _empty(lane)
    except BaseException:
        stile.abandon()
        raise


def _empty(lane: int) -> None:
    """Send alone while one claim holds all there is, and with helpers (each its own link) once there is more."""
    helpers: list[threading.Thread] = []
    for check in current_app.extensions.get("checks of letters", []) if lane == LETTERS else []:
        check()
    try:
        with _ways(lane) as ways:
            while not stopping.is_set() and (sent := _round(ways)):
                if sent >= A_CLAIM[lane] and not helpers:
                    helpers += _call_helpers(lane)
                if lane != PEOPLE:
                    _drain(PEOPLE)
    finally:
        for helper in helpers:
            helper.join()


def _call_helpers(lane: int) -> list[threading.Thread]:
    app = current_app._get_current_object()  # type: ignore[attr-defined] # a thread has no context to ask
    helpers = [threading.Thread(target=_help, args=(app, lane)) for _ in range(_HELPERS[lane])]
    for helper in helpers:
        helper.start()
    return helpers


def _help(app: Flask, lane: int) -> None:
    try:
        with app.app_context(), _ways(lane) as ways:
            while not stopping.is_set() and _round(ways):
                pass
    except Exception as error:  # whoever called for help meets the same trouble, and says it with a trace
        log.warning("mail.helper_left", lane=lane, error=type(error).__name__)


@contextmanager
def _ways(lane: int) -> Iterator[list[Way]]:
    ways = [Way(lane, door) for door in transports.doors(current_app)]
    try:
        yield ways
    finally:
        for way in ways:
            way.door.close()


def _round(ways: list[Way]) -> int:
    return sum(way.deliver_batch(stopping) for way in ways)
