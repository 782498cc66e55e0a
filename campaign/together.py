"""Folding: it keeps to itself how what many ask for at the same moment is done once for all of them.

Whoever comes while nobody is at it does it, for itself alone and at once. Whoever comes meanwhile waits, and the
first of those does it next, for all of them. So a quiet hour pays nothing for it, and in a rush one round trip and
one commit carry as many as came during the last one. No thread of its own: nothing to start, to watch or to lose.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Hashable, Sequence
from typing import Any

from flask import Flask, current_app
from sqlalchemy.exc import DataError, IntegrityError

Work = Callable[[Sequence[Any]], Sequence[Any]]
MOST = 64  # done at once
_THEIR_OWN = (DataError, IntegrityError)  # failures of one that undid all: the others may well succeed


def init_app(app: Flask) -> None:
    """Nobody waits yet; each app has its own servers, so its own queues."""
    app.extensions["together"] = {}


def done(work: Work, one: Any, *, apart: Hashable = None) -> Any:
    """The result of ``work([…, one, …])`` for ``one``; it has happened when this returns.

    ``work`` is a function of a module, which gives a result for each, in order. No two of the same ``apart`` are
    done at once: the later one sees what the earlier did. Raises what ``work`` raised.
    """
    queues: dict[Work, _Queue] = current_app.extensions["together"]
    queue = queues.get(work) or queues.setdefault(work, _Queue(work))
    return queue.done(_Place(one, apart))


class _Place:
    """One that waits, what became of it, and whether it is its turn to work."""

    __slots__ = ("apart", "error", "one", "result", "turn", "works")

    def __init__(self, one: Any, apart: Hashable) -> None:
        self.one = one
        self.apart = apart
        self.result: Any = None
        self.error: BaseException | None = None
        self.works = False
        self.turn = threading.Lock()
        self.turn.acquire()


class _Queue:
    def __init__(self, work: Work) -> None:
        self._work = work
        self._waiting: deque[_Place] = deque()
        self._at_it = False
        self._lock = threading.Lock()

    def done(self, mine: _Place) -> Any:
        with self._lock:
            self._waiting.append(mine)
            mine.works, self._at_it = not self._at_it, True
        if not mine.works:
            mine.turn.acquire()  # released when it is done, or when it is ours to do
        if mine.works:
            self._do()
        if mine.error is not None:
            raise mine.error
        return mine.result

    def _do(self) -> None:
        """Work for the first that wait, ourselves foremost; then wake them, and the next to work."""
        with self._lock:
            places = self._taken()
        try:
            self._work_for(places)
        finally:
            with self._lock:
                self._at_it = bool(self._waiting)
                if self._at_it:
                    self._waiting[0].works = True
                    self._waiting[0].turn.release()
            for place in places[1:]:
                place.turn.release()

    def _taken(self) -> list[_Place]:
        taken: list[_Place] = []
        later: list[_Place] = []
        seen: set[Hashable] = set()
        while self._waiting and len(taken) < MOST:
            place = self._waiting.popleft()
            (later if place.apart in seen else taken).append(place)
            if place.apart is not None:
                seen.add(place.apart)
        self._waiting.extendleft(reversed(later))
        return taken

    def _work_for(self, places: list[_Place]) -> None:
        try:
            for place, result in zip(places, self._work([place.one for place in places]), strict=True):
                place.result = result
        except BaseException as error:
            if isinstance(error, _THEIR_OWN) and len(places) > 1:
                for place in places:
                    self._work_for([place])
            else:
                for place in places:
                    place.error = error
