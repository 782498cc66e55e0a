"""What a person's reply says: it keeps to itself that only plain text goes on, and how much of it."""

from __future__ import annotations

import html
from dataclasses import dataclass
from email.utils import parseaddr

import nh3

from campaign.errors import Refused
from campaign.mail.addresses import Address
from campaign.mail.incoming.parsing import Mail, Part

_MOST = 9_000  # bytes: with base64, headers and our own words it stays below what we send


@dataclass(frozen=True)
class Reply:
    """``sender`` is an address or empty; ``cut`` says that the text went on; ``files`` how many were left out."""

    sender: str
    text: str
    cut: bool
    files: int


def reply(mail: Mail) -> Reply:
    """The reply that a mail is."""
    whole = "\n".join(line.rstrip() for line in _words(mail).splitlines()).strip()
    kept = whole.encode()[:_MOST].decode(errors="ignore")
    files = sum(part.is_attachment() or not _is_text(part) for part in mail.parts if not part.embedded)
    return Reply(_sender(mail), kept, cut=len(kept) < len(whole), files=files)


def _words(mail: Mail) -> str:
    """Its plain text; where there is none, its HTML without all marks."""
    if plain := mail.own_text():
        return plain
    marked = next((part.text() for part in mail.own("text/html") if not part.is_attachment()), "")
    return html.unescape(nh3.clean(marked.replace("<br", "\n<br").replace("</p", "\n</p"), tags=set()))


def _is_text(part: Part) -> bool:
    return part.type.split("/")[0] in {"text", "multipart"}


def _sender(mail: Mail) -> str:
    said = mail.header("Reply-To") or mail.header("From")
    try:
        return Address.parse(parseaddr(said)[1]).exact
    except (Refused, ValueError):
        return ""
