"""A real SMTP server that records what it took by Message-ID, and misbehaves on demand at a named phase."""

from __future__ import annotations

import asyncio
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session


@dataclass(frozen=True)
class Taken:
    """One message that the sink took responsibility for."""

    sender: str
    recipients: list[str]
    content: bytes


@dataclass
class Sink:
    """What happened at the server. ``answers`` maps a phase to the replies still to be given there, in order:

    phases ``EHLO MAIL RCPT DATA body DOT QUIT``; a reply is a string ("450 4.7.1 later"), ``DROP`` to cut the
    link there, or a number of seconds to wait first. At ``DOT`` a dropped message has been taken all the same.
    """

    host: str = "127.0.0.1"
    port: int = 0
    taken: dict[str, list[Taken]] = field(default_factory=lambda: defaultdict(list))
    order: list[str] = field(default_factory=list)
    answers: dict[str, list[str | float]] = field(default_factory=lambda: defaultdict(list))
    connections: int = 0
    reached: threading.Event = field(default_factory=threading.Event)  # a phase with an answer was reached

    @property
    def url(self) -> str:
        """The MAIL_URL that leads here."""
        return f"smtp://{self.host}:{self.port}"

    @property
    def messages(self) -> list[Taken]:
        """Everything taken, in order of Message-ID's first arrival."""
        return [one for copies in self.taken.values() for one in copies]

    async def answer(self, phase: str, server: Any) -> str | None:
        """The next planned reply at ``phase``; None when all is well."""
        while self.answers[phase]:
            planned = self.answers[phase].pop(0)
            self.reached.set()
            if isinstance(planned, float):
                await asyncio.sleep(planned)
                continue
            if planned == DROP:
                server.transport.abort()
                raise asyncio.CancelledError
            return planned
        return None


DROP = "drop"


class _Server(SMTP):
    """aiosmtpd's server, asked for its plans before it reads a body and before it says goodbye."""

    sink: Sink

    def connection_made(self, transport: Any) -> None:
        self.sink.connections += 1
        super().connection_made(transport)

    async def smtp_DATA(self, arg: str) -> None:
        if planned := await self.sink.answer("DATA", self):
            await self.push(planned)
        elif self.sink.answers["body"]:
            await self.push("354 go on")
            await self._reader.readline()
            await self.sink.answer("body", self)
        else:
            await super().smtp_DATA(arg)

    async def smtp_QUIT(self, arg: str) -> None:
        if planned := await self.sink.answer("QUIT", self):
            await self.push(planned)
            self.transport.close()
        else:
            await super().smtp_QUIT(arg)


class _Handler:
    def __init__(self, sink: Sink) -> None:
        self._sink = sink

    async def handle_MAIL(self, server: Any, session: Session, envelope: Envelope, address: str, options: Any) -> str:
        planned = await self._sink.answer("MAIL", server)
        if planned is None:
            envelope.mail_from = address
        return planned or "250 2.1.0 OK"

    async def handle_RCPT(self, server: Any, session: Session, envelope: Envelope, address: str, options: Any) -> str:
        planned = await self._sink.answer("RCPT", server)
        if planned is None:
            envelope.rcpt_tos.append(address)
        return planned or "250 2.1.5 OK"

    async def handle_DATA(self, server: Any, session: Session, envelope: Envelope) -> str:
        content = envelope.original_content or b""
        message_id = message_from_bytes(content)["Message-ID"]
        dropped = self._sink.answers["DOT"][:1] == [DROP]
        waits = any(isinstance(a, float) for a in self._sink.answers["DOT"])
        if dropped or waits or not self._sink.answers["DOT"]:
            self._sink.taken[message_id].append(Taken(envelope.mail_from or "", list(envelope.rcpt_tos), content))
            self._sink.order.append(message_id)
        return await self._sink.answer("DOT", server) or f"250 2.0.0 Ok: queued as Q{len(self._sink.order):05d}"


@contextmanager
def listening() -> Iterator[Sink]:
    """A sink on a free port of this machine."""
    sink = Sink()
    handler = _Handler(sink)
    loop = asyncio.new_event_loop()

    def answer_one() -> SMTP:
        server = _Server(handler, hostname="sink.test", loop=loop)
        server.sink = sink
        return server

    listener = loop.run_until_complete(loop.create_server(answer_one, sink.host, 0))
    sink.port = listener.sockets[0].getsockname()[1]
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield sink
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        listener.close()
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()
