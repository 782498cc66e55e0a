"""What breaks while people sign, what they see of it, and that nothing is lost: each line of the table is a test.

The stack is the shipped one (``bin/up`` with two web processes); between it and its broker stands a proxy of ours.
Whatever happens, every 303 has its row and every row its one mail once the fault is over; whoever gets no 303 is told
so in their language, and the page keeps what they typed, to be sent again.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import signal
import socket
import sys
import threading
import time
import urllib.parse
from base64 import urlsafe_b64decode
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID, uuid4

import psutil
import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from campaign import background, create_app
from campaign.db import session
from campaign.embedded.home import Home
from campaign.embedded.postgres import Postgres
from campaign.mail import draining, outbox, tasks
from config import load_settings
from tests.cast import ALICE, PAGE, state, the_appeal, typed
from tests.conftest import link_in
from tests.stack import ROOT, Stack, free_port
from tests.test_mail_worker import Broker, wait_until

LOST = 0  # no answer: the line broke
CROWD = 6
WITHIN = 5.0  # seconds: so long the slowest answer may take


@dataclass(frozen=True)
class Fault:
    """``sees``: what a visitor may be answered meanwhile; ``kept``: what becomes of signature and mail, in words;
    ``rounds``: how often everybody is answered before it ends."""

    happens: Callable[[House], AbstractContextManager[None]]
    sees: set[int]
    kept: str
    rounds: int = 3


def table() -> dict[str, Fault]:
    """Fault → what makes it, what a visitor sees, and what becomes of signature and mail.

    A clock that is set while people sign changes nothing of this for anybody: it stands at the end of this file.
    """
    return {
        "the broker is down": Fault(broker_down, {303}, "both; the mail goes once a worker can be rung again"),
        "the broker is slow": Fault(broker_slow, {303}, "both; limits let everybody through, and say so in the log"),
        "PostgreSQL is killed": Fault(database_killed, {303, 503}, "what was answered 303; 503 says to come again"),
        "PostgreSQL hangs": Fault(database_hangs, {303, 503}, "what was answered 303; a 503 may have come", 1),
        "no room for mail": Fault(disk_full, {303}, "both; the mail waits, and no part of it stays on the disk"),
        "a web worker is killed": Fault(web_worker_killed, {303, LOST}, "what was answered; the other one goes on"),
    }


@dataclass(frozen=True)
class Answer:
    """What somebody was told, in how many seconds; ``signature`` is the row that a 303 stands for."""

    status: int
    took: float
    signature: UUID | None = None
    wrong: str = ""


@contextmanager
def broker_down(house: House) -> Iterator[None]:
    house.broker.stop()
    yield
    house.broker.start()


@contextmanager
def broker_slow(house: House) -> Iterator[None]:
    house.line.delay = 1.0
    yield
    house.line.delay = 0.0


@contextmanager
def database_killed(house: House) -> Iterator[None]:
    """As by a machine that loses power: an immediate stop, and recovery when bin/up starts it again."""
    pid = (house.stack.data / "postgres/postmaster.pid").read_text().split()[0]
    os.kill(int(pid), signal.SIGQUIT)
    wait_until(lambda: "postgres ended with" in house.stack.said(), "the end of PostgreSQL")
    yield
    wait_until(house.database_answers, "PostgreSQL")


@contextmanager
def database_hangs(house: House) -> Iterator[None]:
    """As on a machine that is paused: its processes stand still, its connections stay open."""
    postmaster = psutil.Process(int((house.stack.data / "postgres/postmaster.pid").read_text().split()[0]))
    stopped = [postmaster, *postmaster.children()]
    for one in stopped:
        with contextlib.suppress(psutil.NoSuchProcess):
            one.suspend()
    try:
        yield
    finally:
        for one in stopped:
            with contextlib.suppress(psutil.NoSuchProcess):
                one.resume()
    wait_until(house.database_answers, "PostgreSQL")


@contextmanager
def disk_full(house: House) -> Iterator[None]:
    """No file of the worker may grow beyond 100 bytes; its log is a pipe."""
    worker = house.process("celery")
    before = worker.rlimit(psutil.RLIMIT_FSIZE)
    worker.rlimit(psutil.RLIMIT_FSIZE, (100, before[1]))
    yield
    wait_until(lambda: house.messages()["deferred"], "mail that waits for room")
    assert not [path.name for path in (house.stack.data / "mail").iterdir() if path.suffix != ".eml"]
    worker.rlimit(psutil.RLIMIT_FSIZE, before)


@contextmanager
def web_worker_killed(house: House) -> Iterator[None]:
    house.process("wsgi").children()[0].kill()
    yield


@dataclass
class Line:
    """A TCP port that leads to the broker's socket, as slowly as ``delay`` (seconds for each piece) says."""

    path: str
    port: int = field(default_factory=free_port)
    delay: float = 0.0

    def serve(self) -> None:
        door = socket.create_server(("127.0.0.1", self.port))
        while True:
            here, _ = door.accept()
            threading.Thread(target=self._lead, args=(here,), daemon=True).start()

    def _lead(self, here: socket.socket) -> None:
        there = socket.socket(socket.AF_UNIX)
        try:
            there.connect(self.path)
        except OSError:
            here.close()
            return
        for pair in ((here, there), (there, here)):
            threading.Thread(target=self._carry, args=pair, daemon=True).start()

    def _carry(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while piece := source.recv(65536):
                time.sleep(self.delay)
                sink.sendall(piece)
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


@dataclass
class House:
    """The stack, its broker and the line between them; people who sign, and what is stored of them."""

    stack: Stack
    broker: Broker
    line: Line
    app: Flask
    form: dict[str, str]

    def process(self, word: str) -> psutil.Process:
        """The eldest process of the stack with this word in its command line."""
        assert self.stack._process
        ours = psutil.Process(self.stack._process.pid).children(recursive=True)
        return min((p for p in ours if word in p.cmdline()), key=psutil.Process.create_time)

    def query(self, sql: str, *given: Any) -> list[Any]:
        url = self.app.config["DATABASE_URL"].replace("+psycopg", "")
        with psycopg.connect(url, autocommit=True) as connection:
            done = connection.execute(sql, given)  # type: ignore[arg-type] # our own words
            return done.fetchall() if done.description else []

    def database_answers(self) -> bool:
        try:
            return bool(self.query("SELECT 1"))
        except psycopg.OperationalError:
            return False

    def all_went(self) -> bool:
        """Whether no mail waits, after what takes minutes by policy (a lease, a late reply, the next try) was due."""
        stuck = "state IN ('leased', 'attempting') AND changed_at < clock() - interval '3 seconds'"
        self.query(f"UPDATE message SET lease_until = clock() WHERE {stuck}")
        self.query("UPDATE message SET changed_at = clock() - interval '2 minutes' WHERE state = 'unknown'")
        self.query("UPDATE message SET not_before = clock() WHERE state = 'deferred'")
        with self.app.app_context():
            background.ring(tasks.SWEEP)
            background.ring(outbox.BELL)
        return set(self.messages()) == {"accepted"}

    def messages(self) -> Counter[str]:
        return Counter(dict(self.query("SELECT state, count(*) FROM message GROUP BY state")))

    def sign(self) -> Answer:
        """Somebody new signs."""
        email = f"{uuid4().hex}@example.org"
        link, began = http.client.HTTPConnection("127.0.0.1", self.stack.port, timeout=20), time.monotonic()
        body = urllib.parse.urlencode(self.form | {"email": email})
        try:
            link.request("POST", f"{PAGE}/sign", body, {"Content-Type": "application/x-www-form-urlencoded"})
            told = link.getresponse()
            page, took = told.read().decode(), time.monotonic() - began
        except (OSError, http.client.HTTPException):
            return Answer(LOST, time.monotonic() - began)
        finally:
            link.close()
        if told.status == 303:
            return Answer(303, took, _row(told.getheader("Location", "")))
        clear = told.getheader("Retry-After") and "We cannot answer just now" in page and f'value="{email}"' in page
        return Answer(told.status, took, wrong="" if clear else page)

    def crowd(self, over: threading.Event, told: list[Answer]) -> None:
        """Six at once, again and again until it is over, and each once more afterwards; all that they are told."""

        def live() -> None:
            while not over.is_set():
                told.append(self.sign())
                if told[-1].status == 503:
                    over.wait(0.1)  # nobody reads that page faster, and the database needs the processor to come back
            told.append(self.sign())

        people = [threading.Thread(target=live) for _ in range(CROWD)]
        for one in people:
            one.start()
        over.wait()
        for one in people:
            one.join()


def _row(location: str) -> UUID:
    packed = location.removeprefix("/sent/").split(".")[0]
    return UUID(bytes=urlsafe_b64decode(packed + "=="))


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with TemporaryDirectory(dir="/tmp", prefix="f") as folder, closing_down(Broker(Path(folder))) as broker:
        broker.start()  # in /tmp, since a socket's path must be short
        line = Line(f"{folder}/v")
        threading.Thread(target=line.serve, daemon=True).start()
        ours = {"PYTHONPATH": str(ROOT), "PYTHONSAFEPATH": "1"}
        data = tmp_path_factory.mktemp("faults") / "var"
        stack = Stack(data, WEB_WORKERS="2", REDIS_URL=f"redis://127.0.0.1:{line.port}/0", **ours)
        # What bin/up runs; its log is a pipe, not a file on a disk that is full.
        stack.command = ["bash", "-c", f"exec {sys.executable} -m campaign.running > >(cat) 2>&1"]
        with closing_down(stack.start()):
            yield House(stack, broker, line, beside(stack), ALICE | {"stamp": stamp(stack)})


@contextmanager
def closing_down(part: Any) -> Iterator[Any]:
    """Stop it whatever happens."""
    try:
        yield part
    finally:
        part.stop()


def beside(stack: Stack) -> Flask:
    """The same application in this process, to ring its bells."""
    url = Postgres(Home(stack.data)).url
    return create_app(load_settings(DATA_DIR=stack.data, DATABASE_URL=url, REDIS_URL=stack.environment["REDIS_URL"]))


def stamp(stack: Stack) -> str:
    link = http.client.HTTPConnection("127.0.0.1", stack.port, timeout=20)
    link.request("GET", PAGE)
    shown = re.search(r'name="stamp" value="([^"]+)"', link.getresponse().read().decode())
    link.close()
    assert shown
    return shown[1]


@pytest.mark.parametrize("name", table())
def test_nothing_is_lost_when(house: House, name: str) -> None:
    fault, over, told = table()[name], threading.Event(), list[Answer]()
    before = {row for (row,) in house.query("SELECT id FROM signature")}
    crowd = threading.Thread(target=house.crowd, args=(over, told))
    crowd.start()
    try:
        answered_on(told)
        with fault.happens(house):
            answered_on(told, fault.rounds)
    finally:
        over.set()
        crowd.join()
    print(name, len(told), Counter(one.status for one in told), max(one.took for one in told))
    assert {one.status for one in told} <= fault.sees, re.findall("request.failed.*", house.stack.said())
    assert max(one.took for one in told) < WITHIN
    assert not [one.wrong for one in told if one.wrong]
    stored = {row for (row,) in house.query("SELECT id FROM signature")} - before
    answered = {one.signature for one in told if one.signature}
    assert answered <= stored
    assert answered == stored or fault.sees != {303}  # a row may have been stored whose answer was lost
    mails_went(house)


def answered_on(told: list[Answer], rounds: int = 3) -> None:
    """Wait until everybody has been told something so many times more."""
    enough = len(told) + rounds * CROWD
    wait_until(lambda: len(told) >= enough, "more answers")


def mails_went(house: House) -> None:
    """Each signature has one mail, it left once, and its file is there."""
    wait_until(house.all_went, f"all mail: {house.messages()}")
    times = house.query(
        "SELECT s.id, count(e.id) FROM signature s LEFT JOIN message m ON m.subject_id = s.id"
        " LEFT JOIN message_event e ON e.message_id = m.id AND e.to_state = 'accepted' GROUP BY s.id"
    )
    assert {n for _, n in times} == {1}
    files = {path.stem for path in (house.stack.data / "mail").glob("*.eml")}
    assert files == {str(row) for (row,) in house.query("SELECT id FROM message")}


def test_a_database_that_goes_in_the_middle_of_a_request_is_no_error_of_its_end(app: Flask) -> None:
    """The answer is known by then; and the pool has all of its connections back."""
    with app.app_context():
        session.execute(text("SELECT 1"))
        mine = session.scalar(text("SELECT pg_backend_pid()"))
        with app.extensions["engine"].connect() as other:
            other.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": mine})
    assert app.extensions["engine"].pool.checkedout() == 0


@contextmanager
def clock_set(step: timedelta) -> Iterator[None]:
    """The clock of this process, wherever ours and our libraries read it; the database keeps its own."""

    class Moved(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:
            return datetime.now(tz) + step

    real = time.time
    readers = [module for name, module in sys.modules.items() if name.startswith("campaign")]
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(time, "time", lambda: real() + step.total_seconds())
        for module in readers:
            if vars(module).get("datetime") is datetime:
                patched.setattr(module, "datetime", Moved)
        yield


def confirming(mail: Path) -> str:
    """The link in a mail."""
    body = message_from_bytes(mail.read_bytes(), policy=policy.default).get_body(("plain",))
    assert body
    return link_in(body.get_content(), "/confirm/")


@pytest.mark.parametrize("step", [timedelta(hours=1), timedelta(hours=-1)], ids=["ahead", "behind"])
def test_nothing_is_lost_when_the_clock_is_an_hour(
    context: Flask, client: FlaskClient, mails: Callable[[], list[Path]], step: timedelta
) -> None:
    """What was shown, mailed and answered before a step works after it, and the other way round."""
    the_appeal()
    form = typed(client)
    before = client.post(f"{PAGE}/sign", data=form)
    draining.drain()
    with clock_set(step):
        assert client.get(before.location).status_code == 200
        assert client.get(confirming(mails()[0])).status_code == 200
        during = client.post(f"{PAGE}/sign", data=form | {"email": "bob@example.org"})
        assert during.status_code == 303
        draining.drain()
        assert len(mails()) == 2
        fresh = typed(client, f"{PAGE}?anew")
    confirm = confirming(mails()[1])
    assert client.get(during.location).status_code == 200
    assert client.post(confirm).status_code in {200, 303}
    assert client.post(f"{PAGE}/sign", data=fresh | {"email": "carol@example.org"}).status_code == 303
    assert state(_row(during.location)) == "confirmed"
