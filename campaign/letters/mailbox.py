"""A letter that goes from the writer's own mailbox; it keeps to itself how mail programs are handed a draft.

Links carry the text only while they are short: browsers and mail programs cut long ones off in silence. A
letter that does not fit goes by copying, and the link then opens an addressed, empty message.
"""

from __future__ import annotations

from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from urllib.parse import quote, urlencode

BUDGET = 1800  # encoded characters; some programs fail near 2,000


@dataclass(frozen=True, slots=True)
class Parcel:
    """What a mail program is handed. ``to`` is empty when no address was checked; ``instead`` stands for a text
    that is too long for a link."""

    to: str
    subject: str
    text: str
    instead: str


@dataclass(frozen=True, slots=True)
class Link:
    """A link that opens a mail program; ``complete`` is false when the text has to be pasted."""

    url: str
    complete: bool


def mailto(parcel: Parcel) -> Link:
    """A link for the mail program of this machine (RFC 6068: spaces as %20, line ends as %0D%0A)."""
    return _within_budget(f"mailto:{quote(parcel.to, safe='@')}", ("subject", "body"), {}, parcel)


def webmail(parcel: Parcel) -> dict[str, Link]:
    """Links that open a message in a provider's web page, by the provider's name."""
    to = {"to": parcel.to}
    return {
        "Gmail": _within_budget(
            "https://mail.google.com/mail/", ("su", "body"), {"view": "cm", "fs": "1"} | to, parcel
        ),
        "Outlook": _within_budget(
            "https://outlook.live.com/mail/0/deeplink/compose", ("subject", "body"), to, parcel
        ),
        "Yahoo": _within_budget("https://compose.mail.yahoo.com/", ("subject", "body"), to, parcel),
    }


def eml(parcel: Parcel) -> bytes:
    """The letter as a message file that mail programs open as an unsent draft (``X-Unsent: 1``)."""
    message = EmailMessage()
    message["X-Unsent"] = "1"
    if parcel.to:
        message["To"] = parcel.to
    message["Subject"] = parcel.subject
    message.set_content(parcel.text + "\n")
    return message.as_bytes(policy=SMTP)


def _within_budget(start: str, names: tuple[str, str], fixed: dict[str, str], parcel: Parcel) -> Link:
    full = _link(start, names, fixed, parcel.subject, parcel.text)
    if len(full) <= BUDGET:
        return Link(full, complete=True)
    return Link(_link(start, names, fixed, parcel.subject, parcel.instead), complete=False)


def _link(start: str, names: tuple[str, str], fixed: dict[str, str], subject: str, body: str) -> str:
    wanted = fixed | {names[0]: subject, names[1]: "\r\n".join(body.splitlines())}
    return f"{start}?{urlencode(wanted, quote_via=quote)}"
