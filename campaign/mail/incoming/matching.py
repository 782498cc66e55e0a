"""Which of our messages a mail is about: it keeps to itself where our tokens stand and which prove something.

The return path's token was seen by the servers that carried the message and by nobody who read it. A letter's
From and every Message-ID stand in what people quote, so whoever was answered knows them too: they name a
message, and no harm to others is ever drawn from them.
"""

from __future__ import annotations

import re
from base64 import b32decode
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from itertools import islice
from uuid import UUID

from flask import current_app
from sqlalchemy import ColumnElement, select

from campaign.db import session
from campaign.mail.incoming.parsing import Mail, Part, fields
from campaign.mail.models import Message

_ADDRESSED = ("Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "X-Delivered-To", "To", "Cc")
_CARRIED = ("Return-Path", "From", "Sender")
_THREAD = ("In-Reply-To", "References")
_REPORTS = ("message/delivery-status", "message/global-delivery-status", "message/feedback-report")
_MOST_CLUES = 10


class Way(Enum):
    """How a mail names a message of ours."""

    RETURN_PATH = "b"
    FROM = "l"
    MESSAGE_ID = "id"


@dataclass(frozen=True)
class Match:
    """A message, locked until the transaction ends; ``proven`` when its return path was known to whoever wrote."""

    message: Message
    proven: bool


Clue = tuple[Way, str]


def find(mail: Mail, envelope: str) -> Match | None:
    """The message that a mail is about, by the first name of one that is really ours; None when there is none."""
    for way, value in islice(dict.fromkeys(_clues(mail, envelope)), _MOST_CLUES):
        named = select(Message).where(_named(way, value)).with_for_update()
        found = session.scalars(named.execution_options(populate_existing=True)).first()
        if found is not None:
            return Match(found, proven=way is Way.RETURN_PATH)
    return None


def is_ours(address: str) -> bool:
    """Whether an address is one of this installation's own."""
    own = current_app.config["MAIL_FROM"].rpartition("@")[2]
    return address.rpartition("@")[2].lower() in {own.lower(), current_app.config["LETTERS_DOMAIN"].lower()} - {""}


def _named(way: Way, value: str) -> ColumnElement[bool]:
    if way is Way.RETURN_PATH:
        return Message.token == value
    if way is Way.FROM:
        return Message.id == UUID(bytes=b32decode(value.upper() + "======"))
    return Message.message_id == value


def _clues(mail: Mail, envelope: str) -> Iterator[Clue]:
    """Every name of a message of ours, the surest first: where it was sent, what it reports on, what it carries."""
    names = _Names()
    yield from names.addresses(envelope, *mail.top.headers(*_ADDRESSED))
    for part in mail.own(*_REPORTS):
        for block in fields(part):
            yield from names.addresses(*block.values())
    for part in mail.parts:
        if part.embedded or part.type == "text/rfc822-headers":
            yield from names.carried(_carried(part, *_CARRIED), _carried(part, "Message-ID"))
    yield from names.ids(*mail.top.headers(*_THREAD))
    said = mail.own_text()
    yield from names.addresses(said)
    yield from names.ids(said)


def _carried(part: Part, *names: str) -> list[str]:
    """Headers of a mail that is carried whole, or as a text of its headers only."""
    if part.type != "text/rfc822-headers":
        return part.headers(*names)
    blocks = fields(part)[:1]
    return [block[name.lower()] for block in blocks for name in names if name.lower() in block]


class _Names:
    """Our names as patterns: an address of ours with a token in it, and a Message-ID that we made."""

    def __init__(self) -> None:
        local, _, own = current_app.config["MAIL_FROM"].rpartition("@")
        domains = "|".join(re.escape(name) for name in (own, current_app.config["LETTERS_DOMAIN"]) if name)
        ours = rf"@(?:{domains})(?![\w-]|\.\w)"
        before = rf"(?<![\w.+-])(?:{re.escape(local)}\+)?"
        self._address = re.compile(rf"{before}(?:b\.([a-z2-7]{{16}})|l\.([a-z2-7]{{26}})){ours}", re.IGNORECASE)
        self._id = re.compile(rf"<([0-9a-f]{{32}}){ours}>", re.IGNORECASE)

    def addresses(self, *texts: str) -> Iterator[Clue]:
        """Tokens of return paths, and of letters' own addresses."""
        for found in (found for text in texts for found in self._address.finditer(text)):
            yield (Way.RETURN_PATH, found[1].lower()) if found[1] else (Way.FROM, found[2].lower())

    def ids(self, *texts: str) -> Iterator[Clue]:
        """Message-IDs, as they stand in the outbox."""
        return ((Way.MESSAGE_ID, found[0]) for text in texts for found in self._id.finditer(text))

    def carried(self, addresses: list[str], ids: list[str]) -> Iterator[Clue]:
        """Both, from the headers of a mail that is carried."""
        yield from self.addresses(*addresses)
        yield from self.ids(*ids)
