"""How many requests are worked on at once: it keeps to itself who waits for a turn, and what those hear who get none.

The web server has more threads than turns. So in a rush few threads compete for the processor, and when the servers
behind are too slow for all who come, the threads that are left say so at once, with what was typed still on the page,
instead of letting everybody wait for an answer that never comes. Who runs an appeal always gets in.
"""

from __future__ import annotations

import re
import threading
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl

from flask import Flask, render_template
from markupsafe import Markup, escape

from campaign import giving_back, patience, web
from campaign.i18n import INTERFACE, speak

TURNS = 16  # at once in one process: with 8, only 4 signatures instead of 7 share a commit, at 1.3 times the work
_PATIENCE = 0.5  # seconds; the 16 threads left then answer 32 a second, and at once when nothing comes back at all
_AGAIN = 5  # seconds, as Retry-After
_KEPT = 65_536  # bytes of a form that is given back
_FIELDS_KEPT = 300  # of a form; more were not typed by a person
_SIZE = re.compile("[0-9]{1,9}")  # isdigit() takes digits that int() does not
_A_MINUTE = 60  # seconds that those wait for PostgreSQL at most: each that hangs takes one of the threads left
_ALWAYS = ("/desk", "/healthz", "/readyz")  # nobody may take signing down for a rush
_FIELDS, _ACTION = Markup("<!-- fields -->"), "/-action-"

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Wsgi = Callable[[Environ, StartResponse], Iterable[bytes]]


@dataclass(frozen=True, slots=True)
class Load:
    """Of this process: requests at work, how many may be; since it began, turns given, requests turned away, and
    those that found no turn at once."""

    at_work: int
    turns: int
    given: int
    refused: int
    waited: int


def init_app(app: Flask) -> None:
    """Stand in front of all that has been put before Flask so far."""
    app.extensions["admission"] = admission = Admission(app)
    app.wsgi_app = admission  # type: ignore[method-assign] # as WSGI apps are wrapped


class Admission:
    """A WSGI app in front of another."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._beyond: Wsgi = app.wsgi_app
        self._turns = _Turns(TURNS)
        self._stuck = False  # somebody waited in vain, and no turn has ended since: nobody else waits
        self._at_work = self._given = self._refused = self._waited = 0
        self.when_full: Callable[[], None] = lambda: None
        """Called each time that somebody finds no turn; must return at once."""

    def load(self) -> Load:
        """What surge mode goes by; counted without a lock, so a few may be missing."""
        return Load(self._at_work, TURNS, self._given, self._refused, self._waited)

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        if environ["PATH_INFO"].startswith(_ALWAYS):
            with patience.limited(_A_MINUTE):
                return self._beyond(environ, start_response)
        if self._turns.all_taken:
            self._waited += 1
            self.when_full()
        if not self._turns.take(0 if self._stuck else _PATIENCE):
            self._stuck = True
            self._refused += 1
            return self._refuse(environ, start_response)
        return self._work(environ, start_response)

    def _work(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        self._at_work += 1
        self._given += 1
        try:
            with patience.limited():
                return self._beyond(environ, start_response)
        finally:
            self._at_work -= 1
            self._stuck = False
            self._turns.give_back()

    def _refuse(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        path = "/" + environ["PATH_INFO"].lstrip("/")  # of two slashes a browser makes another host
        code = path.split("/", 2)[1]
        typed = _typed(environ)
        page = _page(self._app, code if code in INTERFACE else "en", typed is not None)
        action = giving_back.address(path.encode("latin-1").decode(errors="replace"), _query(environ))
        page = page.replace(_ACTION, escape(action))  # what was typed comes last
        body = page.replace(_FIELDS, giving_back.fields(typed or ())).encode()
        carried = web.headers(secure=environ["wsgi.url_scheme"] == "https")
        own = {
            "Content-Type": "text/html; charset=utf-8",
            "Content-Length": str(len(body)),
            "Retry-After": str(_AGAIN),
        }
        start_response("503 SERVICE UNAVAILABLE", [*carried.items(), *own.items()])
        return [b"" if environ["REQUEST_METHOD"] == "HEAD" else body]


class _Turns:
    """So many at once, first come first served: past a semaphore those who come can slip ahead of those who wait,
    some of whom then waited in vain at a tenth of the load."""

    def __init__(self, turns: int) -> None:
        self._left = turns
        self._waiting: deque[threading.Lock] = deque()
        self._lock = threading.Lock()

    @property
    def all_taken(self) -> bool:
        """Whether who comes now waits."""
        return not self._left

    def take(self, patience: float) -> bool:
        """Whether there was a turn within so many seconds; whoever has one gives it back."""
        with self._lock:
            if self._left:
                self._left -= 1
                return True
            mine = threading.Lock()
            mine.acquire()
            self._waiting.append(mine)
        return mine.acquire(timeout=patience) or not self._withdrawn(mine)

    def give_back(self) -> None:
        """To the first that waits."""
        with self._lock:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._left += 1

    def _withdrawn(self, mine: threading.Lock) -> bool:
        """Stop waiting; False when the turn came at the last moment."""
        with self._lock:
            if mine not in self._waiting:
                return False
            self._waiting.remove(mine)
            return True


def _typed(environ: Environ) -> list[tuple[str, str]] | None:
    """The fields of a form, to be given back; None of another body, or of one that is too long."""
    length = environ.get("CONTENT_LENGTH") or ""
    is_form = environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded")
    if environ["REQUEST_METHOD"] != "POST" or not is_form or not _SIZE.fullmatch(length) or int(length) > _KEPT:
        return None
    body = environ["wsgi.input"].read(int(length)).decode("utf-8", "replace")
    return parse_qsl(body, keep_blank_values=True, errors="replace") if body.count("&") < _FIELDS_KEPT else None


def _query(environ: Environ) -> bytes:
    return str(environ.get("QUERY_STRING") or "").encode("latin-1")


@lru_cache(2 * len(INTERFACE))
def _page(app: Flask, language: str, with_form: bool) -> str:
    """The page, made once: in a rush there is no time for it. Its form's fields and address are to be filled in."""
    with app.test_request_context(f"/{language}/"):
        speak(language)
        return render_template(
            "errors/page.html", typed=_FIELDS, action=_ACTION if with_form else "", code=503, error=None
        )
