"""An export from its entry in the audit trail to its last byte; it keeps to itself how a row becomes CSV."""

from __future__ import annotations

import csv
import errno
import io
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from functools import lru_cache, partial
from itertools import islice
from operator import attrgetter
from pathlib import Path

from sqlalchemy import select

from campaign import db, vault
from campaign.appeals.models import Appeal
from campaign.errors import Refused
from campaign.exports import leave, queries
from campaign.exports.audiences import Audience
from campaign.exports.guarding import guarded
from campaign.exports.queries import Row
from campaign.i18n import gettext as _
from campaign.organisers import audit
from campaign.organisers.models import AuditEvent, Organiser
from campaign.petition.paper import counting as on_paper

_MARK = "\ufeff"  # without it a spreadsheet may take UTF-8 for the code page of the machine
_ROWS_A_CHUNK = 200
_ROWS_UNASKED = 1000  # between two looks whether people are in danger
_coded = lru_cache(maxsize=1024)(guarded)  # of codes there are few; what somebody typed must not stay in memory
_GUARDS: dict[str, Callable[[str], str]] = {
    "name": guarded,
    "comment": guarded,
    "country": _coded,
    "visibility": _coded,
    "language": _coded,
}  # number and day are no text of anybody


def export(
    appeal: Appeal, *, audience: Audience, organiser: Organiser | None = None, actor: str = "organiser"
) -> Iterator[bytes]:
    """The file as CSV in pieces (RFC 4180: CRLF, all quoted; UTF-8 with a mark), in constant memory.

    Who takes what is written down, and committed, before this returns; how many rows went, when it ends.
    Raises Refused while people are in danger, and to an organiser who needs another's leave and has none.
    """
    if appeal.in_danger_at is not None:
        raise Refused(_("People are in danger: no file of this appeal is handed out until an organiser ends that."))
    if organiser is not None and leave.needed(appeal):
        leave.use(appeal, audience.name, by=organiser)
    note = partial(
        audit.record,
        subject=f"appeal {appeal.slug}",
        organiser=organiser,
        actor=actor,
        audience=audience.name,
        format="csv",
    )
    note(action="signatures.exported", on_paper=on_paper.count(appeal))  # no rows: a file holds none of them
    db.session.commit()
    return _told(appeal, queries.rows(db.engine(), vault.current(), appeal, audience), audience.columns, note)


def file_name(appeal: Appeal, audience: Audience, *, today: date) -> str:
    """A name that says what the file is, of letters, digits and hyphens only."""
    kind = "demonstration-" if appeal.state == "demonstration" else ""
    return f"signatures-{appeal.slug}-{kind}{audience.name}-{today.isoformat()}.csv"


def write(pieces: Iterable[bytes], path: Path) -> None:
    """Write a whole file or none, readable by its owner only. Raises OSError that names what was asked for."""
    if not path.parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path.parent))
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.writelines(pieces)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)


def as_csv(rows: Iterable[Row], columns: tuple[str, ...]) -> Iterator[bytes]:
    """Rows as CSV, a heading first, some hundred rows a piece."""
    told, guards = attrgetter(*columns), [_GUARDS.get(column, str) for column in columns]
    source = iter(rows)
    yield _MARK.encode() + _written([columns])
    while piece := list(islice(source, _ROWS_A_CHUNK)):
        yield _written([guard(cell) for guard, cell in zip(guards, told(row), strict=True)] for row in piece)


def _written(lines: Iterable[Sequence[str]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerows(lines)
    return text.getvalue().encode()


def _told(
    appeal: Appeal, rows: Iterator[Row], columns: tuple[str, ...], note: Callable[..., AuditEvent]
) -> Iterator[bytes]:
    """The pieces; at the end, also of a download that broke off, a note of how many rows were read.

    It breaks off when people turn out to be in danger: a file that is half there is better than a whole one.
    """
    last, called = 0, select(Appeal.in_danger_at).where(Appeal.id == appeal.id)

    def counted() -> Iterator[Row]:
        nonlocal last
        for row in rows:
            last = row.number
            if last % _ROWS_UNASKED == 0 and db.session.scalar(called):
                raise Refused(_("People are in danger: exports, mail and names are stopped."))
            yield row

    try:
        yield from as_csv(counted(), columns)
    finally:
        note(action="signatures.export_ended", rows=last)
        db.session.commit()
