"""One message on a link to the relay: it keeps to itself in which phase of it the link broke.

smtplib raises one class for a link that broke before the final dot (safe to try again) and after it (nobody
can know, RFC 1047), so the dot is sent on its own and the phase is ours. The last reply is waited for as long
as RFC 5321 4.5.3.2.6 grants. A server that speaks nonsense after the dot has not answered.
"""

from __future__ import annotations

import re
import smtplib
from collections.abc import Callable
from contextlib import suppress

from campaign.mail.rendering import Letterbox
from campaign.mail.replies import Outcome, Why, outcome, without_addresses
from campaign.mail.states import ATTEMPT_LEASE

COMMAND = 60.0  # seconds
LAST_REPLY = 600.0  # RFC 5321 4.5.3.2.6
assert ATTEMPT_LEASE.total_seconds() > LAST_REPLY, "the sweeper would judge a worker that still listens"
_LINE_DOT = re.compile(rb"(?m)^\.")


class Link(smtplib.SMTP):
    """A connection that knows whether the final dot has been sent."""

    dot_sent = False

    def envelope(self, sender: str, recipient: str) -> tuple[int, bytes]:
        """MAIL and exactly one RCPT; the first refusal, or the answer to RCPT."""
        self.dot_sent = False
        code, said = self.docmd("MAIL", f"FROM:<{sender}>")
        if code // 100 == 2:
            code, said = self.docmd("RCPT", f"TO:<{recipient}>")
        return (code, said) if code // 100 == 2 else (max(code, 400), said)

    def content(self, content: bytes) -> tuple[int, bytes]:
        """DATA, the body, and the dot on its own; the answer to DATA if it was refused, else to the dot."""
        code, said = self.docmd("DATA")
        if code != 354:
            return max(code, 400), said  # a server that says 250 here has taken nothing
        self.send(_LINE_DOT.sub(b"..", content))
        self.dot_sent = True
        self.send(b".\r\n")
        assert self.sock
        self.sock.settimeout(LAST_REPLY)
        answer = self.getreply()
        self.sock.settimeout(COMMAND)
        return answer


class EncryptedLink(smtplib.SMTP_SSL, Link):
    """The same, encrypted from the first byte (smtps://)."""


def hand_over(link: Link, box: Letterbox, begin: Callable[[], bool]) -> Outcome:
    """One message to one recipient; ``begin`` says, just before DATA, whether it is still ours."""
    try:
        code, said = link.envelope(box.sender, box.recipient)
        if code // 100 == 2:
            if not begin():
                link.rset()
                return Outcome(Why.NOT_OURS)
            code, said = link.content(box.content)
    except (smtplib.SMTPException, OSError):
        link.close()
        return Outcome(Why.NO_REPLY if link.dot_sent else Why.LINK_LOST)
    if code // 100 not in {2, 4, 5}:
        link.close()
        nonsense = without_addresses(said.decode("utf-8", "replace"))
        return Outcome(Why.NO_REPLY if link.dot_sent else Why.BUSY, text=nonsense)
    _tidy(link, code)
    return outcome(code, said)


def _tidy(link: Link, code: int) -> None:
    """After a refusal the link begins anew; after 421 the server hangs up. Neither changes what was said.

    A server that refuses RSET is out of step with us: its next answer would be read as that to another message.
    """
    if code == 421:
        link.close()
    elif code >= 300:
        with suppress(smtplib.SMTPException, OSError):
            if link.rset()[0] != 250:
                link.close()
