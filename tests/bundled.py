"""The bundled appeal and directory as rows of a test; it keeps to itself that their files are read once a run.

Reading them takes as long as two dozen tests. So what the loaders wrote the first time is kept in a schema beside,
and copied from there for whoever comes later.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import text

from campaign.appeals import loading
from campaign.db import session
from campaign.offices import directory
from tests.conftest import KEPT

DATA = Path(__file__).parent.parent / "campaign" / "data"
SLUG = "iran-detainees"

_TABLES = text("SELECT tablename FROM pg_tables WHERE schemaname = :schema")
_NOW = text("SELECT abs(extract(epoch FROM clock() - clock_timestamp())) < 1")
_AS_THEY_ARE = "SET LOCAL session_replication_role = replica"  # without triggers, and the tables in any order
# A process remembers what it read of an appeal and of a wording by their ids, which are nobody else's.
_OWN_IDS = (
    "UPDATE consent_wording SET id = gen_random_uuid()",
    "WITH own AS (UPDATE appeal SET id = gen_random_uuid() RETURNING id), "
    "version AS (UPDATE appeal_version SET appeal_id = own.id FROM own) "
    "UPDATE consent_wording SET appeal_id = own.id FROM own",
)


def offices() -> None:
    """The directory of offices, committed."""
    _once("offices", _load_offices)


def appeal() -> None:
    """The directory and the appeal, committed."""
    _once("appeal", _load_appeal, *_OWN_IDS)


def _load_offices() -> None:
    directory.load(session, DATA / "un_offices.yaml")


def _load_appeal() -> None:
    _load_offices()
    loading.load(session, DATA / "appeals" / SLUG, now=datetime.now(UTC))


def _once(name: str, load: Callable[[], None], *afterwards: str) -> None:
    """Load, or copy what was loaded before; only what a loader made of empty tables, today, is kept for others."""
    kept, filled = _tables(name), _filled()
    if kept and not kept & filled:
        copies = (f"INSERT INTO public.{table} TABLE {name}.{table}" for table in kept)
        _execute(_AS_THEY_ARE, *copies, *afterwards)
        return
    load()
    if not kept and not filled and session.scalar(_NOW):
        copies = (f"CREATE TABLE {name}.{table} AS TABLE public.{table}" for table in _filled())
        _execute(f"CREATE SCHEMA {name}", *copies)


def _tables(schema: str) -> set[str]:
    return set(session.scalars(_TABLES, {"schema": schema}))


def _filled() -> set[str]:
    """The tables that hold a row, but for those that no test empties."""
    tables = _tables("public") - KEPT
    looks = (f"SELECT '{table}' WHERE EXISTS (TABLE {table})" for table in tables)
    return set(session.scalars(text(" UNION ALL ".join(looks))))


def _execute(*statements: str) -> None:
    session.connection().exec_driver_sql("; ".join(statements))
    session.commit()
