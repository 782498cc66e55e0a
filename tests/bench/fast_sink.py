"""A mail server that does as little as one may: the limit is what the sender can do, not what this can.

It speaks enough SMTP for one recipient a message, takes every message.
"""

from __future__ import annotations

import multiprocessing
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_ANSWERS = {
    b"EHLO": b"250-sink.test\r\n250 8BITMIME\r\n",
    b"DATA": b"354 go on\r\n",
    b"QUIT": b"221 2.0.0 bye\r\n",
}


@contextmanager
def listening() -> Iterator[int]:
    """The port of a sink in a process of its own."""
    port = multiprocessing.Value("i", 0)
    process = multiprocessing.Process(target=_serve, args=(port,), daemon=True)
    process.start()
    while not port.value:
        process.join(0.02)
    try:
        yield port.value
    finally:
        process.kill()


def _serve(port: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port.value = server.getsockname()[1]
        while True:
            link, _ = server.accept()
            threading.Thread(target=_talk, args=(link,), daemon=True).start()


def _talk(link: socket.socket) -> None:
    link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    link.sendall(b"220 sink.test\r\n")
    held = b""
    while received := link.recv(65536):
        held += received
        while (end := held.find(b"\r\n")) >= 0:
            verb, held = held[:4].upper(), held[end + 2 :]
            link.sendall(_ANSWERS.get(verb, b"250 2.0.0 OK\r\n"))
            if verb == b"DATA":
                held = _body(link, held)
                link.sendall(b"250 2.0.0 Ok: queued as 4XyZ1a2b3c\r\n")


def _body(link: socket.socket, held: bytes) -> bytes:
    """Read to the final dot; what came after it."""
    while (end := held.find(b"\r\n.\r\n")) < 0:
        received = link.recv(65536)
        if not received:
            raise ConnectionError
        held += received
    return held[end + 5 :]
