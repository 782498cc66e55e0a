"""The signatures of an export, read as they are needed: it keeps to itself the cursor and the sealed records."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Date, Engine, Select, case, cast, func, select

from campaign.appeals.models import Appeal
from campaign.exports.audiences import Audience
from campaign.petition.models import Comment, Signature
from campaign.vault import Vault

_AT_ONCE = 2000  # rows in memory
_DAY = cast(func.timezone("UTC", Signature.confirmed_at), Date)


class Row(NamedTuple):
    """One signature as an audience may see it. What it may not see is empty."""

    number: int
    name: str
    country: str
    visibility: str
    language: str
    day: date
    comment: str = ""  # what an organiser approved


def rows(engine: Engine, vault: Vault, appeal: Appeal, audience: Audience) -> Iterator[Row]:
    """The confirmed signatures that are not held, through a server-side cursor, in one snapshot.

    Numbered as they come: by day and then by id, which is drawn by lot, where the audience sees days; else by id.
    The exact moment orders nothing, since it blurs to its day within a week: an export after that would number
    the same people otherwise. So days that are over keep their numbers for as long as nobody of them leaves.
    A demonstration also gives its synthetic ones; an appeal that somebody answers for never does.
    """
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        small = _small_countries(connection, appeal, audience.fold_below)
        streamed = connection.execution_options(stream_results=True, yield_per=_AT_ONCE)
        found = streamed.execute(_ordered(_shown(appeal, audience), audience))
        for number, (row, sealed, country, visibility, language, day, comment) in enumerate(found, 1):
            name = _name(vault, row, sealed) if sealed else ""
            told = "" if country in small else country or ""
            yield Row(number, name, told, visibility, language, day, comment or "")


def count(connection: Connection, appeal: Appeal) -> int:
    """How many rows an export of this appeal has now."""
    return connection.scalar(select(func.count()).select_from(_counting(appeal).subquery())) or 0


def _counting(appeal: Appeal, *columns: ColumnElement[Any]) -> Select[*tuple[Any, ...]]:
    counting = (Signature.appeal_id == appeal.id, Signature.state == "confirmed", Signature.held_at.is_(None))
    found: Select[*tuple[Any, ...]] = select(*(columns or (Signature.country,))).where(*counting)
    return found if appeal.state == "demonstration" else found.where(Signature.origin == "real")


def _shown(appeal: Appeal, audience: Audience) -> Select[*tuple[Any, ...]]:
    """A record that this audience may not see stays in the database, sealed."""
    named = case((Signature.visibility.in_(audience.names_of), Signature.sealed)).label("sealed")
    told = (Signature.country, Signature.visibility, Signature.language)
    found = _counting(appeal, Signature.id, named, *told, _DAY, Comment.shown)  # type: ignore[arg-type] # attributes are columns
    return found.outerjoin(Comment, Comment.signature_id == Signature.id)


def _ordered(found: Select[*tuple[Any, ...]], audience: Audience) -> Select[*tuple[Any, ...]]:
    """Sorted for each file. An index in this order would be written at every confirmation, for what is asked for now
    and then; and nearly all of an appeal is read, which no index makes less."""
    return found.order_by(_DAY, Signature.id) if audience.by_day else found.order_by(Signature.id)


def _small_countries(connection: Connection, appeal: Appeal, fewest: int) -> set[str]:
    counted = _counting(appeal).subquery()
    small = select(counted.c.country).group_by(counted.c.country).having(func.count() < fewest)
    return {country for country in connection.scalars(small) if country} if fewest else set()


def _name(vault: Vault, row: UUID, sealed: bytes) -> str:
    return str(vault.open(sealed, table="signature", row=row).get("name", ""))
