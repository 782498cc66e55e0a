"""A statement that is a whole transaction: what goes wrong with it is one of SQLAlchemy's errors."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import Integer, Text, bindparam, cast, func, select
from sqlalchemy.exc import DataError, OperationalError

from campaign import at_once, create_app, patience
from campaign.db import session
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


def test_nobody_at_a_screen_waits_for_a_server_that_hangs(context: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "WITHIN", 0.2)
    monkeypatch.setattr(patience, "_LAST", 0.0)
    asleep, began = select(func.pg_sleep(1)), time.monotonic()
    for ask in (lambda: at_once.execute(asleep, {}), lambda: session.execute(asleep)):
        with pytest.raises(OperationalError), patience.limited():
            ask()
        session.rollback()
    assert time.monotonic() - began < 0.9
    assert at_once.execute(NUMBER, {"typed": "7"}) == [session.scalar(select(7))]


def test_who_comes_to_it_late_gets_an_answer_that_does_not_take_long(
    context: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "WITHIN", -60.0)
    with patience.limited():
        assert at_once.execute(select(func.pg_sleep(0.05)), {}) == [""]
        assert session.scalar(select(7)) == 7


def test_a_worker_waits_on(context: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "WITHIN", 0.01)
    monkeypatch.setattr(patience, "_LAST", 0.0)
    assert at_once.execute(select(func.pg_sleep(0.05)), {}) == [""]


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
