"""The one PostgreSQL database: it keeps to itself the engine, the session of a request, and migrating.

Plain SQLAlchemy 2 with a session per app context. A use case commits once, on its last line; whatever
it did not commit is rolled back when the context ends.
"""

from __future__ import annotations

import select
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask, current_app, g
from sqlalchemy import (
    ColumnElement,
    DateTime,
    Dialect,
    Engine,
    Executable,
    MetaData,
    Text,
    create_engine,
    event,
    func,
    literal_column,
    text,
    update,
)
from sqlalchemy.exc import DBAPIError, IntegrityError, InvalidatePoolError
from sqlalchemy.orm import DeclarativeBase, Session
from werkzeug.local import LocalProxy

from campaign import patience

MIGRATIONS = Path(__file__).parent.parent / "migrations"
_MIGRATING = 0x756E6465  # advisory lock: two processes that start together migrate once

CLOCK = text("clock()")
"""The database's clock as a column's default: the only clock that orders events, and one that tests can move."""

EXACT = timedelta(days=6)
"""How old a moment may grow before only its day is kept; blurred several times a day, none is exact for seven."""


class Base(DeclarativeBase):
    """Every table; constraint names are fixed, so that migrations can name them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


def init_app(app: Flask) -> None:
    """Give the app an engine for ``DATABASE_URL`` and close each context's session."""
    app.extensions["engine"] = make_engine(app.config["DATABASE_URL"])
    app.teardown_appcontext(_close)


def make_engine(url: str, *, settings: str = "", **options: Any) -> Engine:
    """An engine that speaks UTC, never waits long for a dead server, and keeps parameters out of errors.

    ``settings``: more of PostgreSQL's, as ``-c name=value``; ``options``: more for SQLAlchemy's ``create_engine``.
    """
    scheme, _, rest = url.partition("://")
    made = create_engine(
        f"postgresql+psycopg://{rest}" if scheme else "postgresql+psycopg://",
        pool_size=16,  # as many as work at once (``admission.TURNS``); opened when they are needed
        max_overflow=16,
        pool_use_lifo=True,  # few connections do most, which then know the statements
        pool_timeout=5,
        hide_parameters=True,  # a name must not reach a log through an exception
        connect_args={"options": f"-c timezone=UTC -c lock_timeout=10000 {settings}"},
        **options,
    )
    event.listen(made, "do_connect", lambda _dialect, _record, given, named: patience.connected(*given, **named))
    event.listen(made, "checkout", _still_open)
    return made


def _still_open(connection: Any, _record: Any, _proxy: Any) -> None:
    """After a restart of PostgreSQL the next request works: a connection that was closed has something to read.

    Seen without asking the server, which at each request (``pool_pre_ping``) costs 0.1 ms.
    """
    watch = select.poll()
    watch.register(connection.fileno(), select.POLLIN)
    if watch.poll(0):
        raise InvalidatePoolError


def engine() -> Engine:
    """The engine of the current app."""
    found: Engine = current_app.extensions["engine"]
    return found


def kept(statement: Executable, values: dict[str, Any]) -> list[Any]:
    """Execute a statement object that is kept, in the session's transaction; its rows. Its SQL is written once."""
    connection = session.connection()
    sql, constants = _written(statement, connection.dialect)
    return [*connection.exec_driver_sql(sql, {**constants, **values})]


@cache
def _written(statement: Executable, dialect: Dialect) -> tuple[str, dict[str, Any]]:
    compiled = statement.compile(dialect=dialect)  # type: ignore[attr-defined] # a statement, not a sequence
    return str(compiled), dict(compiled.params)


def _session() -> Session:
    if "session" not in g:
        g.session = Session(engine(), expire_on_commit=False)
    found: Session = g.session
    return found


session: Session = LocalProxy(_session)  # type: ignore[assignment] # behaves as the Session it stands for


def _close(_error: BaseException | None) -> None:
    opened: Session | None = g.pop("session", None)
    if opened is not None:
        with suppress(DBAPIError):  # the server has gone meanwhile, and with it whatever was not committed
            opened.close()


def clock() -> ColumnElement[Any]:
    """The database's clock in a statement."""
    return func.clock(type_=DateTime(timezone=True))


def unindexed(column: Any) -> ColumnElement[str]:
    """A text column where no index on it shall serve, for who knows a better one.

    An index of the few rows in one state looks like the quickest way to any of them for as long as PostgreSQL counted
    few: it reads all of it, also once ten thousand wait there.
    """
    return column.op("||", return_type=Text())(literal_column("''", Text))  # type: ignore[no-any-return]


def blur(model: type[Base], *columns: str) -> None:
    """Keep of every older moment in these columns its day only: an hour must not help to find a person. Commits."""
    for name in columns:
        column = getattr(model, name)
        day = func.date_trunc(text("'day'"), column)
        session.execute(update(model).where(column <= clock() - EXACT, column != day).values({name: day}))
    session.commit()


@contextmanager
def only_one(name: str) -> Iterator[bool]:
    """True in one process at a time, by an advisory lock held until the transaction ends."""
    key = text("SELECT pg_try_advisory_xact_lock(hashtextextended(:name, 0))")
    yield bool(session.scalar(key, {"name": name}))


def violated(error: IntegrityError) -> str:
    """The name of the constraint that an insert or update ran into; empty when PostgreSQL gave none."""
    diagnosis = getattr(error.orig, "diag", None)
    return getattr(diagnosis, "constraint_name", None) or ""


def upgrade(url: str) -> None:
    """Bring the schema to the newest revision, once, whoever else tries at the same moment."""
    migrating = make_engine(url)
    with migrating.begin() as connection:
        connection.execute(text("SET LOCAL lock_timeout = 0"))  # whoever comes second waits, however long it takes
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATING})
        command.upgrade(_alembic(connection), "head")
    migrating.dispose()


def pending_migrations(connection: Any) -> bool:
    """Whether the schema is older or newer than this code."""
    current = MigrationContext.configure(connection).get_current_heads()
    return set(current) != set(ScriptDirectory(str(MIGRATIONS)).get_heads())


def differences(connection: Any) -> list[Any]:
    """What the models have and the migrated schema has not, or the other way round."""
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    return list(compare_metadata(context, Base.metadata))


def _alembic(connection: Any) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config
