"""Messages a second through the whole pipeline, beside what smtplib alone does to the same sink in the same run.

Every state is written durably: claimed, attempting, accepted, each with its event. Sink, PostgreSQL and worker share
all processors of this machine; smtplib shares them with the sink only, and is measured before and after.
Not a test: it prints and never fails by time. ``python -m tests.bench.bench_outbox [messages] [rounds]``
"""

from __future__ import annotations

import os
import smtplib
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import psutil
import structlog
from flask import Flask
from sqlalchemy import func, select

from campaign import create_app, db, embedded, vault
from campaign.db import session
from campaign.mail import draining, outbox, rendering
from campaign.mail.models import Message
from campaign.mail.rendering import Draft
from config import load_settings
from tests.bench.fast_sink import Sink, listening

LINK = "https://appeal.internal/confirm/" + "x" * 60
TEXT = f"Please confirm that you support this appeal.\n\n{LINK}\n\n" + "A line of an ordinary letter.\n" * 40
LANES = {"people": outbox.PEOPLE, "letters, each begun alone": outbox.LETTERS}


def main(messages: int, rounds: int) -> None:
    """Each lane in turn, ``rounds`` times, after a start that fills caches."""
    print(f"{os.cpu_count()} processors; load {os.getloadavg()[0]:.1f} before we began")
    with listening() as sink, installed(sink) as (_app, database):
        _through("warm", outbox.PEOPLE, 500, sink, database)
        for name, lane in LANES.items():
            ratios = [_beside(name, lane, messages, sink, database, n) for n in range(rounds)]
            print(f"{name}: {median(ratios):.2f} of smtplib alone (median of {rounds})")


@contextmanager
def installed(sink: Sink) -> Iterator[tuple[Flask, psutil.Process]]:
    """An installation that sends to the sink, its app context open, and its durable PostgreSQL."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(30))
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o711)  # PostgreSQL may run under another account
        given: dict[str, Any] = {"DATA_DIR": Path(folder) / "data", "MAIL_FROM": "campaign@appeal.internal"}
        given["MAIL_URL"] = f"smtp://127.0.0.1:{sink.port}"
        with embedded.start(load_settings(**given), durable=True) as servers:
            db.upgrade(servers.database_url)
            app = create_app(load_settings(**given, **servers.environment))
            vault.ensure(app.extensions["engine"], Path(app.config["VAULT_KEY_FILE"]))
            rendering.register(app, "bench", lambda message, _to: Draft(f"Please confirm {message.id}", TEXT))
            process = servers.children[0].process
            assert process
            with app.app_context():
                yield app, psutil.Process(process.pid)


def put_in(name: str, lane: int, messages: int) -> None:
    """So many messages of the benchmark."""
    for n in range(messages):
        key = f"{name}-{n}"
        to = f"{key}@people.internal"
        outbox.enqueue(kind="bench", subject_id=None, address=to, language="en", dedupe_key=key, lane=lane)
        if n % 500 == 0:
            session.commit()
    session.commit()


def _beside(name: str, lane: int, messages: int, sink: Sink, database: psutil.Process, turn: int) -> float:
    before = _bare(sink, messages)
    rate = _through(f"{name.split(',')[0]}-{turn}", lane, messages, sink, database)
    bare = (before + _bare(sink, messages)) / 2
    print(f"  smtplib alone, one connection: {bare:,.0f}/s; ratio {rate / bare:.2f}")
    return rate / bare


def _through(name: str, lane: int, messages: int, sink: Sink, database: psutil.Process) -> float:
    put_in(name, lane, messages)
    sink.taken()
    spent, began = (time.process_time(), _spent(database)), time.perf_counter()
    draining.drain()
    took = time.perf_counter() - began
    ours, its = time.process_time() - spent[0], _spent(database) - spent[1]
    assert sink.taken() == (messages, messages), "lost or doubled"
    assert session.scalar(select(func.count()).where(Message.state != "accepted")) == 0
    session.rollback()
    each = 1e6 / messages
    print(
        f"{name}: {messages / took:,.0f}/s; processor time a message: worker {ours * each:.0f} µs, "
        f"PostgreSQL {its * each:.0f} µs"
    )
    return messages / took


def _spent(process: psutil.Process) -> float:
    """Seconds of processor time of a server and of those it started, also of those that have ended."""
    return sum(sum(p.cpu_times()[:4]) for p in [process, *process.children(recursive=True)])


def _bare(sink: Sink, messages: int) -> float:
    head = "From: a@appeal.internal\nTo: b@people.internal\nSubject: x\nMessage-ID: <{}@x>\n\n"
    bodies = [(head.format(n) + TEXT).replace("\n", "\r\n").encode() for n in range(messages)]
    began = time.perf_counter()
    with smtplib.SMTP("127.0.0.1", sink.port) as link:
        for body in bodies:
            link.sendmail("a@appeal.internal", ["b@people.internal"], body)
    return messages / (time.perf_counter() - began)


if __name__ == "__main__":
    given = [int(word) for word in sys.argv[1:]]
    main(*(given + [4000, 3][len(given) :]))
