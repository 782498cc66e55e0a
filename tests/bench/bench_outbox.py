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
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any
from uuid import UUID

import psutil
import structlog
from flask import Flask
from sqlalchemy import delete, func, select

from campaign import create_app, db, embedded, vault
from campaign.appeals.models import ConsentWording
from campaign.db import session
from campaign.letters import confirming
from campaign.mail import draining, outbox, rendering
from campaign.mail.models import Message
from campaign.mail.rendering import Draft
from config import load_settings
from tests import cast, letter_stage
from tests.bench.fast_sink import Sink, listening

LINK = "https://appeal.internal/confirm/" + "x" * 60
TEXT = f"Please confirm that you support this appeal.\n\n{LINK}\n\n" + "A line of an ordinary letter.\n" * 40


@dataclass(frozen=True)
class Row:
    """What one row of the table sends; ``kind`` says who renders it, from what ``subject`` names."""

    name: str
    lane: int
    kind: str = "bench"
    subject: UUID | None = None


def main(messages: int, rounds: int) -> None:
    """Each row in turn, ``rounds`` times, after a start that fills caches."""
    print(f"{os.cpu_count()} processors; load {os.getloadavg()[0]:.1f} before we began")
    with listening() as sink, installed(sink) as (app, database):
        _through(Row("warm", outbox.PEOPLE), 0, 500, sink, database)
        for row in _rows(app):
            ratios = [_beside(row, messages, sink, database, n) for n in range(rounds)]
            print(f"{row.name}: {median(ratios):.2f} of smtplib alone (median of {rounds}, best {max(ratios):.2f})")


def _rows(app: Flask) -> list[Row]:
    """A fixed text in each lane, and what our own renderers make of a signature that waits and of Bob's letter."""
    appeal = cast.the_appeal()
    wording = session.scalars(select(ConsentWording.id).filter_by(appeal_id=appeal.id)).first()
    assert wording
    waits = cast.a_signature(appeal, wording, state="pending")
    letter_stage.send(app.test_client())
    [letter] = letter_stage.letters()
    confirming.confirm(letter.submission_id, {letter.id})
    session.execute(delete(Message))  # what these put in themselves
    session.commit()
    return [
        Row("people", outbox.PEOPLE),
        Row("people, the confirmation mail", outbox.PEOPLE, "confirm", waits.id),
        Row("letters, each begun alone", outbox.LETTERS),
        Row("letters, as Bob wrote his", outbox.LETTERS, "letter", letter.id),
    ]


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


def put_in(name: str, lane: int, messages: int, *, kind: str = "bench", subject: UUID | None = None) -> None:
    """So many messages, of the benchmark's own text unless told otherwise."""
    for n in range(messages):
        key = f"{name}-{n}"
        to = f"{key}@people.internal"
        outbox.enqueue(kind=kind, subject_id=subject, address=to, language="en", dedupe_key=key, lane=lane)
        if n % 500 == 0:
            session.commit()
    session.commit()


def _beside(row: Row, messages: int, sink: Sink, database: psutil.Process, turn: int) -> float:
    before = _bare(sink, messages)
    rate = _through(row, turn, messages, sink, database)
    bare = (before + _bare(sink, messages)) / 2
    print(f"  smtplib alone, one connection: {bare:,.0f}/s; ratio {rate / bare:.2f}")
    return rate / bare


def _through(row: Row, turn: int, messages: int, sink: Sink, database: psutil.Process) -> float:
    key = row.name.replace(",", "").replace(" ", "-")
    put_in(f"{key}-{turn}", row.lane, messages, kind=row.kind, subject=row.subject)
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
        f"{row.name}: {messages / took:,.0f}/s; processor time a message: worker {ours * each:.0f} µs, "
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
