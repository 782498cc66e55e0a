"""What people change in the directory: it keeps to itself how each deed is noted, so that it can be taken back.

The audit trail holds every changed row as it was before and after. A deed is undone only while the rows still
are as it left them; undoing is a deed as well, so it can be undone in its turn.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from campaign.db import clock, session
from campaign.errors import Refused
from campaign.i18n import gettext as _
from campaign.offices.models import Office, OfficeAddress, OfficeTerm
from campaign.organisers import audit
from campaign.organisers.models import AuditEvent, Organiser

log = structlog.get_logger()
Row = OfficeTerm | OfficeAddress
Change = dict[str, Any]  # {"table": …, "row": its id, "before": columns or None, "after": columns or None}
_TABLES: dict[str, type[Row]] = {"office_term": OfficeTerm, "office_address": OfficeAddress}
_NOT_SAID = frozenset({"id", "office_id", "created_at"})


@dataclass(frozen=True, slots=True)
class Deed:
    """What an organiser did to an office, and whether it can still be taken back."""

    event: AuditEvent
    stands: bool


def hold(slug: str) -> Office:
    """The office as it is now, and until the transaction ends nobody else changes it."""
    query = select(Office).filter_by(slug=slug).with_for_update().execution_options(populate_existing=True)
    return session.scalars(query).one()


def alter(row: Row, values: dict[str, Any]) -> Change:
    """Give a row new values; returns what changed, for ``note``."""
    before = _said(row)
    for name, value in values.items():
        setattr(row, name, value)
    return _change(row, before, _said(row))


def add(office: Office, row: Row) -> Change:
    """Add a row to an office; returns what changed, for ``note``."""
    row.office_id = office.id
    session.add(row)
    session.flush()
    return _change(row, None, _said(row))


def note(office: Office, action: str, changes: Sequence[Change], *, by: Organiser, **details: str) -> None:
    """Write a deed down and commit it. Raises Refused when nothing changed by it."""
    if all(change["before"] == change["after"] for change in changes):
        session.rollback()
        raise Refused(_("That is what stands here already."))
    audit.record(action, _subject(office.slug), organiser=by, changes=list(changes), **details)
    office.updated_at = clock()
    session.commit()
    log.info(action, office=office.slug)


def deeds(office: Office, *, limit: int = 20) -> list[Deed]:
    """What organisers did to an office, newest first."""
    return [Deed(event, _stands(event)) for event in audit.listing(subject=_subject(office.slug), limit=limit)]


def undo(slug: str, deed: int, *, by: Organiser) -> None:
    """Take a deed back. Raises Refused when it was none, or when what it changed was changed again."""
    office, event = hold(slug), session.get(AuditEvent, deed)
    if event is None or event.subject != _subject(slug) or not _stands(event):
        raise Refused(_("This was changed again since, or taken back. Look at what stands here now."))
    try:
        changes = [_put_back(office, change) for change in reversed(event.details["changes"])]
        note(office, "office.undone", changes, by=by)
    except IntegrityError:
        session.rollback()
        raise Refused(_("This cannot be taken back any more: something else has taken its place.")) from None


def _put_back(office: Office, change: Change) -> Change:
    model, row_id = _TABLES[change["table"]], UUID(change["row"])
    row, values = _row(change), _read(model, change["before"] or {})
    if row is None:
        return add(office, model(id=row_id, **values))
    if change["before"] is not None:
        return alter(row, values)
    session.delete(row)
    session.flush()
    return _change(row, change["after"], None)


def _stands(event: AuditEvent) -> bool:
    """Whether every row is as the deed left it."""
    changes = event.details.get("changes", [])
    return bool(changes) and all((_said(row) if (row := _row(c)) else None) == c["after"] for c in changes)


def _row(change: Change) -> Row | None:
    found: Row | None = session.get(_TABLES[change["table"]], UUID(change["row"]))  # type: ignore[assignment] # one of three tables, by name
    return found


def _change(row: Row, before: dict[str, Any] | None, after: dict[str, Any] | None) -> Change:
    return {"table": row.__tablename__, "row": str(row.id), "before": before, "after": after}


def _said(row: Row) -> dict[str, Any]:
    """The columns of a row as JSON takes them."""
    columns = {column.key: getattr(row, column.key) for column in row.__table__.columns}
    plain = {name: str(value) if isinstance(value, date | UUID) else value for name, value in columns.items()}
    return {name: value for name, value in plain.items() if name not in _NOT_SAID}


def _read(model: type[Row], said: dict[str, Any]) -> dict[str, Any]:
    """``_said`` the other way round."""
    kinds = {column.key: column.type.python_type for column in model.__table__.columns}
    makers: dict[type, Callable[[str], Any]] = {date: date.fromisoformat, UUID: UUID}
    made = {name: makers[kinds[name]](value) for name, value in said.items() if value and kinds[name] in makers}
    return said | made


def _subject(slug: str) -> str:
    return f"office {slug}"
