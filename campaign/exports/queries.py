"""The signatures of an export, read as they are needed: it keeps to itself the cursor and the sealed records."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Engine, Select, func, select

from campaign.appeals.models import Appeal
from campaign.exports.audiences import Audience
from campaign.petition.models import Signature
from campaign.vault import Vault

_AT_ONCE = 500  # rows in memory


@dataclass(frozen=True, slots=True)
class Row:
    """One signature as an audience may see it. What it may not see is empty."""

    number: int
    name: str
    country: str
    visibility: str
    language: str
    day: date
    comment: str = ""  # comments appear once an organiser can approve them

    def cells(self, columns: tuple[str, ...]) -> list[str]:
        """The row as text, in this order of columns."""
        return [str(getattr(self, column)) for column in columns]


def rows(engine: Engine, vault: Vault, appeal: Appeal, audience: Audience) -> Iterator[Row]:
    """The confirmed signatures that are not held, through a server-side cursor, in one snapshot.

    A demonstration also gives its synthetic ones; an appeal that somebody answers for never does.
    """
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        small = _small_countries(connection, appeal, audience.fold_below)
        streamed = connection.execution_options(stream_results=True, yield_per=_AT_ONCE)
        for number, found in enumerate(streamed.execute(_ordered(_counting(appeal), audience)), 1):
            country = "" if found.country in small else found.country or ""
            name = _name(vault, found) if found.visibility in audience.names_of else ""
            yield Row(number, name, country, found.visibility, found.language, found.confirmed_at.date())


def count(connection: Connection, appeal: Appeal) -> int:
    """How many rows an export of this appeal has now."""
    return connection.scalar(select(func.count()).select_from(_counting(appeal).subquery())) or 0


def _counting(appeal: Appeal) -> Select[*tuple[Any, ...]]:
    found: Select[*tuple[Any, ...]] = select(
        Signature.id,
        Signature.sealed,
        Signature.country,
        Signature.visibility,
        Signature.language,
        Signature.confirmed_at,
    ).where(Signature.appeal_id == appeal.id, Signature.state == "confirmed", Signature.held_at.is_(None))
    return found if appeal.state == "demonstration" else found.where(Signature.origin == "real")


def _ordered(found: Select[*tuple[Any, ...]], audience: Audience) -> Select[*tuple[Any, ...]]:
    return found.order_by(Signature.confirmed_at, Signature.id) if audience.by_day else found.order_by(Signature.id)


def _small_countries(connection: Connection, appeal: Appeal, fewest: int) -> set[str]:
    counted = _counting(appeal).subquery()
    small = select(counted.c.country).group_by(counted.c.country).having(func.count() < fewest)
    return {country for country in connection.scalars(small) if country} if fewest else set()


def _name(vault: Vault, found: Any) -> str:
    row: UUID = found.id
    return str(vault.open(found.sealed, table="signature", row=row).get("name", "")) if found.sealed else ""
