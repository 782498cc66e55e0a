"""Bells: rung often they ring seldom, and with the broker down nobody waits."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from flask import Flask

from campaign import background, create_app
from config import load_settings


def _waiting(app: Flask) -> int:
    return int(app.extensions["redis"].llen("celery"))


def _until(app: Flask, rings: int, seconds: float = 3) -> int:
    deadline = time.monotonic() + seconds
    while _waiting(app) < rings and time.monotonic() < deadline:
        time.sleep(0.02)
    return _waiting(app)


def test_it_works(context: Flask) -> None:
    background.ring("mail.deliver")
    assert _until(context, 1) == 1
    assert b"mail.deliver" in context.extensions["redis"].lindex("celery", 0)


def test_a_thousand_rings_are_a_few(context: Flask) -> None:
    for _ in range(1000):
        background.ring("mail.deliver")
    _until(context, 3, seconds=0.5)
    assert 1 <= _waiting(context) <= 5


def test_two_bells_are_heard_apart(context: Flask) -> None:
    background.ring("mail.deliver")
    background.ring("petition.count")
    assert _until(context, 2) == 2


def test_with_the_broker_down_nobody_waits(tmp_path: Path) -> None:
    app = create_app(
        load_settings(DATA_DIR=tmp_path, DATABASE_URL="postgresql://nowhere/x", REDIS_URL="redis://127.0.0.1:1/0")
    )
    with app.app_context():
        started = time.perf_counter()
        for _ in range(100):
            background.ring("mail.deliver")
        assert time.perf_counter() - started < 0.1


@pytest.fixture
def clock(context: Flask) -> Iterator[background.Clock]:
    """A clock of a worker, started."""
    worker = SimpleNamespace(app=context.extensions["celery"])
    clock = background.Clock(worker, clock=True)
    clock.start(worker)
    yield clock
    clock.stop(worker)


def test_a_clock_rings_what_is_due(context: Flask, clock: background.Clock) -> None:
    assert _until(context, 1) >= 1


def test_only_a_worker_that_was_asked_for_a_clock_has_one(context: Flask) -> None:
    worker = SimpleNamespace(app=context.extensions["celery"])
    assert not background.Clock(worker).include_if(worker)
    assert background.Clock(worker, clock=True).include_if(worker)


def test_a_clock_that_stops_ends_its_worker(context: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    ended = threading.Event()
    monkeypatch.setattr(background.Scheduler, "tick", lambda _self: 1 / 0)
    before = signal.signal(signal.SIGTERM, lambda *_: ended.set())
    try:
        worker = SimpleNamespace(app=context.extensions["celery"])
        background.Clock(worker, clock=True).start(worker)
        assert ended.wait(5)
    finally:
        signal.signal(signal.SIGTERM, before)


@pytest.mark.parametrize(
    ("given", "kombu"),
    [
        ("redis://127.0.0.1:6379/2", "redis://127.0.0.1:6379/2"),
        ("unix:///run/x.sock", "redis+socket:///run/x.sock?virtual_host=0"),
        ("unix:///run/x.sock?db=3", "redis+socket:///run/x.sock?virtual_host=3"),
    ],
)
def test_a_socket_is_spelt_as_kombu_does(given: str, kombu: str) -> None:
    assert background.broker_url(given) == kombu
