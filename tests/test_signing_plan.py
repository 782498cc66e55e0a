"""The statement that takes signatures goes by indexes, also where PostgreSQL planned it before there were many.

A connection keeps its plan until a table is analysed again, which an appeal's first hour may not see.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
from flask import Flask

from campaign.db import session
from campaign.petition import taking
from tests.cast import sign, the_appeal
from tests.statements import told


def scans(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every node of a plan that reads messages or signatures."""
    if node.get("Relation Name") in {"message", "signature"} and "Scan" in node["Node Type"]:
        yield node
    for below in node.get("Plans", ()):
        yield from scans(below)


def empty_as_on_the_first_day() -> None:
    """What an analysis has learned of other tests' rows outlives their removal, and plans differ by it."""
    for said in (
        "TRUNCATE message, signature CASCADE",
        "DELETE FROM pg_statistic WHERE starelid IN ('message'::regclass, 'signature'::regclass)",
    ):
        session.connection().exec_driver_sql(said)


def test_it_works(context: Flask) -> None:
    written = taking.statement().params(rows="[]")
    sql = written.compile(session.get_bind(), compile_kwargs={"literal_binds": True})
    empty_as_on_the_first_day()
    plan = session.connection().exec_driver_sql(f"EXPLAIN (FORMAT JSON) {str(sql).replace('%', '%%')}").scalar_one()
    read = list(scans(plan[0]["Plan"]))
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
