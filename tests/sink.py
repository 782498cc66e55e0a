"""A real SMTP server that records what it took by Message-ID, and misbehaves on demand at a named phase."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections import defaultdict
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


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
    link there, or a number of seconds to wait first. At ``DOT`` a dropped message has been taken all the same,
    and with ``LOSE`` it has not.
    """

    host: str = "127.0.0.1"
    port: int = 0
    taken: dict[str, list[Taken]] = field(default_factory=lambda: defaultdict(list))
    order: list[str] = field(default_factory=list)
    answers: dict[str, list[str | float]] = field(default_factory=lambda: defaultdict(list))
    connections: int = 0
    open_now: int = 0
    open_at_most: int = 0
    encrypted: bool = False  # whether the last message came over TLS
    commands: list[str] = field(default_factory=list)
    logins: list[str] = field(default_factory=list)
    reached: threading.Event = field(default_factory=threading.Event)  # a phase with an answer was reached

    @property
    def url(self) -> str:
        """The MAIL_URL that leads here."""
        return f"smtp://{self.host}:{self.port}"

    @property
    def messages(self) -> list[Taken]:
        """Everything taken, in order of Message-ID's first arrival."""
        return [one for copies in self.taken.values() for one in copies]

    def take(self, message_id: str, taken: Taken) -> None:
        """Take responsibility for one message."""
        self.taken[message_id].append(taken)
        self.order.append(message_id)

    def plan(self, phase: str) -> tuple[float, str | None]:
        """What comes next at ``phase``: how long to wait, and the reply; None when all is well."""
        planned, wait = self.answers[phase], 0.0
        while planned:
            self.reached.set()
            if not isinstance(planned[0], float):
                return wait, str(planned.pop(0))
            wait += float(planned.pop(0))
        return wait, None

    async def answer(self, phase: str, server: Any) -> str | None:
        """The next planned reply at ``phase``, when its time has come."""
        return await self.carry_out(server, *self.plan(phase))

    async def carry_out(self, server: Any, wait: float, reply: str | None) -> str | None:
        """Wait, and cut the link if that is the plan; else the reply."""
        if wait:
            await asyncio.sleep(wait)
        if reply in (DROP, LOSE):
            server.transport.abort()
            raise asyncio.CancelledError
        return reply


DROP, LOSE = "drop", "lose"


class _Server(SMTP):
    """aiosmtpd's server, asked for its plans before it reads a body and before it says goodbye."""

    sink: Sink

    def connection_made(self, transport: Any) -> None:
        self.sink.connections += 1
        self.sink.open_now += 1
        self.sink.open_at_most = max(self.sink.open_at_most, self.sink.open_now)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self.sink.open_now -= 1
        super().connection_lost(error)

    async def smtp_EHLO(self, hostname: str) -> None:
        self.sink.commands.append("EHLO")
        if planned := await self.sink.answer("EHLO", self):
            await self.push(planned)
        else:
            await super().smtp_EHLO(hostname)

    async def smtp_AUTH(self, arg: str) -> None:
        self.sink.commands.append("AUTH")
        await super().smtp_AUTH(arg)

    async def smtp_DATA(self, arg: str) -> None:
        if planned := await self.sink.answer("DATA", self):
            await self.push(planned)
        elif any(within := self.sink.plan("body")):  # taken now: there are other links that may come to it
            await self.push("354 go on")
            await self._reader.readline()
            await self.sink.carry_out(self, *within)
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
        self._sink.encrypted = session.ssl is not None
        message_id = message_from_bytes(content)["Message-ID"]
        wait, reply = self._sink.plan("DOT")
        if reply in (None, DROP):
            self._sink.take(message_id, Taken(envelope.mail_from or "", list(envelope.rcpt_tos), content))
        queued = f"250 2.0.0 Ok: queued as Q{len(self._sink.order):05d}"
        return await self._sink.carry_out(server, wait, reply) or queued


@contextmanager
def listening(tls: tuple[Path, Path] | None = None, password: str = "", sink: Sink | None = None) -> Iterator[Sink]:
    """A sink on a free port; with ``tls`` (certificate, key) it offers STARTTLS, and login after it."""
    sink = sink or Sink()
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    def there(work: Coroutine[Any, Any, Any]) -> Any:
        """In the sink's own thread: in ours a browser may hold the event loop."""
        return asyncio.run_coroutine_threadsafe(work, loop).result(10)

    listener = there(loop.create_server(_servers(sink, loop, tls, password), sink.host, 0))
    sink.port = listener.sockets[0].getsockname()[1]
    try:
        yield sink
    finally:
        there(_end(listener))
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _end(listener: asyncio.Server) -> None:
    listener.close()
    for task in asyncio.all_tasks() - {asyncio.current_task()}:
        task.cancel()
    await asyncio.sleep(0)


def _servers(sink: Sink, loop: Any, tls: tuple[Path, Path] | None, password: str) -> Callable[[], SMTP]:
    handler = _Handler(sink)
    context = None
    if tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*tls)

    def log_in(_server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
        sink.logins.append(data.login.decode())
        return AuthResult(success=data.password == password.encode(), handled=False)

    def answer_one() -> SMTP:
        server = _Server(handler, hostname="sink.test", loop=loop, tls_context=context, authenticator=log_in)
        server.sink = sink
        return server

    return answer_one


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that nobody vouches for, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sink.test")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(
            name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(days=1)
        )
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    paths = folder / "sink.crt", folder / "sink.key"
    paths[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    plain = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    paths[1].write_bytes(key.private_bytes(serialization.Encoding.PEM, *plain))
    return paths
