"""What was captured instead of sent, as the desk reads it: one file a message, named by the message."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from itertools import islice
from pathlib import Path
from uuid import UUID

from flask import current_app


@dataclass(frozen=True)
class Captured:
    """One captured message. ``name`` is the id of its row; ``text`` is its plain part, never its HTML."""

    name: str
    sender: str
    reply_to: str
    recipient: str
    subject: str
    date: datetime | None
    headers: tuple[tuple[str, str], ...]
    text: str


def folder(data_dir: Path | str) -> Path:
    """Where captured messages lie."""
    return Path(data_dir) / "mail"


def path_of(data_dir: Path | str, row: UUID) -> Path:
    """The file of one message: a repeat overwrites it and never stands beside it."""
    return folder(data_dir) / f"{row}.eml"


def listing(limit: int = 50, offset: int = 0) -> list[Captured]:
    """The captured messages, newest first."""
    try:
        found = [e for e in os.scandir(folder(current_app.config["DATA_DIR"])) if e.name.endswith(".eml")]
    except FileNotFoundError:
        return []
    found.sort(key=lambda entry: entry.stat().st_mtime_ns, reverse=True)
    return [_parse(Path(entry.path)) for entry in islice(found, offset, offset + limit)]


def read(name: str) -> Captured | None:
    """The captured message of this row id; None when there is none, or the name is no row id."""
    try:
        return _parse(path_of(current_app.config["DATA_DIR"], UUID(name)))
    except (ValueError, FileNotFoundError):
        return None


def discard(rows: Iterable[UUID]) -> None:
    """Remove what was captured of these messages: whoever is forgotten is forgotten here too."""
    for row in rows:
        path_of(current_app.config["DATA_DIR"], row).unlink(missing_ok=True)


def _parse(path: Path) -> Captured:
    parsed = message_from_bytes(path.read_bytes(), policy=policy.default)
    body = parsed.get_body(("plain",)) if isinstance(parsed, EmailMessage) else None
    date = parsed["Date"]
    return Captured(
        name=path.stem,
        sender=str(parsed["From"]),
        reply_to=str(parsed["Reply-To"] or ""),
        recipient=str(parsed["To"]),
        subject=str(parsed["Subject"]),
        date=date.datetime if date else None,
        headers=tuple((key, str(value)) for key, value in parsed.items()),
        text=body.get_content() if body else "",
    )
