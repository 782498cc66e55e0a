"""The shipped web server with more people than it can serve: each is answered within 5 s, and a yes is a row."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest
from sqlalchemy import text

from campaign.db import session
from tests.bench import browsers
from tests.bench.bench_signing import posting
from tests.bench.staging import Stage, standing

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
