"""Workers are killed at every labelled line and at random, and afterwards nothing is lost and no letter is double.

The sink of these runs drops the link at each phase, answers slowly, greylists, refuses and talks nonsense; the broker
is emptied under way; bells ring several times; some workers sleep past their lease, and two have the wrong time. CI
runs a sample, ``--nightly`` the whole; both fail when one of these faults did not happen.

Broken on purpose, these made it fail: DATA before ``attempting`` is committed, or ``attempting`` only after the
dot; ``begin`` unheeded; a lapsed attempt made ready, or claimed; a lapsed lease left; no reply taken for unsent; 4xx,
or 250 to DATA, taken for acceptance; accepted before the dot; 421 to QUIT heeded; an unknown letter sent again by
policy; a claim without lock or epoch; other bytes at a repeat; sweeping by a process' clock; no event of a change.
It cannot see a fence whose gap is milliseconds wide, nor pauses, budgets and bounces: ``test_fencing``,
``test_delivery``, ``test_pacing`` and ``test_bounces`` do.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import pairwise
from math import inf
from pathlib import Path
from typing import Any

import psutil
import pytest
from flask import Flask
from sqlalchemy import func, select, update

from campaign.db import session
from campaign.embedded import Servers
from campaign.mail import draining, outbox, pausing, sweeping
from campaign.mail.models import Message, MessageEvent
from campaign.mail.states import LETTERS, MAY_COME_FROM, SENT_AGAIN_AT_MOST, TERMINAL, State
from campaign.mail.tasks import SWEEP
from tests.kills import sink, worker
from tests.kills.sink import TROUBLES, Witness
from tests.kills.worker import AFTER_A_COMMIT, LABELS, Fate

WORKERS = 2
SEED = int(os.environ.get("KILL_SEED", "1"))
_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["tests.kills.worker"])
SLEEPS = ("claimed", "attempting", "dot sent", "answer read")
_MOST_OF_A_LIFE = 12.0  # seconds after which a worker that never came to its label is killed where it stands
BUSY = [State.READY, State.DEFERRED, State.LEASED, State.ATTEMPTING]


@dataclass
class Life:
    """One worker process and what is to happen to it. ``until`` is when it is killed at the latest.

    That is ``length`` seconds after it has ``begun``: how long a busy machine takes to start it does not matter.
    """

    fate: Fate
    process: Any
    begun: Any
    length: float
    until: float = inf
    asleep_since: float = 0.0


@dataclass
class Ward:
    """Keeps two workers alive, each with a fate of its own, and remembers how they died."""

    given: dict[str, Any]
    log: Path
    fates: list[Fate]
    dice: random.Random
    lives: list[Life] = field(default_factory=list)
    deaths: Counter[str] = field(default_factory=Counter)
    slept: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)

    def tend(self) -> None:
        """Bury the dead, wake who slept long enough, and start the next."""
        for life in [*self.lives]:
            self._look_after(life)
        while len(self.lives) < WORKERS and self.fates:
            self._bear(self.fates.pop(0))

    def _bear(self, fate: Fate) -> None:
        begun = _FORKS.Event()
        process = _FORKS.Process(target=worker.live, args=(self.given, fate, str(self.log), begun), daemon=True)
        process.start()
        short = fate.label == "" and fate.clock_off == 0
        length = self.dice.uniform(0.8, 2.5) if short else _MOST_OF_A_LIFE
        self.lives.append(Life(fate, process, begun, length))

    def _look_after(self, life: Life) -> None:
        now = time.monotonic()
        if life.process.exitcode is not None:
            assert life.process.exitcode == -signal.SIGKILL, self.log.read_text()[-4000:]
            self.deaths[life.fate.label] += 1
            self.lives.remove(life)
        elif life.until == inf:
            life.until = now + life.length if life.begun.is_set() else inf
        elif life.fate.signal == signal.SIGSTOP and not life.asleep_since and _is_stopped(life.process.pid):
            life.asleep_since = now
            self.slept[life.fate.label] += 1
            age(timedelta(minutes=14))
        elif life.asleep_since and now - life.asleep_since > 1.0:
            life.asleep_since = 0.0
            life.fate = Fate()
            os.kill(life.process.pid, signal.SIGCONT)
            life.until = now + 1.0
        elif now > life.until:
            life.process.kill()
            life.process.join()
            self._try_again(life.fate)
            life.fate = Fate()
            self._look_after(life)

    def _try_again(self, fate: Fate) -> None:
        """Another shall come to the label that this one never came to, unless one has; three times at most."""
        met = self.slept if fate.signal == signal.SIGSTOP else self.deaths
        if fate.label and not met[fate.label] and self.missed[fate.label] < 3:
            self.missed[fate.label] += 1
            self.fates.append(replace(fate, nth=1))

    def end(self) -> None:
        for life in self.lives:
            life.process.kill()
            life.process.join()


def _is_stopped(pid: int) -> bool:
    with suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).status() == psutil.STATUS_STOPPED
    return False


def age(span: timedelta) -> None:
    """Let time pass for every message at once, also for processes whose connections are open.

    What a transaction holds is left out: whoever has it may be asleep.
    """
    free = select(Message.id).with_for_update(skip_locked=True)
    aged = {name: getattr(Message, name) - span for name in ("changed_at", "lease_until", "not_before")}
    session.execute(update(Message).where(Message.id.in_(free)).values(**aged))
    session.commit()


@pytest.fixture
def scale(request: pytest.FixtureRequest) -> tuple[int, int]:
    """How many letters, and how many kills."""
    return (2000, 200) if request.config.getoption("--nightly") else (300, 30)


@pytest.fixture
def witness(tmp_path: Path) -> Iterator[Witness]:
    with sink.listening(tmp_path / "taken", SEED) as witness:
        yield witness


@pytest.fixture
def office(context: Flask, witness: Witness, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flask]:
    """The application of the test process, which sends to the same sink and knows the same kinds."""
    monkeypatch.setitem(context.config, "MAIL_URL", witness.url)
    monkeypatch.setitem(context.config, "MAIL_FROM", "campaign@appeal.internal")
    worker.register(context)
    yield context
    for kind in worker.KINDS:
        del context.extensions["renderers"][kind]


@pytest.fixture
def ward(office: Flask, servers: Servers, tmp_path: Path, scale: tuple[int, int]) -> Iterator[Ward]:
    names = ("DATA_DIR", "MAIL_URL", "MAIL_FROM", "VAULT_KEY_FILE")
    given = {name: office.config[name] for name in names} | {
        "DATABASE_URL": servers.database_url,
        "REDIS_URL": servers.redis_url,
    }
    dice = random.Random(SEED)
    ward = Ward(given, tmp_path / "log", fates(scale[1], dice), dice)
    yield ward
    ward.end()


def fates(kills: int, dice: random.Random) -> list[Fate]:
    """Two thirds die at a label, each in turn, the others at random; some sleep, and two have the wrong time."""
    labels = [LABELS[n % len(LABELS)] for n in range(kills * 2 // 3)]
    deaths = [Fate(label, dice.choice((1, 2, 5)) if n >= len(LABELS) else 1) for n, label in enumerate(labels)]
    deaths += [Fate() for _ in range(kills - len(deaths))]
    sleepers = [Fate(label, 2, signal.SIGSTOP) for label in SLEEPS]
    wrong = [Fate(AFTER_A_COMMIT, 30, clock_off=off) for off in (420.0, -420.0)]
    dice.shuffle(deaths)
    return [*wrong, *(fate for pair in _spread(sleepers, deaths) for fate in pair)]


def _spread(few: list[Fate], many: list[Fate]) -> Iterator[list[Fate]]:
    """The few among the many, at even distances."""
    part = len(many) // len(few)
    for n, fate in enumerate(few):
        yield [fate, *(many[n * part :] if n == len(few) - 1 else many[n * part : (n + 1) * part])]


@dataclass
class Mail:
    """What people and writers put in while workers die: so many letters, and half as many confirmations."""

    letters: int
    put: int = 0

    def put_in(self, part: float) -> None:
        """Bring it to this part of the whole, each message in a transaction of its own."""
        while self.put < min(self.letters, self.letters * part):
            for _ in range(2):  # who asks twice
                _put("kill_letter", f"letter:{self.put}", lane=LETTERS)
            if self.put % 2:
                _put("kill_confirm", f"confirm:{self.put}", lane=outbox.PEOPLE)
            self.put += 1


def _put(kind: str, key: str, *, lane: int) -> None:
    address = f"{key.replace(':', '-')}@people.internal"
    outbox.enqueue(kind=kind, subject_id=None, address=address, language="en", dedupe_key=key, lane=lane)
    session.commit()


def ring(office: Flask, times: int) -> None:
    """A bell as a web process rings it, doubled on its way."""
    for _ in range(times):
        for name in (outbox.BELL, SWEEP):
            office.extensions["celery"].send_task(name, expires=60, ignore_result=True)


def until_all_are_dead(office: Flask, ward: Ward, mail: Mail) -> None:
    """Mail comes in, bells ring, time passes, somebody pauses and resumes, the broker forgets; and workers die."""
    kills, turn = len(ward.fates), 0
    while ward.fates or ward.lives:
        ward.tend()
        mail.put_in((kills - len(ward.fates)) / kills)
        turn += 1
        if turn % 4 == 0:
            ring(office, 3)
        if turn % 20 == 0:
            age(timedelta(minutes=3))
        if turn % 15 == 0:
            pausing.pause(pausing.ALL)
        if turn % 15 == 2:
            pausing.resume(pausing.ALL)
        if turn % 70 == 0:
            age(timedelta(minutes=13))
            office.extensions["redis"].flushall()
        time.sleep(0.05)
    pausing.resume(pausing.ALL)


def until_all_is_quiet() -> None:
    """What one worker that nobody kills makes of the rest, at a sink that behaves."""
    for _ in range(30):
        age(timedelta(hours=5))
        sweeping.sweep()
        draining.drain()
        if not session.scalar(select(func.count()).where(Message.state.in_(BUSY))):
            return


def test_nothing_is_lost_and_no_letter_goes_twice(
    office: Flask,
    ward: Ward,
    witness: Witness,
    scale: tuple[int, int],
    move_clock: Callable[[timedelta], None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    letters, kills = scale
    began = time.monotonic()
    until_all_are_dead(office, ward, Mail(letters))
    took = time.monotonic() - began
    witness.calm.set()
    until_all_is_quiet()
    move_clock(timedelta(days=100))
    for _ in range(SENT_AGAIN_AT_MOST + 1):
        sweeping.sweep()

    rows = session.scalars(select(Message)).all()
    copies = witness.copies()
    with capsys.disabled():
        print(f"\n{told(rows, copies, ward)}; {took:.0f} s")
    assert len(rows) == letters + letters // 2
    assert set(LABELS) <= set(ward.deaths)
    assert set(ward.slept) == set(SLEEPS)
    assert witness.met() == TROUBLES
    assert sum(ward.deaths.values()) >= kills
    for row in rows:
        check(row, copies.get(row.message_id or "", []), outbox.history(row.id))
    assert set(copies) <= {row.message_id for row in rows}


def check(row: Message, copies: list[str], history: Sequence[MessageEvent]) -> None:
    """One message: its state, what the sink has of it, and what the ledger says are one story."""
    story = [event.to_state for event in history]
    assert row.state in TERMINAL | {State.UNKNOWN}, "not an end, and nobody's"
    assert len(copies) <= (1 if row.lane == LETTERS else 1 + SENT_AGAIN_AT_MOST), (
        f"sent too often: {told_of(history)}"
    )
    assert len(set(copies)) <= 1, "a repeat with other bytes"
    assert (story[0], story[-1]) == (State.READY, row.state)
    for before, after in pairwise(history):
        assert after.from_state == before.to_state in MAY_COME_FROM[State(after.to_state)]
        assert after.epoch >= before.epoch
    if copies:  # known, or told as what nobody can know
        assert {State.ACCEPTED, State.UNKNOWN} & set(story), "lost from the ledger"
    if State.ACCEPTED in story:
        assert copies, "the ledger says more than is true"
        assert row.state == State.SETTLED
    if len(copies) > 1:
        assert story.count(State.UNKNOWN) >= len(copies) - 1, "sent again though nothing was unknown"
    if row.lane == LETTERS and copies:
        assert row.state in {State.SETTLED, State.UNKNOWN}


def told_of(history: Sequence[MessageEvent]) -> str:
    """One message's story in a line."""
    return "; ".join(f"{event.at:%H:%M:%S.%f} {event.epoch} {event.to_state} ({event.why})" for event in history)


def told(rows: Sequence[Message], copies: dict[str, list[str]], ward: Ward) -> str:
    """The figures of one run in a line."""
    lanes = {LETTERS: "letters", outbox.PEOPLE: "confirmations"}
    states = Counter(f"{lanes[row.lane]} {row.state}" for row in rows)
    doubled = Counter(lanes[row.lane] for row in rows if len(copies.get(row.message_id or "", [])) > 1)
    parked = [row for row in rows if row.state == State.UNKNOWN and row.lane == LETTERS]
    really = sum(row.message_id in copies for row in parked)
    return (
        f"{len(rows)} messages, {sum(ward.deaths.values())} kills ({dict(ward.deaths)}), asleep {dict(ward.slept)}; "
        f"{dict(states)}; more than one copy: {dict(doubled)}; {len(parked)} letters parked, {really} of them taken"
    )
