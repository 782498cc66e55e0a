"""Accepted signatures a second, each durable before its answer, beside pgbench with one such row a commit.

Browsers, web server, PostgreSQL, Valkey and (where said) the worker share all processors of this machine; pgbench
shares them with PostgreSQL only. So a ratio is a lower bound of what a web server on its own machine would reach.
Not a test: it prints and never fails by time. ``python -m tests.bench.bench_signing [seconds] [rounds]``
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

from sqlalchemy import select, text

from campaign import embedded, tokens
from campaign.db import session
from campaign.petition import counting
from campaign.petition.models import Signature
from tests.bench import browsers
from tests.bench.browsers import Request, Story, Told
from tests.bench.staging import Stage, standing
from tests.cast import ALICE, PAGE

CLIENTS = (16, 64)
# As many and as long values as a signature has, every index of it, and one commit each.
_TABLE = "CREATE TABLE bare_signature (LIKE signature INCLUDING ALL)"
_INSERT = """
INSERT INTO bare_signature (id, appeal_id, email_index, person_index, sealed, country, visibility, language,
  wording_id)
SELECT gen_random_uuid(), id, sha256(gen_random_uuid()::text::bytea), sha256(gen_random_uuid()::text::bytea),
  decode(repeat(md5(random()::text), 18), 'hex'), 'FR', 'counted', 'en', id FROM appeal;
"""


def main(seconds: float, rounds: int) -> None:
    """Measure the limit and the product with the same number of clients, one after the other, ``rounds`` times."""
    print(f"{os.cpu_count()} processors, {seconds:g} s a line; load {os.getloadavg()[0]:.1f} before we began")
    with standing() as stage:
        _set_up(stage)
        browsers.together(stage.port, max(CLIENTS), 2, visiting)  # templates are compiled, connections made
        for _ in range(rounds):
            for clients in CLIENTS:
                limit = limited(stage, clients, seconds)
                signing(stage, "worker off", clients, seconds, limit)
                with stage.working():
                    signing(stage, "worker draining", clients, seconds, limit)
        confirming(stage, 16, seconds)


def signing(stage: Stage, how: str, clients: int, seconds: float, limit: float) -> None:
    """Both ways of signing, and that every answer stands for a row."""
    before = _stored(stage)
    alone = measured(f"POST alone, {how}", stage, clients, seconds, limit, posting)
    whole = measured(f"page + POST, {how}", stage, clients, seconds, limit, visiting)
    accepted = sum(status == 303 for status, _ in alone["POST"] + whole["POST"])
    print(f"  {accepted} answered 303, {_stored(stage) - before} rows stored")


def visiting(number: int) -> Story:
    """Get the page, read the form, send it; and again as somebody else."""
    while True:
        page = yield Request(PAGE, label="GET")
        if page.status != 200:
            continue  # as people do who are told to come again
        yield _signed(browsers.hidden(page.body, "sign"))


def posting(number: int) -> Story:
    """The page once, then one form after the other."""
    for _ in range(100):
        page = yield Request(PAGE)
        if page.status == 200:
            break
    else:
        raise RuntimeError(f"the page answers {page.status}")
    while True:
        yield _signed(browsers.hidden(page.body, "sign"))


def _signed(hidden: dict[str, str]) -> Request:
    who = uuid4().hex[:12]
    typed = {"name": f"Alice {who}", "email": f"{who}@people{who[:2]}.example", "website": ""}
    return Request(f"{PAGE}/sign", {**ALICE, **typed, **hidden}, "POST")


def confirming(stage: Stage, clients: int, seconds: float) -> None:
    """Open the link, read the page, press the button; the count must be exact afterwards."""
    with stage.app.app_context():
        pending = session.scalars(select(Signature.id).where(Signature.state == "pending").limit(40_000)).all()
        links = [f"/confirm/{tokens.make('confirm', row)}" for row in pending]
    told = measured("\nconfirmations: page + button", stage, clients, seconds, 0, opening, links, clients)
    pressed = sum(status in {200, 303} for status, _ in told["POST"])
    with stage.app.app_context():
        appeal = session.execute(text("SELECT id FROM appeal")).scalar_one()
        true = session.scalar(text("SELECT count(*) FROM signature WHERE state = 'confirmed' AND held_at IS NULL"))
        held = session.scalar(
            text("SELECT count(*) FROM signature WHERE state = 'confirmed' AND held_at IS NOT NULL")
        )
        published = counting.tally(appeal).total
    print(f"  pressed {pressed} = counted {true} + held {held}; published {published}; exact: {true == published}")


def opening(number: int, links: list[str], clients: int) -> Story:
    """One link after the other, no two browsers the same one."""
    for link in links[number::clients]:
        page = yield Request(link)
        yield Request(link, browsers.hidden(page.body, "confirm"), "POST")


def limited(stage: Stage, clients: int, seconds: float) -> float:
    """The limit, printed."""
    before = stage.spent()["postgres"]
    rate = bare(stage, clients, seconds)
    cost = (stage.spent()["postgres"] - before) * 1000 / (rate * seconds)
    print(f"\n{clients} clients: pgbench, one row a commit  {rate:8.0f}/s (the limit); postgres {cost:.2f} ms each")
    return rate


def bare(stage: Stage, clients: int, seconds: float) -> float:
    """What this PostgreSQL does when nothing stands before it: rows a second, each committed to disk."""
    url = urlsplit(stage.settings.DATABASE_URL)
    host = parse_qs(url.query)["host"][0]
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
        script.write(_INSERT.replace("\n", " ").strip() + "\n")
        script.flush()
        words = ["-n", "-M", "prepared", "-f", script.name, "-c", str(clients), "-j", "1", "-T", str(round(seconds))]
        who = ["-h", host, "-U", url.username or "", url.path.lstrip("/")]
        done = subprocess.run([embedded.binaries() / "pgbench", *words, *who], capture_output=True, text=True)
    found = re.search(r"tps = ([\d.]+)", done.stdout)
    assert found, done.stderr
    return float(found[1])


def _set_up(stage: Stage) -> None:
    with stage.app.app_context():
        session.execute(text(_TABLE))
        session.commit()
        print("synchronous_commit", session.scalar(text("SHOW synchronous_commit")), end=", ")
        print("fsync", session.scalar(text("SHOW fsync")))


def _stored(stage: Stage) -> int:
    with stage.app.app_context():
        return int(session.scalar(text("SELECT count(*) FROM signature")) or 0)


def measured(
    what: str, stage: Stage, clients: int, seconds: float, limit: float, story: Callable[..., Story], *given: object
) -> Told:
    """Let the browsers live their stories and print what came of it."""
    before = stage.spent()
    told = browsers.together(stage.port, clients, seconds, story, *given)
    answers = told["POST"]
    cost = {name: (after - before[name]) * 1000 / max(len(answers), 1) for name, after in stage.spent().items()}
    p50, p99 = (browsers.percentile(answers, part) for part in (0.5, 0.99))
    ratio = f"1/{limit / (len(answers) / seconds):.1f} of the limit" if limit and answers else ""
    statuses = " ".join(f"{status}: {n}" for status, n in browsers.said(told, "POST"))
    print(f"{what:<32} {len(answers) / seconds:8.0f}/s  p50 {p50:5.1f} ms  p99 {p99:6.1f} ms  {ratio}  [{statuses}]")
    print("  processor time each: " + ", ".join(f"{name} {ms:.2f} ms" for name, ms in cost.items()))
    return told


if __name__ == "__main__":
    given = [float(word) for word in sys.argv[1:]]
    main(given[0] if given else 5.0, int(given[1]) if given[1:] else 1)
