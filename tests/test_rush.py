"""The shipped web server with more people than it can serve: each is answered within 5 s, and a yes is a row."""

from __future__ import annotations

import threading
import time
import urllib.request
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import func, select, text, update

from campaign.db import clock, session
from campaign.organisers.models import AuditEvent
from campaign.petition import tasks
from campaign.petition.surge import switching, watching
from campaign.petition.surge.models import Surge
from tests.bench import browsers
from tests.bench.bench_signing import posting
from tests.bench.staging import Stage, standing
from tests.cast import PAGE
from tests.test_mail_worker import wait_until

CROWD = 256  # four times those that the benchmark serves
SECONDS = 2.0


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with standing() as stage:
        browsers.together(stage.port, 4, 0.2, posting)  # as on any day: the page is known, connections are made
        yield stage
        browsers.go_home()


def stored(stage: Stage) -> int:
    with stage.app.app_context():
        return int(session.scalar(text("SELECT count(*) FROM signature")) or 0)


def rush(stage: Stage) -> tuple[dict[int, int], float]:
    """How often each status was answered, and the longest that anybody waited; every yes must be a row."""
    before = stored(stage)
    told = browsers.together(stage.port, CROWD, SECONDS, posting)
    statuses = dict(browsers.said(told, "POST"))
    assert set(statuses) <= {303, 503}
    assert stored(stage) - before == statuses.get(303, 0)
    return statuses, browsers.percentile(told["POST"], 1.0) / 1000


def test_it_works(stage: Stage) -> None:
    statuses, longest = rush(stage)
    assert statuses[303] > CROWD / 2
    assert longest < 5


def test_while_the_database_stands_still_everybody_is_told(stage: Stage) -> None:
    goes_on = threading.Event()

    def stand_still() -> None:
        with stage.app.app_context():
            session.execute(text("LOCK TABLE signature"))
            goes_on.wait(3)
            session.rollback()

    holder = threading.Thread(target=stand_still)
    holder.start()
    time.sleep(0.2)
    told = browsers.together(stage.port, CROWD, SECONDS, posting)
    goes_on.set()
    holder.join()
    statuses = dict(browsers.said(told, "POST"))
    assert set(statuses) <= {303, 503}
    assert statuses[503] > 0
    assert browsers.percentile(told["POST"], 1.0) < 5000


def in_surge(stage: Stage) -> bool:
    """Whether the page, made anew by a web process, says that it may be kept longer."""
    asked = urllib.request.Request(f"http://127.0.0.1:{stage.port}{PAGE}?anew", headers={"Host": "localhost"})
    with urllib.request.urlopen(asked, timeout=10) as answer:
        return "s-maxage=60" in answer.headers["Cache-Control"]


def looked_once_more(stage: Stage) -> bool:
    with stage.app.app_context():
        last = select(func.max(Surge.busy_at) < clock() - timedelta(seconds=1.5 * watching.SECOND))
        return bool(session.scalar(last))


def test_a_rush_switches_surge_mode_on_and_calm_switches_it_off(stage: Stage) -> None:
    """By nobody's word: the web processes say that they are full, and what the worker does all the time ends it."""
    until = time.monotonic() + 15
    while not in_surge(stage) and time.monotonic() < until:
        assert rush(stage)[0][303]
    assert in_surge(stage)
    wait_until(lambda: looked_once_more(stage), "each process to look at a second without a crowd", 10)
    with stage.app.app_context():
        session.execute(update(Surge).values(busy_at=Surge.busy_at - switching.CALM))  # five minutes go by
        session.commit()
        tasks.calm()
        deeds = session.execute(select(AuditEvent.action, AuditEvent.actor).order_by(AuditEvent.id)).all()
    wait_until(lambda: not in_surge(stage), "calm", 3)
    assert [*map(tuple, deeds)] == [("surge.began", "system"), ("surge.ended", "system")]
