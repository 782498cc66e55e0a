"""Statements that are whole transactions: it keeps to itself that they pass by most of SQLAlchemy, and why.

One round trip instead of three (BEGIN, the statement, COMMIT), on connections of their own that are never in a
transaction, so that nothing is to be set or undone before and after. SQLAlchemy still writes the SQL (once), keeps
the connections and names the errors. What it does besides for each execution took two thirds of the processor time
in here, on the way that every signature and every mail goes. And PostgreSQL keeps its plans: where a connection rolls
back, as a session's does at its end, psycopg forgets what it prepared. A look at the outbox was planned for 4 ms and
took 0.1 ms.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from functools import cache
from typing import Any

import psycopg
from flask import Flask, current_app
from psycopg import RawCursor
from sqlalchemy import Executable
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.exc import DBAPIError

from campaign import db

_PLANS = "-c enable_seqscan=off -c plan_cache_mode=force_generic_plan"  # by indexes, once for a connection
# As PostgreSQL numbers parameters, so that psycopg has nothing to rewrite each time.
_NUMBERED = PGDialect_psycopg(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call] # SQLAlchemy types no dialects


def init_app(app: Flask) -> None:
    """Give the app a second engine; its connections are opened when they are needed.

    All that is asked here is looked up by an index. A plan that is kept since a table was small would go through all
    of it, until PostgreSQL looks at the table again: in the first minute of a rush that took five times the work.
    """
    url, options = app.config["DATABASE_URL"], {"isolation_level": "AUTOCOMMIT", "pool_reset_on_return": None}
    app.extensions["at once"] = db.make_engine(url, settings=_PLANS, **options)


def execute(statement: Executable, values: dict[str, Any]) -> list[Any]:
    """Execute a statement that is a whole transaction, beside the session; its first column.

    It is on disk when this returns. The statement object must be one that is kept, whose SQL is written once.
    Raises SQLAlchemy's errors.
    """
    return [row[0] for row in rows(statement, values)]


def rows(statement: Executable, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    """The same with all its columns."""
    sql, names, constants = _written(statement)
    given = {**constants, **values}
    try:
        return _fetched(sql, [given[name] for name in names])
    except psycopg.Error as error:
        raise DBAPIError.instance(None, None, error, psycopg.Error, hide_parameters=True) from error


def _fetched(sql: str, given: Sequence[Any]) -> list[tuple[Any, ...]]:
    with closing(current_app.extensions["at once"].raw_connection()) as connection:
        try:
            return RawCursor(connection.driver_connection).execute(sql, given, prepare=True).fetchall()
        except psycopg.Error as error:
            if connection.driver_connection.closed:
                connection.invalidate(error)
            raise


@cache
def _written(statement: Executable) -> tuple[str, Sequence[str], dict[str, Any]]:
    """The SQL, the names of its parameters in order, and those that are the same each time."""
    compiled = statement.compile(dialect=_NUMBERED)  # type: ignore[attr-defined] # a statement, not a sequence
    return str(compiled), tuple(compiled.positiontup), dict(compiled.params)
