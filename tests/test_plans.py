"""What a public page, a signature or a link asks of the database is looked up, however much has gathered there.

Every table that grows is made large by copies of what happened on the stage. Then every public address is opened and
every form sent, and of each statement the plan is looked at: as it was carried out, and as PostgreSQL makes it for
any values once a connection has asked the same often enough.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import psycopg
from flask import Flask
from sqlalchemy import text

from campaign.db import session
from campaign.petition import counting
from tests.cast import PAGE
from tests.statements import explained, told
from tests.test_fuzz_routes import Sent, Site, answer, site  # noqa: F401 - a fixture
from tests.test_routes import stage  # noqa: F401 - a fixture

MANY = 4_000  # rows
FEW = 2 * MANY // 50  # rows of tables that grow, that a statement may read: an office looks at its own letters
SHARED = "AS a_second"  # read once in some seconds by a process, whoever asks (mail.awaiting)
# In this order, since one refers to another; each with what a copy has of its own.
GROWS = {
    "signature": {"state": "(ARRAY['pending', 'lapsed', 'expired', 'confirmed', 'confirmed'])[1 + n % 5]"},
    "message": {"state": "(ARRAY['ready', 'failed', 'captured', 'captured'])[1 + n % 4]", "budget_key": "NULL"},
    "message_event": {"message_id": "(SELECT id FROM copies WHERE copies.n = numbers.n)"},
    "letter": {
        "state": "(ARRAY['pending', 'confirmed', 'withdrawn'])[1 + n % 3]",
        "office_id": "(ARRAY(SELECT id FROM office ORDER BY slug))[1 + n % 50]",
    },
    "organisation_signon": {"state": "(ARRAY['pending', 'refused', 'withdrawn'])[1 + n % 3]"},
    "audit_event": {},
    "sign_in_link": {},
    "desk_session": {},
}
OWN = {
    "id": "gen_random_uuid()",
    "submission_id": "gen_random_uuid()",
    "subject_id": "gen_random_uuid()",
    "dedupe_key": "'copy:' || n",
    "token": "'copy' || n",
    "message_id": "'copy' || n",
    "name_key": "'copy' || n",
    "token_hash": "sha256(n::text::bytea)",
    **dict.fromkeys(
        ["email_index", "person_index", "writer_index", "recipient_index", "mailbox_index"], "sha256(n::text::bytea)"
    ),
    **{name: f"{name} - n * interval '1 second'" for name in ("created_at", "at", "not_before", "changed_at")},
}
COLUMNS = text("""
  SELECT column_name FROM information_schema.columns
  WHERE table_name = :table AND is_generated = 'NEVER' AND is_identity = 'NO'
""")


def grow(table: str, own: dict[str, str]) -> None:
    """Copy one row of a table ``MANY`` times."""
    values = {name: ({**OWN, **own}).get(name, name) for name in session.scalars(COLUMNS, {"table": table})}
    numbered = "WITH copies AS MATERIALIZED (SELECT id, row_number() OVER () AS n FROM message)"
    session.execute(
        text(f"""
          INSERT INTO {table} ({", ".join(values)}) {numbered if table == "message_event" else ""}
          SELECT {", ".join(values.values())}
          FROM (SELECT * FROM {table} LIMIT 1) AS model, generate_series(1, {MANY}) AS numbers(n)
        """)
    )
    session.commit()


@dataclass
class Asked:
    """A statement, the growing tables that it goes through from end to end, and how many of their rows it read."""

    statement: str
    whole: set[str] = field(default_factory=set)
    read: int = 0

    @property
    def reads_much(self) -> bool:
        return self.read > FEW and SHARED not in self.statement

    def look(self, node: dict[str, Any]) -> None:
        """Note what a node of a plan, and those below it, do."""
        table = node.get("Relation Name", "")
        if table in GROWS:
            rows = node.get("Actual Rows", 0) + node.get("Rows Removed by Filter", 0)
            self.read += int(rows * node.get("Actual Loops", 0))
        if table in GROWS and node["Node Type"] == "Seq Scan":
            self.whole.add(table)
        for below in node.get("Plans", ()):
            self.look(below)


@contextmanager
def asking(app: Flask) -> Iterator[list[Asked]]:
    """Every statement on a table that grows, with what its plans say."""
    found: list[Asked] = []
    apart = psycopg.connect(app.config["DATABASE_URL"].replace("+psycopg", ""), autocommit=True)

    def explain(statement: str, given: Any, driver: Any) -> None:
        if not statement.lstrip().startswith(("WITH", "SELECT", "INSERT", "UPDATE", "DELETE")):
            return
        found.append(one := Asked(statement))
        with (apart if driver.autocommit else driver).transaction(force_rollback=True) as whole:
            one.look(explained(whole.connection, statement, given))
        for_any = f"EXPLAIN (GENERIC_PLAN, FORMAT JSON) {_for_any(statement, given)}"
        planned = psycopg.ClientCursor(apart).execute(for_any)
        one.look(planned.fetchone()[0][0]["Plan"])

    with apart, told(app, explain):
        yield found


def _for_any(statement: str, values: dict[str, Any] | list[Any]) -> str:
    """The statement with numbers for its values, as PostgreSQL writes them."""
    if isinstance(values, list):
        return re.sub(r"\$(\d+)", lambda found: _number(int(found[1]), values[int(found[1]) - 1]), statement)
    names = list(values)
    named = re.sub(r"%\((\w+)\)s", lambda found: _number(names.index(found[1]) + 1, values[found[1]]), statement)
    return named.replace("%%", "%")


def _number(place: int, value: Any) -> str:
    return f"${place}::interval" if isinstance(value, timedelta) else f"${place}"


def pressed_twice(site: Site) -> list[Sent]:  # noqa: F811 - the fixture
    """What is behind the second of two presses, whose mail is that of the first."""
    [sign] = [start for start in site.starts if start.method == "POST" and start.path == f"{PAGE}/sign".encode()]
    sent = [answer(site.app, sign).headers["Location"] for _press in range(2)][1]
    return [Sent(sent.encode()), Sent(f"{sent}/resend".encode(), "POST")]


def test_it_works(site: Site) -> None:  # noqa: F811 - the fixture
    with site.app.app_context():
        for table, own in GROWS.items():
            grow(table, own)
        while counting.fold():
            pass
        session.connection().exec_driver_sql("ANALYZE")
        session.commit()
    wrong, seen = {}, 0
    starts = [start for start in site.starts if start.method != "HEAD"]  # which asks what GET does
    for start in (*starts, *pressed_twice(site)):
        with asking(site.app) as asked:
            found = answer(site.app, start)
        assert found.status < 500, found.log
        seen += len(asked)
        where = f"{start.method} {start.path.decode()[:40]}"
        wrong |= {f"{where}: {one.statement}": one for one in asked if one.whole or one.reads_much}
    assert seen > 100
    told = [f"{one.whole or ''} {one.read} rows\n{where}" for where, one in wrong.items()]
    assert not told, "\n\n".join(told)
