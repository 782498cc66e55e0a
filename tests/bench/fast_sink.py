"""A mail server that does as little as one may, so that the limit is what the sender can do.

It takes every message for one recipient, and counts the copies of each Message-ID: a rate at which mail is lost or
doubled would be no rate.
"""

from __future__ import annotations

import asyncio
import multiprocessing
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

_ANSWERS = {
    b"EHLO": b"250-sink.test\r\n250 8BITMIME\r\n",
    b"QUIT": b"221 2.0.0 bye\r\n",
}
_NAME = b"\r\nMessage-ID: "


@dataclass
class Sink:
    """Where it listens. ``taken()`` gives messages and distinct Message-IDs since it was asked last."""

    port: int
    _asked: Any

    def taken(self) -> tuple[int, int]:
        self._asked.send(None)
        counted: tuple[int, int] = self._asked.recv()
        return counted


@contextmanager
def listening() -> Iterator[Sink]:
    """A sink in a process of its own."""
    ours, its = multiprocessing.Pipe()
    process = multiprocessing.Process(target=_serve, args=(its,), daemon=True)
    process.start()
    try:
        yield Sink(ours.recv(), ours)
    finally:
        process.kill()


def _serve(asked: Any) -> None:
    asyncio.run(_listen(asked))


async def _listen(asked: Any) -> None:
    loop = asyncio.get_running_loop()
    names: Counter[bytes] = Counter()

    def answer() -> None:
        asked.recv()
        asked.send((names.total(), len(names)))
        names.clear()

    loop.add_reader(asked.fileno(), answer)
    server = await loop.create_server(lambda: _Talk(names), "127.0.0.1", 0)
    asked.send(server.sockets[0].getsockname()[1])
    await server.serve_forever()


class _Talk(asyncio.Protocol):
    def __init__(self, names: Counter[bytes]) -> None:
        self._names = names
        self._held = b""
        self._in_body = False

    def connection_made(self, transport: Any) -> None:
        self._answer = transport.write
        self._answer(b"220 sink.test\r\n")

    def data_received(self, data: bytes) -> None:
        self._held += data
        while self._body() if self._in_body else self._line():
            pass

    def _line(self) -> bool:
        end = self._held.find(b"\r\n")
        if end < 0:
            return False
        verb, self._held = self._held[:4].upper(), self._held[end + 2 :]
        self._in_body = verb == b"DATA"
        self._answer(b"354 go on\r\n" if self._in_body else _ANSWERS.get(verb, b"250 2.0.0 OK\r\n"))
        return True

    def _body(self) -> bool:
        end = self._held.find(b"\r\n.\r\n")
        if end < 0:
            return False
        begins = self._held.find(_NAME) + len(_NAME)
        self._names[self._held[begins : self._held.find(b"\r\n", begins)]] += 1
        self._held, self._in_body = self._held[end + 5 :], False
        self._answer(b"250 2.0.0 Ok: queued as 4XyZ1a2b3c\r\n")
        return True
