"""A claim goes by indexes, so that it costs the same whatever waits, is paused, and went before; so do its like."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from itertools import product
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import text

from campaign.db import session
from campaign.mail import claiming, outbox, pacing, pausing, transports
from campaign.mail.states import LETTERS, PEOPLE
from tests.bench.backlog import pile_up
from tests.post_office import Post
from tests.sink import Sink
from tests.statements import explained, told

MANY = 5_000
A_CLAIM = 20
OFFICES = 60
DOMAINS = 25  # that people have; each is a step for a claim that looks behind what is paused
BOUND = 1_000  # rows of a statement, far fewer than wait
APPEAL, OTHER = f"appeal:{UUID(int=1)}", f"appeal:{UUID(int=2)}"


@pytest.fixture
def crowd(post: Post, live: Sink, move_clock: Callable[[timedelta], None]) -> None:
    """Many letters to offices and as many mails to people; every second one of them went long ago."""
    here = "clock() AT TIME ZONE 'Europe/Zurich'"
    asked = f"SELECT extract(isodow FROM {here})::int, extract(hour FROM {here})::int"
    weekday, hour = session.execute(text(asked)).one()
    session.rollback()
    move_clock(timedelta(days=(7 - weekday) % 7 + 2, hours=10 - hour))  # a Tuesday at ten, when offices are open
    post.letter("letter:model", budget_key="office:0", pause_keys=[APPEAL, "letters:1"])
    post.confirm("confirm:model", pause_keys=[APPEAL])
    for prefix in ("letter", "confirm"):
        pile_up(f"{prefix}:model", MANY, prefix=prefix, offices=OFFICES)
    at = "ARRAY[pause_keys[1], 'domain:' || lpad((get_byte(recipient_index, 1) % :domains)::text, 16, '0')]"
    session.execute(text(f"UPDATE message SET pause_keys = {at} WHERE lane = 0"), {"domains": DOMAINS})
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

    def explain(statement: str, given: Any, driver: Any) -> None:
        if "message" in statement and statement.lstrip().startswith(("WITH", "SELECT", "UPDATE")):
            before, back = ("BEGIN", "ROLLBACK") if driver.autocommit else ("SAVEPOINT a", "ROLLBACK TO SAVEPOINT a")
            driver.execute(before)
            plan = explained(driver, statement, given)
            driver.execute(back)
            found.append((int(_read(plan)), statement))

    with told(app, explain):
        yield found


def _read(node: dict[str, Any]) -> float:
    of_messages = node.get("Relation Name") == "message" or "message" in node.get("Index Name", "")
    rows = node["Actual Rows"] + node.get("Rows Removed by Filter", 0) if of_messages else 0
    return rows * node["Actual Loops"] + sum(_read(child) for child in node.get("Plans", ()))


def little(seen: list[tuple[int, str]], bound: int = BOUND) -> None:
    """That no statement read more than so many rows."""
    assert seen
    for read, statement in seen:
        assert read <= bound, f"{read} rows for {statement}"


def test_a_claim_reads_little_more_than_it_takes(crowd: None, app: Flask) -> None:
    for lane, _ in product((PEOPLE, LETTERS), range(7)):  # from the sixth on, PostgreSQL may plan for any values
        with reading(app) as seen:
            assert claiming.waiting(lane, transports.LIVE)
            assert claiming.claim(lane, transports.LIVE, A_CLAIM)
            assert not claiming.waiting(lane, transports.CAPTURE)
        little(seen, 10 * max(A_CLAIM, OFFICES))
        if lane == LETTERS:
            give_back()


def give_back() -> None:
    """As if nothing had had its turn yet."""
    session.execute(text("UPDATE message SET state = 'ready', turn_at = NULL WHERE state = 'leased'"))
    session.commit()


def test_it_reads_as_little_behind_a_backlog_that_is_paused(crowd: None, app: Flask) -> None:
    domains = session.scalars(text("SELECT DISTINCT pause_keys[cardinality(pause_keys)] FROM message")).all()
    offices = [f"office:{n}" for n in range(OFFICES)]
    for lane, keys in product((PEOPLE, LETTERS), ([APPEAL], offices, domains, ["all"])):
        if keys is offices and lane == PEOPLE:
            continue  # no office is written to there
        for key in keys:
            pausing.note(key, "a test")
        session.commit()
        for _ in range(6):
            with reading(app) as seen:
                assert not claiming.waiting(lane, transports.LIVE), keys
                assert claiming.claim(lane, transports.LIVE, A_CLAIM) == []
            little(seen)
        free = last(lane)
        with reading(app) as seen:
            assert claiming.waiting(lane, transports.LIVE) == (keys != ["all"])
            assert [claim.id for claim in claiming.claim(lane, transports.LIVE, A_CLAIM)] == [free][: keys != ["all"]]
        little(seen)
        session.execute(text("DELETE FROM pause"))
        session.execute(text("UPDATE message SET state = 'settled', turn_at = NULL WHERE id = :id"), {"id": free})
        session.commit()


def last(lane: int) -> UUID:
    """The youngest message of a lane, now to another office and domain, about another appeal."""
    keys = {"keys": [OTHER, "office:99", "domain:another"], "lane": lane}
    youngest = "SELECT id FROM message WHERE lane = :lane AND state = 'ready' ORDER BY not_before DESC LIMIT 1"
    columns = f"pause_keys = :keys, budget_key = CASE lane WHEN {LETTERS} THEN 'office:99' END"
    row: UUID = session.execute(
        text(f"UPDATE message SET {columns} WHERE id = ({youngest}) RETURNING id"), keys
    ).scalar_one()
    pacing.set_budget("office:99", opens=0, closes=24)
    session.commit()
    return row


def test_two_workers_behind_a_pause_take_different_ones(crowd: None, app: Flask) -> None:
    some = "UPDATE message SET pause_keys = ARRAY[:key, pause_keys[2]] WHERE get_byte(recipient_index, 2) < 8"
    session.execute(text(some), {"key": OTHER})
    pausing.pause(APPEAL)

    def claim(_: int) -> set[UUID]:
        with app.app_context():
            return {claim.id for claim in claiming.claim(PEOPLE, transports.LIVE, 5)}

    with ThreadPoolExecutor(2) as pool:
        one, other = pool.map(claim, range(2))
    assert (len(one), len(other), len(one | other)) == (5, 5, 10)


def test_what_is_paused_in_part_leaves_the_rest_in_its_order(post: Post, live: Sink) -> None:
    rows = [post.confirm(f"c:{n}", to=f"{n}@people.internal", pause_keys=[(APPEAL, OTHER)[n % 2]]) for n in range(8)]
    pausing.pause(APPEAL)
    assert [claim.id for claim in claiming.claim(PEOPLE, transports.LIVE, 3)] == rows[1:7:2]
    pausing.resume(APPEAL)
    assert [claim.id for claim in claiming.claim(PEOPLE, transports.LIVE, 9)] == [*rows[0:7:2], rows[7]]


def test_a_busy_appeal_does_not_hold_up_another_behind_what_is_paused(post: Post, live: Sink) -> None:
    paused, busy, quiet = (f"appeal:{UUID(int=n)}" for n in (1, 2, 3))
    for n in range(8):
        post.confirm(f"p:{n}", to=f"p{n}@people.internal", pause_keys=[paused])
    waits = post.confirm("q", to="q@people.internal", pause_keys=[quiet])
    for n in range(8):
        post.confirm(f"b:{n}", to=f"b{n}@people.internal", pause_keys=[busy])
    pausing.pause(paused)
    assert [claim.id for claim in claiming.claim(PEOPLE, transports.LIVE, 1)] == [waits]


def test_an_appeal_finds_its_own_messages_and_all_are_counted_without_a_look_at_them(crowd: None, app: Flask) -> None:
    with app.extensions["at once"].connect() as connection:
        connection.exec_driver_sql("VACUUM message")
    with reading(app) as seen:
        assert sum(row["count"] for row in outbox.status()["counts"]) == 2 * (MANY + 1)
    plan = str(session.scalars(text(f"EXPLAIN (FORMAT JSON) {seen[0][1]}")).one())
    assert "Index Only Scan" in plan
    assert "Seq Scan" not in plan
    last(PEOPLE)
    for _ in range(7):
        with reading(app) as seen:
            forgotten = outbox.forget_appeal(UUID(int=2))
        assert forgotten == 1
        little(seen, 20)
        session.rollback()
