"""The page cache before Flask: it keeps to itself the bytes of public pages, made once a second at most.

A page that calls itself public (``s-maxage``) is the same for everybody: no cookie, nothing of the visitor.
So each process renders it at most once a second, compresses it once, and answers from memory with an ETag
(RFC 9110 8.8.3) and 304. A page that can wait says for how long (``Surrogate-Control``, which goes no further).
Anything with a query string, another method, a private answer or another site's name goes straight through.
Stylesheets and scripts are kept for their compressed bytes; what their query says is only their version.
"""

from __future__ import annotations

import gzip
import hashlib
import re
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from threading import Event
from typing import Any

from werkzeug.sansio.utils import host_is_trusted

_FRESH = 1.0  # seconds; how late a changed appeal may show in this process, unless its page says otherwise
_LATE = 1.0  # seconds more, while one thread makes it anew: else in a rush all threads would, at 25 ms each
_STALE = 60.0  # seconds more, while the servers behind are away or overrun: a page of a minute ago beats an apology
_FIRST = 1.0  # seconds to wait for the first one another thread is making: at a cold start 61 of 64 visitors got none
_PAGES = 256  # different pages kept; the cache starts anew beyond that
_OURS = {"content-length", "etag", "vary", "surrogate-control"}  # headers that we set, or that are for us
_HOSTS = 64  # names of hosts whose being ours is remembered
_ASSETS = ("/static/", "/look/")  # begin the addresses of what is the same whatever the query says
_FROM = 512  # bytes below which compressing gains nothing

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Wsgi = Callable[[Environ, StartResponse], Iterable[bytes]]


@dataclass(frozen=True, slots=True)
class Page:
    """One rendered page: headers without length and encoding, and its bytes plain and compressed."""

    headers: list[tuple[str, str]]
    plain: bytes
    packed: bytes
    etag: str
    until: float


class PageCache:
    """A WSGI app in front of another. ``hosts``: the names that the site answers to, as Flask's ``TRUSTED_HOSTS``;
    None: to any."""

    def __init__(
        self, app: Wsgi, *, hosts: Sequence[str] | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._app = app
        self._clock = clock
        self._is_ours = lru_cache(_HOSTS)(lambda host: host_is_trusted(host, hosts))
        self._kept: dict[str, Page] = {}
        self._making: dict[str, Event] = {}  # by path; set when it is made, or was not

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        asks = environ.get("QUERY_STRING") and not path.startswith(_ASSETS)
        if asks or environ["REQUEST_METHOD"] not in {"GET", "HEAD"}:
            return self._app(environ, start_response)
        if "HTTP_HOST" in environ and not self._is_ours(environ["HTTP_HOST"]):
            return self._app(environ, start_response)  # which says that this is another site's name
        page = self._kept.get(path)
        if page is not None and page.until + (_LATE if path in self._making else 0.0) > self._clock():
            return _answer(page, environ, start_response)
        mine = Event()
        if self._making.setdefault(path, mine) is not mine:
            made = self._made_anew(path) if page is not None else None
            return _answer(made, environ, start_response) if made else self._make(environ, start_response, True)
        try:
            return self._make(environ, start_response, False)
        finally:
            del self._making[path]
            mine.set()

    def _make(self, environ: Environ, start_response: StartResponse, meanwhile: bool) -> Iterable[bytes]:
        said: list[Any] = []
        answer = self._app({**environ, "REQUEST_METHOD": "GET"}, lambda *a, **_: said.extend(a[:2]))
        last = self._last(environ["PATH_INFO"], _FIRST if meanwhile else 0.0) if said[0].startswith("503") else None
        if last is not None and last.until + _STALE > self._clock():
            getattr(answer, "close", bool)()
            return _answer(last, environ, start_response)
        if not _is_public(said):
            start_response(*said)
            return answer
        body = b"".join(answer)
        getattr(answer, "close", bool)()  # PEP 3333: whoever ends the iteration closes it
        page = _pack(said[1], body, self._clock() + _freshness(said[1]))
        if len(self._kept) >= _PAGES:
            self._kept.clear()
        self._kept[environ["PATH_INFO"]] = page
        return _answer(page, environ, start_response)

    def _made_anew(self, path: str) -> Page | None:
        """The page that another thread is making in place of one too old to be shown, if it is done soon.

        A crowd that comes after a quiet minute would else make it once each, in half a second of everybody's time.
        """
        self._wait_for(path, _FIRST)
        page = self._kept.get(path)
        return page if page is not None and page.until > self._clock() else None

    def _last(self, path: str, patience: float) -> Page | None:
        """The page as it was made last, or as the thread that makes it now does within so many seconds."""
        if path not in self._kept:
            self._wait_for(path, patience)
        return self._kept.get(path)

    def _wait_for(self, path: str, patience: float) -> None:
        making = self._making.get(path)
        if making is not None:
            making.wait(patience)


def _is_public(said: list[Any]) -> bool:
    if not said or not said[0].startswith("200"):
        return False
    headers = {name.lower(): value for name, value in said[1]}
    kept = headers.get("cache-control", "")
    text = kept.startswith("public") and headers.get("content-type", "").startswith("text/")
    return ("s-maxage" in kept or text) and "set-cookie" not in headers


def _freshness(headers: list[tuple[str, str]]) -> float:
    for name, value in headers:
        if name.lower() == "surrogate-control" and (asked := re.fullmatch(r"max-age=(\d+)", value)):
            return float(asked[1])
    return _FRESH


def _pack(headers: list[tuple[str, str]], body: bytes, until: float) -> Page:
    kept = [(n, v) for n, v in headers if n.lower() not in _OURS]
    etag = f'W/"{hashlib.sha256(body).hexdigest()[:20]}"'
    kept += [("ETag", etag), ("Vary", "Accept-Encoding")]
    packed = gzip.compress(body, 6, mtime=0) if len(body) >= _FROM else b""
    return Page(kept, body, packed, etag, until)


def _answer(page: Page, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    if page.etag in environ.get("HTTP_IF_NONE_MATCH", ""):
        start_response("304 Not Modified", [h for h in page.headers if h[0].lower() != "content-type"])
        return []
    gzipped = page.packed and "gzip" in environ.get("HTTP_ACCEPT_ENCODING", "")
    body = page.packed if gzipped else page.plain
    extra = [("Content-Encoding", "gzip")] if gzipped else []
    start_response("200 OK", [*page.headers, *extra, ("Content-Length", str(len(body)))])
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]
