"""A door for a mail server's LMTP (RFC 2033) on a socket of this machine: one answer for each recipient."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path
from typing import Any

from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import Envelope, Session
from flask import Flask

from campaign.mail.incoming import receiving
from campaign.mail.incoming.parsing import LARGEST

_TAKEN, _LATER = "250 2.0.0 taken", "451 4.3.0 not now, come again"


class _Server(LMTP):
    line_length_limit = 100_000  # a mail with long lines is still a mail


class _Handler:
    """Hands each mail over, in a thread of its own: the database may take its time."""

    def __init__(self, app: Flask) -> None:
        self._app = app

    async def handle_DATA(self, _server: LMTP, _session: Session, envelope: Envelope) -> str:
        raw = envelope.original_content or b""
        answers = [await asyncio.to_thread(self._take, raw, recipient) for recipient in envelope.rcpt_tos]
        return "\r\n".join(answers)

    def _take(self, raw: bytes, recipient: str) -> str:
        with self._app.app_context():
            return _TAKEN if receiving.take(raw, recipient) else _LATER


def serve(app: Flask, socket: Path) -> None:
    """Listen until SIGTERM or SIGINT; the mail in hand is finished. Raises OSError when the path cannot be used."""
    asyncio.run(_serve(app, socket))


async def _serve(app: Flask, socket: Path) -> None:
    handler, loop, ending = _Handler(app), asyncio.get_running_loop(), asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, ending.set)

    def answer() -> Any:
        return _Server(handler, hostname="undersigned", loop=loop, data_size_limit=2 * LARGEST)

    if socket.is_socket():
        socket.unlink()  # of a process that was killed
    listener = await loop.create_unix_server(answer, str(socket))
    socket.chmod(0o660)
    await ending.wait()
    listener.close()
    socket.unlink(missing_ok=True)
