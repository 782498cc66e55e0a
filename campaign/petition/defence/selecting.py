"""Asking for signatures by what they have in common: it keeps to itself how such a question becomes rows.

Names are sealed: a pattern of names is tried on each record that everything else let through.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, any_, func, literal, select

from campaign import vault
from campaign.appeals.models import Appeal
from campaign.db import engine, session
from campaign.errors import Refused
from campaign.i18n import gettext as _
from campaign.petition import counting
from campaign.petition.models import Signature

RELEASE, INVALIDATE = "release", "invalidate"
AT_ONCE = 500  # rows of one transaction
_MOST_NAMES = 50_000  # records that a preview opens; a second's work


@dataclass(frozen=True, slots=True)
class Selection:
    """Which signatures of an appeal; what is empty does not matter. Times are UTC, ``until`` is not included."""

    held_only: bool = True
    domain: str = ""  # as recorded
    network: str = ""
    reason: str = ""  # code of ``weights``
    since: datetime | None = None
    until: datetime | None = None
    name: str = ""  # with * and ?, in any case

    @property
    def is_everybody(self) -> bool:
        """Whether it asks for nothing in particular."""
        return self == Selection(held_only=False)

    def stored(self) -> dict[str, Any]:
        """All but the name, which is somebody's, as plain values."""
        return {key: value.isoformat() if isinstance(value, datetime) else value for key, value in self._rest()}

    def _rest(self) -> Iterator[tuple[str, Any]]:
        return ((key, value) for key, value in asdict(self).items() if key != "name")


@dataclass(frozen=True, slots=True)
class Effect:
    """What a decision would do: signatures found, those of them confirmed, and the count before and after."""

    found: int
    confirmed: int
    before: int
    after: int


def restored(stored: dict[str, Any], name: str = "") -> Selection:
    """The selection that ``Selection.stored`` and its name pattern were made from."""
    times = {key: datetime.fromisoformat(stored[key]) for key in ("since", "until") if stored[key]}
    return Selection(**{**stored, **times, "name": name})


def effect(appeal: Appeal, selection: Selection, what: str) -> Effect:
    """A look ahead that changes nothing. Raises Refused when it asks for everybody, or for too many names."""
    if selection.is_everybody:
        raise Refused(_("Say what they have in common: everybody is not a question."))
    found, confirmed, changing = _told(appeal.id, selection, what)
    before = counting.tally(appeal.id).total
    return Effect(found, confirmed, before, before + changing if what == RELEASE else before - changing)


def found(appeal_id: UUID, selection: Selection, what: str, *, at: datetime) -> Iterator[list[UUID]]:
    """The ids of what was there ``at`` that time, in portions, from a snapshot and a connection of their own."""
    wanted = _wanted(appeal_id, selection, what).where(Signature.created_at <= at)
    with engine().connect().execution_options(stream_results=True, yield_per=AT_ONCE) as reader:
        for portion in reader.execute(wanted).partitions():
            yield [row.id for row in portion if _is_named(row, selection.name)]


def _told(appeal_id: UUID, selection: Selection, what: str) -> tuple[int, int, int]:
    """Signatures, those confirmed, and those whose count would change."""
    if selection.name:
        return _told_by_name(appeal_id, selection, what)
    rows = _wanted(appeal_id, selection, what).subquery()
    confirmed = rows.c.state == "confirmed"
    changing = confirmed & _would_change(rows.c.held_at, what)
    numbers = select(func.count(), func.count().filter(confirmed), func.count().filter(changing)).select_from(rows)
    total, sure, moved = session.execute(numbers).one()
    return total, sure, moved


def _told_by_name(appeal_id: UUID, selection: Selection, what: str) -> tuple[int, int, int]:
    rows = session.execute(_wanted(appeal_id, selection, what).limit(_MOST_NAMES + 1)).all()
    if len(rows) > _MOST_NAMES:
        raise Refused(_("That is too many names to open: say more of what they have in common."))
    named = [row for row in rows if _is_named(row, selection.name)]
    confirmed = [row for row in named if row.state == "confirmed"]
    changing = [row for row in confirmed if (row.held_at is not None) == (what == RELEASE)]
    return len(named), len(confirmed), len(changing)


def _would_change(held_at: ColumnElement[Any], what: str) -> ColumnElement[bool]:
    return held_at.is_not(None) if what == RELEASE else held_at.is_(None)


def _wanted(appeal_id: UUID, selection: Selection, what: str) -> Select[Any]:
    columns: list[Any] = [Signature.id, Signature.state, Signature.held_at]
    if selection.name:
        columns.append(Signature.sealed)
    return select(*columns).where(*_conditions(appeal_id, selection, what))


def _conditions(appeal_id: UUID, selection: Selection, what: str) -> Iterator[ColumnElement[bool]]:
    yield Signature.appeal_id == appeal_id
    yield Signature.state.in_(("pending", "confirmed"))
    if selection.held_only or what == RELEASE:
        yield Signature.held_at.is_not(None)
    if selection.domain:
        yield Signature.domain == selection.domain
    if selection.network:
        yield Signature.network == selection.network
    if selection.reason:
        yield literal(selection.reason) == any_(Signature.held_reasons)
    if selection.since:
        yield Signature.created_at >= selection.since
    if selection.until:
        yield Signature.created_at < selection.until


def _is_named(row: Any, pattern: str) -> bool:
    if not pattern:
        return True
    if row.sealed is None:
        return False
    name = vault.current().open(row.sealed, table="signature", row=row.id).get("name", "")
    return fnmatchcase(name.casefold(), pattern.casefold())
