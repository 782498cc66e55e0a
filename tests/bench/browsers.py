"""Many browsers in few processes: a story a browser, kept-alive connections, and what every answer took.

Raw sockets in one loop, since these browsers share the processors with what they measure: about 25 µs a request.
Each story speaks from addresses of its own (X-Forwarded-For), and reads a form before it sends it.
"""

from __future__ import annotations

import multiprocessing
import random
import re
import selectors
import socket
import time
from collections import defaultdict
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import urlencode

PROCESSES = 2
_HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')


@dataclass
class Answer:
    """What came back."""

    status: int
    head: str
    body: bytes


@dataclass
class Request:
    """What is sent; ``label`` is the kind it is counted as, None for one that only leads to another."""

    path: str
    fields: dict[str, str] | None = None
    label: str | None = None

    def wire(self, address: str) -> bytes:
        """As HTTP/1.1, through one proxy that says who asked."""
        body = urlencode(self.fields).encode() if self.fields is not None else b""
        head = f"{'GET' if self.fields is None else 'POST'} {self.path} HTTP/1.1\r\nHost: localhost\r\n"
        head += f"X-Forwarded-For: {address}\r\n"
        if body:
            head += f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n"
        return f"{head}\r\n".encode() + body


Story = Generator[Request, Answer, None]
Told = dict[str, list[tuple[int, float]]]  # by label: (status, seconds)


@dataclass
class _Browser:
    story: Story
    link: socket.socket
    waits_for: Request = field(default_factory=lambda: Request(""))
    since: float = 0.0
    got: bytes = b""


def together(port: int, clients: int, seconds: float, story: Callable[..., Story], *given: object) -> Told:
    """Let ``clients`` browsers live ``story(number, *given)`` over and over for ``seconds``; all that they were told.

    Every story that has begun is lived to its end, so that what was answered and what is stored can be compared.
    """
    share = clients // PROCESSES
    jobs = [(port, range(n * share, (n + 1) * share), seconds, story, given) for n in range(PROCESSES)]
    told: Told = defaultdict(list)
    for part in _pool().starmap(_live, jobs, chunksize=1):
        for label, answers in part.items():
            told[label] += answers
    return told


@cache
def _pool() -> Any:
    """Kept for the whole run: to start a process costs a second of what is measured."""
    return multiprocessing.get_context("spawn").Pool(PROCESSES)


def go_home() -> None:
    """End the processes of the browsers."""
    _pool().terminate()
    _pool.cache_clear()


def _live(port: int, numbers: range, seconds: float, story: Callable[..., Story], given: tuple[object, ...]) -> Told:
    told: Told = defaultdict(list)
    until = time.perf_counter() + seconds
    with selectors.DefaultSelector() as ready:
        for number in numbers:
            link = socket.create_connection(("127.0.0.1", port))
            link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            browser = _Browser(story(number, *given), link)
            ready.register(link, selectors.EVENT_READ, browser)
            _send(browser, next(browser.story))
        while ready.get_map():
            for key, _ in ready.select():
                if not _hear(key.data, told, until):
                    ready.unregister(key.fileobj)
                    key.data.link.close()
    return told


def _hear(browser: _Browser, told: Told, until: float) -> bool:
    """Take in what came; whether the browser goes on."""
    part = browser.link.recv(262144)
    browser.got += part
    answer = _whole(browser.got)
    if answer is None:
        return bool(part)
    if browser.waits_for.label:
        told[browser.waits_for.label].append((answer.status, time.perf_counter() - browser.since))
    browser.got = b""
    if browser.waits_for.label and time.perf_counter() > until:
        return False
    _send(browser, browser.story.send(answer))
    return True


def _send(browser: _Browser, request: Request) -> None:
    address = f"10.{random.randrange(256)}.{random.randrange(256)}.{random.randrange(1, 255)}"
    browser.waits_for, browser.since = request, time.perf_counter()
    browser.link.sendall(request.wire(address))


def _whole(got: bytes) -> Answer | None:
    head, end, body = got.partition(b"\r\n\r\n")
    length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
    if not end or (length and len(body) < int(length[1])):
        return None
    return Answer(int(head[9:12]), head.decode("latin-1"), body)


def hidden(page: bytes, form: str) -> dict[str, str]:
    """The hidden fields of the form with this id."""
    inside = page.decode().partition(f'<form id="{form}"')[2].partition("</form>")[0]
    return dict(_HIDDEN.findall(inside))


def percentile(answers: list[tuple[int, float]], part: float) -> float:
    """How many milliseconds the slowest of this part took; 0 of none."""
    times = sorted(took for _, took in answers)
    return times[min(int(len(times) * part), len(times) - 1)] * 1000 if times else 0.0


def said(told: Told, label: str) -> Iterator[tuple[int, int]]:
    """(status, how often), most frequent first."""
    counts: dict[int, int] = defaultdict(int)
    for status, _ in told[label]:
        counts[status] += 1
    return iter(sorted(counts.items(), key=lambda pair: -pair[1]))
