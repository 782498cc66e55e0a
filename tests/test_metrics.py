"""Figures for Prometheus: what the outbox says, in numbers, to this machine only."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from datetime import timedelta
from pathlib import Path

import psutil
from flask import Flask
from prometheus_client import CollectorRegistry
from sqlalchemy import update

from campaign import create_app
from campaign.api import health
from campaign.db import session
from campaign.embedded import Servers
from campaign.mail import outbox, pausing, sweeping
from campaign.mail.models import Message
from campaign.mail.moving import CLOCK, move
from campaign.mail.states import State
from campaign.running.metrics import Figures
from config import load_settings
from tests.post_office import Post
from tests.sink import Sink
from tests.stack import free_port

ROOT = Path(__file__).parent.parent


def figures(app: Flask) -> CollectorRegistry:
    """Figures that count what was committed a moment ago, each time anew."""
    found = CollectorRegistry()
    found.register(Figures(app, commits_within=timedelta(0), rests=0))
    return found


def of_people(found: CollectorRegistry, name: str) -> float | None:
    session.rollback()
    return found.get_sample_value(name, {"lane": "people"})


def test_it_works(post: Post, live: Sink, app: Flask) -> None:
    found = figures(app)
    live.answers["RCPT"] = ["450 4.7.1 later"]
    post.confirm("confirm:1")
    post.drain()
    post.due()
    post.drain()
    post.confirm("confirm:2", to="gone@people.internal")
    live.answers["RCPT"] = ["550 5.1.1 no such user"]
    post.drain()
    waits = post.confirm("confirm:3")
    session.execute(update(Message).where(Message.id == waits).values(created_at=CLOCK - timedelta(minutes=10)))
    session.commit()
    pausing.pause("office:x")

    assert of_people(found, "undersigned_sends_total") == 1
    assert of_people(found, "undersigned_deferrals_total") == 1
    assert of_people(found, "undersigned_refusals_total") == 1
    assert of_people(found, "undersigned_bounces_total") == 0
    assert 600 <= (of_people(found, "undersigned_queue_age_seconds") or 0) < 660
    assert found.get_sample_value("undersigned_queue_age_seconds", {"lane": "letters"}) == 0
    assert found.get_sample_value("undersigned_pauses") == 1
    assert found.get_sample_value("undersigned_database_up") == 1
    assert found.get_sample_value("undersigned_beat_last_poll_timestamp_seconds") is None
    for row in outbox.status()["counts"]:
        labels = {"lane": "people", "kind": row["kind"], "state": row["state"]}
        assert found.get_sample_value("undersigned_messages", labels) == row["count"]


def test_what_came_back_later_is_counted_once(post: Post, live: Sink, app: Flask) -> None:
    found = figures(app)
    row = post.confirm()
    post.drain()
    assert of_people(found, "undersigned_bounces_total") == 0
    move(Message.__table__.c.id == row, to=State.BOUNCED, why="it came back")
    session.commit()
    assert [of_people(found, "undersigned_bounces_total") for _ in range(3)] == [1, 1, 1]
    assert [of_people(found, "undersigned_sends_total") for _ in range(3)] == [1, 1, 1]


def test_what_may_not_be_committed_yet_is_not_passed_over(post: Post, live: Sink, app: Flask) -> None:
    found = CollectorRegistry()
    found.register(Figures(app, commits_within=timedelta(seconds=2)))
    post.confirm()
    post.drain()
    assert of_people(found, "undersigned_sends_total") == 0
    time.sleep(2.1)
    assert of_people(found, "undersigned_sends_total") == 1


def test_a_rehearsal_sends_nothing(post: Post, app: Flask) -> None:
    post.confirm()
    post.drain()
    assert sweeping.sweep().total() == 0
    assert of_people(figures(app), "undersigned_sends_total") == 0


def test_a_process_of_its_own_serves_them_on_this_machine_only(context: Flask, app: Flask, servers: Servers) -> None:
    health.heartbeat()
    polled = health.last_poll()
    port = free_port()
    given = {"DATA_DIR": str(app.config["DATA_DIR"]), "METRICS_PORT": str(port)}
    urls = {"DATABASE_URL": servers.database_url, "REDIS_URL": servers.redis_url}
    words = [sys.executable, "-m", "campaign.running.metrics"]
    process = subprocess.Popen(words, env=os.environ | given | urls, cwd=ROOT)
    try:
        text = read(port)
        listening = [c.laddr for c in psutil.Process(process.pid).net_connections("inet") if c.status == "LISTEN"]
    finally:
        process.terminate()
        status = process.wait(20)
    assert status == 0
    assert [(where.ip, where.port) for where in listening] == [("127.0.0.1", port)]
    assert "undersigned_database_up 1.0" in text
    [line] = [line for line in text.splitlines() if line.startswith("undersigned_beat_last_poll")]
    assert json.loads(line.split()[1]) == polled


def read(port: int) -> str:
    """The page, once it is there."""
    until = time.monotonic() + 30
    while True:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
                return str(answer.read().decode())
        except OSError:
            assert time.monotonic() < until
            time.sleep(0.1)


def test_without_a_database_it_says_so(app: Flask, post: Post) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        nowhere = f"postgresql://nobody@127.0.0.1:{taken.getsockname()[1]}/none"
        same = {name: app.config[name] for name in ("DATA_DIR", "REDIS_URL", "VAULT_KEY_FILE")}
        found = figures(create_app(load_settings(DATABASE_URL=nowhere, **same)))
        assert found.get_sample_value("undersigned_database_up") == 0
        assert of_people(found, "undersigned_sends_total") is None
