"""The SMTP door: it keeps to itself how a link to the relay is opened and proven, and how long it serves.

QUIT decides nothing.
"""

from __future__ import annotations

import smtplib
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit
from uuid import UUID

from campaign.errors import TemporaryFailure
from campaign.mail.links import COMMAND, EncryptedLink, Link, hand_over
from campaign.mail.rendering import Letterbox
from campaign.mail.replies import Outcome, outcome

CONNECTING = 10.0  # seconds
_MESSAGES_A_LINK = 100  # relays hang up on long talkers, and a link renewed costs little


class Closed(TemporaryFailure):
    """The relay cannot be reached now; nothing was begun."""


class Locked(TemporaryFailure):
    """The relay is there and refuses our credentials: no message will get through until a person acts."""


@dataclass(frozen=True)
class Relay:
    """Where we hand in mail, as MAIL_URL says it."""

    host: str
    port: int
    user: str = ""
    password: str = field(default="", repr=False)
    tls_from_start: bool = False
    our_name: str = "localhost"

    @classmethod
    def parse(cls, url: str, our_name: str) -> Relay:
        """``smtp://user:password@host:port`` or ``smtps://…``; ports 25 (587 with a password) and 465 by default."""
        parts = urlsplit(url)
        password, encrypted = unquote(parts.password or ""), parts.scheme == "smtps"
        usual = 465 if encrypted else 587 if password else 25
        user = unquote(parts.username or "")
        return cls(parts.hostname or "", parts.port or usual, user, password, encrypted, our_name)


class Smtp:
    """One link to the relay, opened when needed and used for many messages; for one thread."""

    mode = "live"

    def __init__(self, relay: Relay) -> None:
        self._relay = relay
        self._link: Link | None = None
        self._used = 0

    def open(self) -> None:
        """Be ready for a message. Raises Closed or Locked."""
        if self._link and self._link.sock and self._used < _MESSAGES_A_LINK:
            return
        self.close()
        self._link, self._used = _connect(self._relay), 0

    def send(self, box: Letterbox, _row: UUID, begin: Callable[[], bool]) -> Outcome:
        """Hand over one message to one recipient; ``begin`` says, just before DATA, whether it is still ours."""
        assert self._link, "open() comes first"
        self._used += 1
        return hand_over(self._link, box, begin)

    def close(self) -> None:
        """Say goodbye; whatever is answered, what was accepted stays accepted."""
        if self._link and self._link.sock:
            with suppress(smtplib.SMTPException, OSError):
                self._link.sock.settimeout(CONNECTING)
                self._link.quit()
            self._link.close()
        self._link = None


def _connect(relay: Relay) -> Link:
    link: Link | None = None
    try:
        link = _dial(relay)
        assert link.sock
        link.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # the dot must not wait for an ACK
        _greet(link, relay)
        link.sock.settimeout(COMMAND)
    except smtplib.SMTPAuthenticationError as error:
        if link:
            link.close()
        refusal = outcome(error.smtp_code, error.smtp_error)
        raise (Locked if error.smtp_code >= 500 else Closed)(f"{refusal.code} {refusal.text}") from None
    except (smtplib.SMTPException, OSError) as error:
        if link:
            link.close()
        raise Closed(type(error).__name__) from None
    return link


def _dial(relay: Relay) -> Link:
    if relay.tls_from_start:
        context = ssl.create_default_context()
        return EncryptedLink(relay.host, relay.port, relay.our_name, timeout=CONNECTING, context=context)
    return Link(relay.host, relay.port, relay.our_name, timeout=CONNECTING)


def _greet(link: Link, relay: Relay) -> None:
    """EHLO, STARTTLS when offered, login. A password never travels in clear or to an unproven host."""
    link.ehlo_or_helo_if_needed()
    if not relay.tls_from_start and (link.has_extn("starttls") or relay.password):
        link.starttls(context=_context(proven=bool(relay.password)))  # raises when it is not offered
        link.ehlo()
    if relay.password:
        link.login(relay.user, relay.password)


def _context(*, proven: bool) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if not proven:  # encryption without proof of the host still beats none, for a relay next door
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
