"""A claim goes by an index from the oldest, so that it costs the same whatever waits and whatever went before."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, text

from campaign.db import session
from campaign.mail import claiming, pacing, transports
from campaign.mail.states import LETTERS, PEOPLE
from tests.bench.backlog import pile_up
from tests.post_office import Post
from tests.sink import Sink

MANY = 5_000
A_CLAIM = 20
OFFICES = 60


@pytest.fixture
def crowd(post: Post, live: Sink, move_clock: Callable[[timedelta], None]) -> None:
    """Many letters to offices and as many mails to people; every second one of them went long ago."""
    away = (7 - session.scalars(text("SELECT extract(isodow FROM clock())::int")).one()) % 7
    session.rollback()
    move_clock(timedelta(days=away + 2))  # a Tuesday, when offices are open
    for prefix, kind in (("letter", post.letter), ("confirm", post.confirm)):
        kind(f"{prefix}:model")
        pile_up(f"{prefix}:model", MANY, prefix=prefix, offices=OFFICES)
    for n in range(OFFICES):
        pacing.set_budget(f"office:{n}", opens=0, closes=24)
    went = "UPDATE message SET state = 'settled', turn_at = clock() - interval '30 days' WHERE epoch = 0 AND {}"
    session.execute(text(went.format("right(dedupe_key, 1) IN ('0', '2', '4', '6', '8')")))
    session.commit()
    session.connection().exec_driver_sql("ANALYZE message")
    session.commit()


@contextmanager
def reading(app: Flask) -> Iterator[list[tuple[int, str]]]:
    """Of each statement, how many messages and entries of their indexes it reads, and its plan."""
    found: list[tuple[int, str]] = []

    def explain(connection: Any, _cursor: Any, statement: str, given: Any, _context: Any, _many: bool) -> None:
        if "message" in statement and statement.lstrip().startswith(("WITH", "SELECT")):
            asking = connection.connection.driver_connection.cursor()
            asking.execute("SAVEPOINT before")
            asking.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", given)
            plan = asking.fetchone()[0][0]["Plan"]
            asking.execute("ROLLBACK TO SAVEPOINT before")
            found.append((int(_read(plan)), statement))

    event.listen(app.extensions["engine"], "before_cursor_execute", explain)
    yield found
    event.remove(app.extensions["engine"], "before_cursor_execute", explain)


def _read(node: dict[str, Any]) -> float:
    of_messages = node.get("Relation Name") == "message" or "message" in node.get("Index Name", "")
    rows = node["Actual Rows"] + node.get("Rows Removed by Filter", 0) if of_messages else 0
    return rows * node["Actual Loops"] + sum(_read(child) for child in node.get("Plans", ()))


@pytest.mark.parametrize("lane", [PEOPLE, LETTERS])
def test_a_claim_reads_little_more_than_it_takes(crowd: None, app: Flask, lane: int) -> None:
    for _ in range(7):  # from the sixth on, PostgreSQL may plan for any values instead of these
        with reading(app) as seen:
            assert claiming.waiting(lane, transports.LIVE)
            assert len(claiming.claim(lane, transports.LIVE, A_CLAIM)) > 0
        assert len(seen) >= 3
        for read, statement in seen:
            assert read <= 10 * max(A_CLAIM, OFFICES), f"{read} rows for {statement}"
