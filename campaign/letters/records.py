"""What is sealed of a letter: it keeps to itself how a record becomes a row and a row a record again.

Indexes find a letter again without an address: one by the alias rules and within one appeal, for "one letter
per writer and office", one by the exact address, for rights and suppression.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, select

from campaign import vault
from campaign.db import clock, session
from campaign.letters.composing import Sheet
from campaign.letters.models import Letter
from campaign.mail.addresses import Address

WAITS = timedelta(hours=72)  # a letter for its confirmation
FORGOTTEN: dict[str, Any] = dict.fromkeys(("sealed", "writer_index", "person_index", "country", "signature"))


@dataclass(frozen=True, slots=True)
class Written:
    """What a writer said once and for all: who they are, and the letter without its greeting."""

    name: str
    email: str
    sheet: Sheet


def seal(row: UUID, written: Written) -> bytes:
    """The sealed record of the letter with this id."""
    record = {"name": written.name, "email": written.email, "sheet": written.sheet.as_record()}
    return vault.current().seal(record, table="letter", row=row)


def opened(letter: Letter) -> Written | None:
    """What the writer said; None once it was forgotten."""
    return unsealed(letter.id, letter.sealed) if letter.sealed is not None else None


def unsealed(row: UUID, sealed: bytes) -> Written:
    """What ``seal`` sealed."""
    record = vault.current().open(sealed, table="letter", row=row)
    return Written(record["name"], record["email"], Sheet(**record["sheet"]))


def writer_index(address: Address, appeal: UUID) -> bytes:
    """The same for every spelling of one mailbox, within one appeal."""
    return vault.current().index(address.canonical, scope=f"letters {appeal}")


def one_at_a_time(submission: UUID) -> None:
    """Let nobody else write to or confirm this submission until the transaction ends."""
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"letters {submission}", 0))))


def still_waits() -> tuple[ColumnElement[bool], ...]:
    """The condition for a letter that may yet be confirmed."""
    return Letter.state == "pending", Letter.created_at > clock() - WAITS
