"""The statement that takes signatures goes by indexes, also where PostgreSQL planned it before there were many.

A connection keeps its plan until a table is analysed again, which an appeal's first hour may not see.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import psycopg
from flask import Flask
from sqlalchemy import Executable

from campaign.db import session
from campaign.petition import confirming, demo, taking
from tests.cast import sign, the_appeal
from tests.statements import told


def scans(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every node of a plan that reads messages or signatures."""
    if node.get("Relation Name") in {"message", "signature"} and "Scan" in node["Node Type"]:
        yield node
    for below in node.get("Plans", ()):
        yield from scans(below)


def plan_of(statement: Executable) -> dict[str, Any]:
    """The plan of a statement with its values, as it stands now."""
    sql = statement.compile(session.get_bind(), compile_kwargs={"literal_binds": True})  # type: ignore[attr-defined]
    plan = session.connection().exec_driver_sql(f"EXPLAIN (FORMAT JSON) {str(sql).replace('%', '%%')}").scalar_one()
    return plan[0]["Plan"]  # type: ignore[no-any-return] # JSON


def empty_as_on_the_first_day() -> None:
    """What an analysis has learned of other tests' rows outlives their removal, and plans differ by it."""
    for said in (
        "TRUNCATE message, signature CASCADE",
        "DELETE FROM pg_statistic WHERE starelid IN ('message'::regclass, 'signature'::regclass)",
    ):
        session.connection().exec_driver_sql(said)


def test_it_works(context: Flask) -> None:
    empty_as_on_the_first_day()
    read = list(scans(plan_of(taking.statement().params(rows="[]"))))
    told = "the confirmed, the mail of the same press and what that is about, the hour of a domain"
    assert len(read) == 6, f"{told}, the mails of a day, and those about one signature"
    for node in read:
        assert node.get("Index Cond"), f"{node}"


def test_a_table_that_was_small_when_it_was_measured_is_not_read_from_end_to_end(context: Flask) -> None:
    the_appeal()
    plans: list[str] = []

    def plan(sql: str, given: Any, connection: Any) -> None:
        if isinstance(given, list):  # one of ours: its values are numbered
            lines = psycopg.RawCursor(connection).execute(f"EXPLAIN {sql}", given).fetchall()
            plans.append("\n".join(line for (line,) in lines))

    sign(context.test_client())
    session.connection().exec_driver_sql("ANALYZE signature, message, appeal")  # there is hardly a row in them
    session.commit()
    with told(context, plan):
        assert sign(context.test_client(), email="bob@example.org").status_code == 303
    assert plans
    assert "Index Scan" in plans[0]
    assert "Seq Scan" not in plans[0]


def test_whoever_confirms_is_found_by_their_link_also_by_a_plan_from_when_nobody_waited(
    context: Flask,
) -> None:
    appeal = the_appeal()
    demo.fill(appeal, 2_000, now=datetime.now(UTC), seed=1)
    session.connection().exec_driver_sql("ANALYZE signature")
    given = {"signature": uuid4(), "appeal": appeal.id, "mailbox": b"m" * 32, "name": None}
    read = list(scans(plan_of(confirming.pressed().params(**given))))
    assert len(read) == 3, "the person's waiting ones, this one, and the person's others"
    for node in read:
        assert node.get("Index Cond"), f"{node}"


def test_no_index_of_all_that_wait_is_a_way_to_one_of_them(context: Flask) -> None:
    """PostgreSQL takes it for as short as the right one where few waited when it looked: of ten million, for days."""
    given = {"signature": uuid4(), "appeal": the_appeal().id, "mailbox": b"m" * 32, "name": None}
    for said in ("SET LOCAL enable_seqscan = off", "DROP INDEX ix_signature_pending"):
        session.connection().exec_driver_sql(said)
    used = {node.get("Index Name") for node in scans(plan_of(confirming.pressed().params(**given)))}
    session.rollback()
    assert "ix_signature_waiting" not in used
