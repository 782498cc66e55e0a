"""The worker as it is shipped: it first looks after what the last one left, and needs its broker only to be quick."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select, update

from campaign import background, create_app
from campaign.db import session
from campaign.embedded import Servers
from campaign.embedded.valkey import SETTINGS, binary
from campaign.mail import claiming, outbox, pausing, transports
from campaign.mail.addresses import Address
from campaign.mail.models import Message
from campaign.organisers import accounts, links
from campaign.running.processes import ROOT, WORKER
from config import load_settings
from tests.sink import Sink, Taken, listening

PATIENCE = 40.0  # seconds


class Broker:
    """A Valkey of our own, to be stopped while others use theirs."""

    def __init__(self, folder: Path) -> None:
        self._socket = folder / "v"
        self._server: subprocess.Popen[bytes] | None = None
        self.url = f"unix://{self._socket}?db=0"

    def start(self) -> None:
        settings = SETTINGS | {"unixsocket": str(self._socket), "dir": str(self._socket.parent)}
        words = [word for name, value in settings.items() for word in (f"--{name}", value)]
        self._server = subprocess.Popen([binary(), *words], stdout=subprocess.DEVNULL)
        wait_until(self._socket.exists, "the broker's socket")

    def stop(self) -> None:
        if self._server:
            self._server.kill()
            self._server.wait()
        self._socket.unlink(missing_ok=True)


@pytest.fixture
def broker() -> Iterator[Broker]:
    with TemporaryDirectory(dir="/tmp", prefix="b") as folder:  # a socket's path must be short
        broker = Broker(Path(folder))
        broker.start()
        yield broker
        broker.stop()


@pytest.fixture
def office(app: Flask, servers: Servers, broker: Broker) -> Iterator[Flask]:
    """The application on the same data, with a broker of its own; Olga organises."""
    given = {"DATA_DIR": app.config["DATA_DIR"], "DATABASE_URL": servers.database_url, "REDIS_URL": broker.url}
    office = create_app(load_settings(**given))
    with office.app_context():
        accounts.add("olga@people.internal")
        yield office
    office.extensions["engine"].dispose()


@pytest.fixture
def worker(office: Flask) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    started: list[subprocess.Popen[str]] = []
    names = ("DATA_DIR", "DATABASE_URL", "REDIS_URL")
    environment = os.environ | {name: str(office.config[name]) for name in names}

    def start(**more: str) -> subprocess.Popen[str]:
        words, env = [sys.executable, "-m", *WORKER], environment | more
        pipe = subprocess.PIPE
        started.append(subprocess.Popen(words, env=env, cwd=ROOT, stderr=pipe, text=True, start_new_session=True))
        return started[-1]

    yield start
    for process in started:
        end(process)
        process.communicate()


def end(process: subprocess.Popen[str]) -> None:
    """Kill a worker with its clock."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


class SlowSink(Sink):
    """A relay that takes 20 ms for each message, and notes when it took it."""

    def __init__(self) -> None:
        super().__init__()
        self.moments: list[float] = []

    def plan(self, phase: str) -> tuple[float, str | None]:
        return (0.02, None) if phase == "DOT" else (0.0, None)

    def take(self, message_id: str, taken: Taken) -> None:
        self.moments.append(time.monotonic())
        super().take(message_id, taken)


def wait_until(true: Callable[[], object], what: str, patience: float = PATIENCE) -> None:
    deadline = time.monotonic() + patience
    while not true():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.05)


def sign_in(*, rings: bool = True) -> UUID:
    """Olga asks for a link; the row of its mail."""
    links.send(Address.parse("olga@people.internal"), language="en")
    row = session.scalars(select(Message.id).order_by(Message.created_at.desc()).limit(1)).one()
    session.rollback()
    if rings:
        background.ring(outbox.BELL)
    return row


def state(row: UUID) -> str:
    found = session.scalars(select(Message.state).where(Message.id == row)).one()
    session.rollback()
    return found


def test_it_works_with_and_without_its_broker(
    office: Flask, worker: Callable[[], subprocess.Popen[str]], broker: Broker, mails: Callable[[], list[Path]]
) -> None:
    left_behind = sign_in()
    claiming.claim(outbox.PEOPLE, transports.CAPTURE, 1)  # by a worker that was killed
    session.execute(update(Message).values(lease_until=outbox.CLOCK - timedelta(minutes=1)))
    session.commit()

    process = worker()
    wait_until(lambda: state(left_behind) == "accepted", "what the last worker left")

    broker.stop()
    time.sleep(2)  # what the worker was told while there was a broker, it still does
    began = time.monotonic()
    meanwhile = sign_in()
    assert time.monotonic() - began < 0.5
    time.sleep(1)
    assert state(meanwhile) == "ready"

    broker.start()
    wait_until(lambda: state(meanwhile) == "accepted", "mail after the broker came back")
    assert len(mails()) == 2

    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=PATIENCE) == 0


def test_mail_that_nobody_rang_for_leaves_at_the_next_poll(office: Flask, worker: Callable[[], object]) -> None:
    first = sign_in()
    worker()
    wait_until(lambda: state(first) == "accepted", "the worker's start")
    unheard = sign_in(rings=False)  # its bell was lost with the broker, say
    wait_until(lambda: state(unheard) == "accepted", "beat: it does not poll the outbox every 5 s", patience=12)


def test_a_pause_stops_running_workers_within_5_s_and_survives_a_restart(
    office: Flask, worker: Callable[..., subprocess.Popen[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    with listening(sink=SlowSink()) as sink:
        assert isinstance(sink, SlowSink)
        live = {"MAIL_URL": sink.url, "MAIL_FROM": "campaign@appeal.internal"}
        for name, value in live.items():
            monkeypatch.setitem(office.config, name, value)
        many_mails(2000)
        workers = [worker(**live), worker(**live)]
        wait_until(lambda: len(sink.moments) > 50, "mail on its way")

        pausing.pause(pausing.ALL)
        paused = time.monotonic()
        time.sleep(5.5)
        assert max(sink.moments) < paused + 5
        left = len(sink.moments)
        assert left < 2000

        end(workers[0])
        workers[1].send_signal(signal.SIGTERM)
        assert workers[1].wait(timeout=PATIENCE) == 0
        worker(**live)
        time.sleep(4)
        assert len(sink.moments) == left

        pausing.resume(pausing.ALL)
        background.ring(outbox.BELL)
        wait_until(lambda: len(sink.moments) > left + 50, "mail that goes on")
        assert max(map(len, sink.taken.values())) == 1  # and none went twice


def many_mails(number: int) -> None:
    """Sign-in mails in the outbox, committed."""
    accounts.add("olga@people.internal")
    links.send(Address.parse("olga@people.internal"), language="en")
    link = session.scalars(select(Message.subject_id)).one()
    for n in range(number - 1):
        to = f"p{n}@people.internal"
        outbox.enqueue(kind="sign_in", subject_id=link, address=to, language="en", dedupe_key=f"test:{n}")
    session.commit()
