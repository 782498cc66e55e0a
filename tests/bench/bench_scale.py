"""Signing, confirming and the page with ten million signatures in the database, beside the same with almost none.

A million of them stand in the appeal that is signed. Both installations stand at the same time and are measured in
turns, since rates depend on who else uses the machine at that moment; told is the median of the rounds, of rates and
of processor time for each answer, the web server's and PostgreSQL's apart (which is never quite idle). The plans are
looked at in ``tests/test_plans.py``. It takes a quarter of an hour, and 12 GB.
Not a test: it prints and never fails. ``python -m tests.bench.bench_scale [seconds] [in the appeal] [in all]``
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from statistics import median
from typing import NamedTuple

from sqlalchemy import select, text

from campaign import tokens
from campaign.appeals.models import Appeal
from campaign.db import session
from campaign.petition import counting, demo
from campaign.petition.models import Signature
from tests.bench import browsers
from tests.bench.bench_pages import looking
from tests.bench.bench_signing import opening, posting
from tests.bench.browsers import Story
from tests.bench.staging import Stage, standing

CLIENTS, ROUNDS = 16, 5
# Every index but the primary key is built after the rows: a sort instead of as many look-ups. No trigger writes a
# change for each row: what counts is put down at once.
_OWN = {
    "id": "gen_random_uuid()",
    "appeal_id": ":other",
    "email_index": "sha256(uuid_send(gen_random_uuid()))",
    "person_index": "sha256(uuid_send(gen_random_uuid()))",
}
_LATER = text("""
  SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'signature' AND indexname <> 'pk_signature'
""")


class Measured(NamedTuple):
    """Answers a second, and milliseconds of processor time for each, of the web server and of PostgreSQL."""

    rate: float
    web: float
    postgres: float


def main(seconds: float, in_appeal: int, in_all: int) -> None:
    """Fill one of two installations, measure both in turns, compare."""
    print(
        f"{os.cpu_count()} processors, {CLIENTS} clients, {ROUNDS} rounds of {seconds:g} s each; {_load()}",
        flush=True,
    )
    with standing() as small, standing() as large:
        began = time.monotonic()
        with large.app.app_context():
            _fill(in_appeal, in_all)
        print(f"filled in {time.monotonic() - began:.0f} s; {_load()}", flush=True)
        for stage in (small, large):
            _measured(
                stage, 5, "POST", posting
            )  # templates are compiled, plans made, what is read often is in memory
        rounds = [(_all(small, seconds), _all(large, seconds)) for _ in range(ROUNDS)]
        print(f"{'':<10}{'almost none':>32}{'with them':>32}    ratios: rate, web, postgres; {_load()}")
        for what in rounds[0][0]:
            _compare(what, [few[what] for few, _many in rounds], [many[what] for _few, many in rounds])
    browsers.go_home()


def _compare(what: str, few: Sequence[Measured], many: Sequence[Measured]) -> None:
    ratios = [[after / before for after, before in zip(*pair, strict=True)] for pair in zip(many, few, strict=True)]
    said = " ".join(f"{median(column):5.2f}" for column in zip(*ratios, strict=True))
    print(f"{what:<10}{_said(few)}{_said(many)}    {said}", flush=True)


def _load() -> str:
    return f"load {os.getloadavg()[0]:.1f}"


def _said(several: Sequence[Measured]) -> str:
    rate, web, postgres = (median(column) for column in zip(*several, strict=True))
    return f"{rate:9.0f}/s {web:7.3f} + {postgres:6.3f} ms"


def _all(stage: Stage, seconds: float) -> dict[str, Measured]:
    signing = _measured(stage, seconds, "POST", posting)
    with stage.app.app_context():
        pending = session.scalars(select(Signature.id).where(Signature.state == "pending").limit(20_000)).all()
        links = [f"/confirm/{tokens.make('confirm', row)}" for row in pending]
    confirming = _measured(stage, seconds, "POST", opening, links, CLIENTS)
    return {"sign": signing, "confirm": confirming, "page": _measured(stage, seconds, "GET", looking)}


def _measured(stage: Stage, seconds: float, label: str, story: Callable[..., Story], *given: object) -> Measured:
    before, began = stage.spent(), time.monotonic()
    answers = browsers.together(stage.port, CLIENTS, seconds, story, *given)[label]
    assert {status for status, _seconds in answers} <= {200, 303}, "not all were served"
    took = time.monotonic() - began
    each = {name: (spent - before[name]) * 1000 / len(answers) for name, spent in stage.spent().items()}
    return Measured(len(answers) / took, each["web"], each["postgres"])


def _fill(in_appeal: int, in_all: int) -> None:
    """So many in the bundled appeal, and as many in each of others until there are so many in all."""
    appeal = session.scalars(select(Appeal)).one()
    demo.fill(appeal, in_appeal, now=datetime.now(UTC), seed=1)
    later = session.execute(_LATER).all()
    for name, _definition in later:
        session.execute(text(f"DROP INDEX {name}"))
    session.execute(text("SET LOCAL session_replication_role = replica"))
    session.execute(text("SET LOCAL maintenance_work_mem = '512MB'"))
    for n in range((in_all - in_appeal) // in_appeal):
        _copy(appeal, n)
        print(f"  {(n + 2) * in_appeal} signatures", flush=True)
    for _name, definition in later:
        session.execute(text(definition))
    session.commit()
    while counting.fold():
        pass
    session.connection().exec_driver_sql("ANALYZE")
    session.commit()
    beside = session.connection(execution_options={"isolation_level": "AUTOCOMMIT"})
    beside.exec_driver_sql("VACUUM (FREEZE) signature, tally_change")  # else autovacuum does so while we measure
    beside.exec_driver_sql("CHECKPOINT")
    session.close()


def _copy(appeal: Appeal, number: int) -> None:
    """Another appeal with copies of all confirmed signatures of this one, each somebody else's."""
    other = Appeal(slug=f"other-{number}", state="closed", sensitive=True, version=1)
    session.add(other)
    session.flush()
    names = [column.name for column in Signature.__table__.columns]
    values = ", ".join(_OWN.get(name, name) for name in names)
    copied = f"INSERT INTO signature ({', '.join(names)}) SELECT {values} FROM signature"
    session.execute(
        text(f"{copied} WHERE appeal_id = :appeal AND state = 'confirmed'"), {"other": other.id, "appeal": appeal.id}
    )
    counted = "INSERT INTO tally (appeal_id, country, signatures) SELECT :other, country, signatures FROM tally"
    session.execute(text(f"{counted} WHERE appeal_id = :appeal"), {"other": other.id, "appeal": appeal.id})


if __name__ == "__main__":
    given = [float(word) for word in sys.argv[1:]]
    main(given[0] if given else 5.0, *(int(n) for n in (given[1:] + [1e6, 1e7][len(given[1:]) :])))
