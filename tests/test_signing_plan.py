"""The statement that takes signatures goes by indexes, also where PostgreSQL planned it before there were any.

A connection keeps its plan until a table is analysed, which an appeal's first hour may not see.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flask import Flask

from campaign.db import session
from campaign.petition import taking


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
