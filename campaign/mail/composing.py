"""A message as bytes (RFC 5322, 2045, 2047): it keeps to itself how words become lines that no header escapes from.

The standard library folds an encoded display name so that a comma in it may end as a second address
(cpython issue 121284) and takes 2 ms a message; so the few headers that we send are written here. Every
value is cleaned of control characters, encoded, and only then folded. Nothing is random: the boundary, the
date and the id come from the row, so that the same row gives the same bytes.

Beside the text stands HTML where a person has exactly one thing to press, on a phone, in a language that may run
from right to left: the confirmations of a signature and of an organisation, the private link, the way to the desk;
and news, which has paragraphs. It has none where it would not help: letters (offices file and print text), the mail
that asks for a letter's confirmation (two links, told apart by words), receipts, replies passed on, and what we tell
of letters.
"""

from __future__ import annotations

import re
import unicodedata
from base64 import encodebytes
from dataclasses import dataclass
from datetime import datetime
from email.header import Header
from email.utils import format_datetime
from functools import lru_cache
from quopri import encodestring

from campaign.errors import PermanentFailure

LARGEST = 20_000  # bytes; what offices and phones read without a thought
LARGEST_WITH_PDF = 8_000_000  # bytes; encoded, under the 10 MB that mail servers commonly take
_LINE = 75  # characters that need no folding, RFC 2047 2
_LONGEST_VALUE = 300  # characters of a subject or name, far below the 998 of RFC 5322 2.1.1
_JOINERS = "\u200c\u200d"  # Persian and Indic spelling needs them
_QUOTABLE = re.compile(r"[\x20-\x7e]*")


@dataclass(frozen=True)
class Pdf:
    """A document that goes with a message; ``name`` is plain ASCII, as mail programs save it."""

    name: str
    content: bytes


@dataclass(frozen=True)
class Parts:
    """Everything a message is made of; addresses are plain ``local@domain``, one recipient."""

    sender_name: str
    sender: str
    recipient: str
    subject: str
    text: str
    date: datetime
    message_id: str
    boundary: str
    html: str = ""
    reply_to: str = ""
    automatic: bool = True
    pdf: Pdf | None = None
    unsubscribe: str = ""


def compose(parts: Parts) -> bytes:
    """The message with CRLF line ends. Raises PermanentFailure when it is larger than 20 kB, with a PDF 8 MB."""
    phrase, subject = (_own_phrase, _own_subject) if parts.automatic else (_phrase, _subject)
    fields = [
        ("From", f"{phrase(parts.sender_name)} <{_address(parts.sender)}>"),
        ("To", _address(parts.recipient)),
        ("Subject", subject(parts.subject)),
        ("Date", _day_and_time(parts.date)),
        ("Message-ID", parts.message_id),
    ]
    if parts.reply_to:
        fields.append(("Reply-To", _address(parts.reply_to)))
    if parts.automatic:
        fields.append(("Auto-Submitted", "auto-generated"))  # RFC 3834: no out-of-office answers, please
    if parts.unsubscribe:  # both headers or none, RFC 8058 3.1
        fields.append(("List-Unsubscribe", f"<{_page(parts.unsubscribe)}>"))
        fields.append(("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"))
    fields.append(("MIME-Version", "1.0"))
    head = "".join(f"{name}: {value}\r\n" for name, value in fields)
    whole = head.encode("ascii") + _body(parts)
    most = LARGEST_WITH_PDF if parts.pdf else LARGEST
    if len(whole) > most:
        raise PermanentFailure(f"larger than {most} bytes")
    return whole


def _body(parts: Parts) -> bytes:
    said = _said(parts)
    return _several("mixed", f"{parts.boundary}.m", said, _document(parts.pdf)) if parts.pdf else said


def _said(parts: Parts) -> bytes:
    text = _part("plain", parts.text)
    return _several("alternative", parts.boundary, text, _part("html", parts.html)) if parts.html else text


def _several(kind: str, boundary: str, *pieces: bytes) -> bytes:
    """Parts behind one another (RFC 2046 5.1); each ends in a line end, and the fence brings its own."""
    fence = f"--{boundary}".encode()
    opening = f'Content-Type: multipart/{kind}; boundary="{boundary}"\r\n\r\n'.encode()
    inner = [line for piece in pieces[1:] for line in (fence, piece)]
    return b"\r\n".join([opening + fence, pieces[0], *inner, fence + b"--\r\n"])


def _document(pdf: Pdf) -> bytes:
    """A PDF as a part of its own (RFC 2183). Raises PermanentFailure when its name is not plain."""
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,60}\.pdf", pdf.name):
        raise PermanentFailure("not a plain file name")
    head = (
        f'Content-Type: application/pdf; name="{pdf.name}"\r\nContent-Transfer-Encoding: base64\r\n'
        f'Content-Disposition: attachment; filename="{pdf.name}"\r\n\r\n'
    )
    return head.encode() + encodebytes(pdf.content).replace(b"\n", b"\r\n")


def _part(subtype: str, text: str) -> bytes:
    """One text part, in whichever encoding is shorter: base64 for Persian, quoted-printable for French."""
    lines = "\n".join(text.rstrip().splitlines()) + "\n"
    name, body = "quoted-printable", encodestring(lines.encode()).replace(b"\n", b"\r\n")
    canonical = lines.replace("\n", "\r\n").encode()
    if len(body) > len(canonical) * 4 / 3:  # base64 is at least that long, and most texts need no second look
        sixtyfour = encodebytes(canonical).replace(b"\n", b"\r\n")
        name, body = min((name, body), ("base64", sixtyfour), key=lambda way: len(way[1]))
    head = f"Content-Type: text/{subtype}; charset=utf-8\r\nContent-Transfer-Encoding: {name}\r\n\r\n"
    return head.encode() + body


def _clean(value: str) -> str:
    """One line of printable text: separators become spaces, controls and direction overrides vanish."""
    if _QUOTABLE.fullmatch(value):
        return " ".join(value.split())[:_LONGEST_VALUE]
    kept = (" " if c in "\t\r\n\v\f\x85\u2028\u2029" else c for c in value)
    seen = "".join(c for c in kept if c in _JOINERS or not unicodedata.category(c).startswith("C"))
    return " ".join(seen.split())[:_LONGEST_VALUE]


def _phrase(name: str) -> str:
    """A display name: a quoted string, or encoded words when it is not plain ASCII (RFC 5322 3.2.4, RFC 2047)."""
    name = _clean(name)
    if _QUOTABLE.fullmatch(name) and "=?" not in name and len(name) < 70:
        return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return Header(name, "utf-8", header_name="From").encode(linesep="\r\n")


def _subject(value: str) -> str:
    value = _clean(value)
    plain = _QUOTABLE.fullmatch(value) and "=?" not in value
    if plain and len("Subject") + len(value) < _LINE:
        return value
    return Header(value, "us-ascii" if plain else "utf-8", header_name="Subject").encode(linesep="\r\n")


# What no person wrote is the same in thousands of mails, and encoding it took longer than all else of a Persian one.
# A person's name or subject is not kept in memory.
_own_phrase, _own_subject = lru_cache(64)(_phrase), lru_cache(256)(_subject)
_day_and_time = lru_cache(8)(format_datetime)  # one claim, one date


def _page(link: str) -> str:
    if not re.fullmatch(r"https?://[!-;=?-~]{1,900}", link):
        raise PermanentFailure("not the address of one page")
    return link


def _address(address: str) -> str:
    """An address we hold was validated when it came in; a second look costs nothing and stops a second recipient."""
    if not re.fullmatch(r"[^\s<>,;:\\\"()\[\]@\x00-\x1f\x7f-\U0010ffff]+@[A-Za-z0-9.-]+", address):
        raise PermanentFailure("not exactly one address")
    return address
