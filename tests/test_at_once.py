"""A statement that is a whole transaction: what goes wrong with it is one of SQLAlchemy's errors."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import Integer, Text, bindparam, cast, func, select
from sqlalchemy.exc import DataError, OperationalError

from campaign import at_once, create_app
from config import load_settings

OWN = select(func.pg_backend_pid())
ENDING = select(func.pg_terminate_backend(bindparam("pid")))
NUMBER = select(cast(bindparam("typed", type_=Text), Integer))


def test_it_works(context: Flask) -> None:
    assert at_once.execute(NUMBER, {"typed": "7"}) == [7]


def test_a_connection_that_broke_is_used_no_second_time(context: Flask) -> None:
    [pid] = at_once.execute(OWN, {})
    with pytest.raises(OperationalError):
        at_once.execute(ENDING, {"pid": pid})
    assert at_once.execute(OWN, {}) != [pid]


def test_after_what_cannot_be_done_the_connection_goes_on(context: Flask) -> None:
    before = at_once.execute(OWN, {})
    for typed in ("seven", "7\0"):
        with pytest.raises(DataError):
            at_once.execute(NUMBER, {"typed": typed})
    assert at_once.execute(OWN, {}) == before


def test_while_postgresql_is_away_it_says_so(tmp_path: Path, app: Flask) -> None:
    url = "postgresql://127.0.0.1:1/x"
    away = create_app(load_settings(DATA_DIR=tmp_path, DATABASE_URL=url, REDIS_URL=app.config["REDIS_URL"]))
    with away.app_context(), pytest.raises(OperationalError):
        at_once.execute(OWN, {})
