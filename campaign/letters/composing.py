"""The whole letter as text, exactly as it goes: preview, mailbox, paper and outbox all take it from here.

A sheet is a letter without its greeting. It is frozen when the writer says so; the greeting is put on it on
the day it goes, because offices change hands.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from campaign.i18n import country_name

_LARGEST = 13_000  # bytes of UTF-8: encoded and with its headers it stays under the outbox's 20 kB
_FOOTER_FOLLOWS = "-- \n"  # RFC 3676, 4.3: what stands below is not the writer's


@dataclass(frozen=True, slots=True)
class Sheet:
    """The blocks of one letter, as plain text; ``message``, ``signature`` and ``footer`` may be empty."""

    subject: str
    opening: str
    message: str
    facts: str
    request: str
    closing: str
    signature: str
    footer: str = ""
    mark: str = ""  # that the message is in another language than the letter

    def as_record(self) -> dict[str, Any]:
        """The sheet as JSON values; ``Sheet(**record)`` brings it back."""
        return asdict(self)


def signature(name: str, country: str | None, language: str) -> str:
    """The line or two under a letter: the name, and the country (ISO 3166-1) as the letter's language calls it."""
    return "\n".join(line for line in (name, country_name(country, language)) if line)


def whole(sheet: Sheet, greeting: str) -> str:
    """The letter from its greeting to its footer, blocks apart by an empty line."""
    footer = _FOOTER_FOLLOWS + sheet.footer if sheet.footer else ""
    return _apart(unsigned(sheet, greeting), sheet.signature, footer)


def unsigned(sheet: Sheet, greeting: str) -> str:
    """The letter from its greeting to its closing; on paper a hand signs below."""
    return _apart(greeting, sheet.opening, sheet.mark, sheet.message, sheet.facts, sheet.request, sheet.closing)


def _apart(*blocks: str) -> str:
    return "\n\n".join(block.strip("\n") for block in blocks if block)


def is_too_large(text: str) -> bool:
    """Whether a letter is more than offices and mail servers take without a thought."""
    return len(text.encode()) > _LARGEST
