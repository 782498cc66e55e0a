"""Messages a second through the whole pipeline, beside what smtplib alone does to the same sink in the same run.

Not a test: it prints and never fails by time. ``python -m tests.bench.bench_outbox [messages]``
"""

from __future__ import annotations

import smtplib
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from campaign import create_app, db, embedded, vault
from campaign.db import session
from campaign.mail import draining, outbox, rendering
from campaign.mail.models import Message
from campaign.mail.rendering import Draft
from config import load_settings
from tests.bench.fast_sink import listening

LINK = "https://appeal.internal/confirm/" + "x" * 60
TEXT = f"Please confirm that you support this appeal.\n\n{LINK}\n\n" + "A line of an ordinary letter.\n" * 40


def main(messages: int) -> None:
    """Measure the bare limit, enqueuing, and delivery by each door."""
    with listening() as port, tempfile.TemporaryDirectory() as folder:
        settings = load_settings(DATA_DIR=Path(folder))
        with embedded.start(settings, durable=True) as servers:
            db.upgrade(servers.database_url)
            given = {"DATA_DIR": Path(folder), "MAIL_FROM": "campaign@appeal.internal", **servers.environment}
            for name, url in (("capture", "capture:"), ("smtp", f"smtp://127.0.0.1:{port}")):
                _pipeline(name, load_settings(MAIL_URL=url, **given), messages)
        _bare(port, messages)


def _bare(port: int, messages: int) -> None:
    head = "From: a@appeal.internal\nTo: b@people.internal\nSubject: x\nMessage-ID: <1@x>\n\n"
    body = f"{head}{TEXT}".replace("\n", "\r\n").encode()

    def send() -> None:
        with smtplib.SMTP("127.0.0.1", port) as link:
            for _ in range(messages):
                link.sendmail("a@appeal.internal", ["b@people.internal"], body)

    _print("smtplib alone, one connection, same sink", messages, send)


def _pipeline(name: str, settings: Any, messages: int) -> None:
    app = create_app(settings)
    vault.ensure(app.extensions["engine"], Path(app.config["VAULT_KEY_FILE"]))
    rendering.register(app, "bench", lambda message, _to: Draft(f"Please confirm {message.id}", TEXT))
    with app.app_context():
        _print(f"{name}: enqueue, one commit each", messages, lambda: _fill(name, messages))
        _print(f"{name}: deliver, events and durable commits included", messages, draining.drain)
        left = session.scalar(select(func.count()).where(Message.state != "accepted"))
        print(f"{name}: {left} of {messages} not accepted")


def _fill(name: str, messages: int) -> None:
    for n in range(messages):
        outbox.enqueue(
            kind="bench",
            subject_id=None,
            address=f"p{n}@people.internal",
            language="en",
            dedupe_key=f"{name}:{n}",
            cap=5,
        )
        session.commit()


def _print(what: str, messages: int, work: Callable[[], object]) -> None:
    began = time.perf_counter()
    work()
    taken = time.perf_counter() - began
    print(f"{what}: {messages / taken:,.0f}/s ({taken / messages * 1000:.2f} ms each)")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2000)
