"""Every statement that an app sends, told to a test before it is carried out: of the session and of ``at_once``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import psycopg
from flask import Flask
from sqlalchemy import event

from campaign import at_once

Note = Callable[[str, Any, Any], None]  # the SQL, its values (a mapping, or a list where they are numbered), where to


@contextmanager
def told(app: Flask, note: Note) -> Iterator[None]:
    """``note`` hears of each meanwhile; the connection is psycopg's."""

    def of_engine(connection: Any, _cursor: Any, sql: str, given: Any, _context: Any, many: bool) -> None:
        note(sql, given[0] if many else given, connection.connection.driver_connection)

    class Cursor(psycopg.RawCursor):  # type: ignore[type-arg] # of whatever rows
        def execute(self, query: Any, params: Any = None, **more: Any) -> Any:
            note(query, params, self.connection)
            return super().execute(query, params, **more)

    event.listen(app.extensions["engine"], "before_cursor_execute", of_engine)
    try:
        with mock.patch.object(at_once, "RawCursor", Cursor):
            yield
    finally:
        event.remove(app.extensions["engine"], "before_cursor_execute", of_engine)


def explained(connection: Any, sql: str, given: Any) -> Any:
    """The plan of a statement that was told of, carried out on this connection."""
    cursor = psycopg.RawCursor(connection) if isinstance(given, list) else connection.cursor()
    return cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}", given).fetchone()[0][0]["Plan"]
