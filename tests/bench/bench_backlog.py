"""A million letters that wait: what a claim costs beside an empty outbox, and how long a confirmation mail waits.

Memory: what the worker holds after the first tenth of its messages and after all of them.
Not a test: it prints and never fails by time. ``python -m tests.bench.bench_backlog [letters] [messages]``
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from statistics import median

import psutil
from flask import Flask
from sqlalchemy import select

from campaign.db import session
from campaign.mail import claiming, draining, outbox, pausing, transports
from campaign.mail.models import Message
from tests.bench.backlog import pile_up
from tests.bench.bench_outbox import installed, put_in
from tests.bench.fast_sink import listening

_PROBES = 20


def main(letters: int, messages: int) -> None:
    """The claim without and with the backlog, confirmations beside it, then memory."""
    with listening() as sink, installed(sink) as (app, _):
        _claims("nothing waits")
        began = time.perf_counter()
        row = outbox.enqueue(
            kind="bench", subject_id=None, address="office@offices.internal", language="en", dedupe_key="model",
            lane=outbox.LETTERS, budget_key="office:0",
        )  # fmt: skip
        assert row
        pile_up("model", letters)
        print(f"{letters:,} letters to 60 offices wait ({time.perf_counter() - began:.0f} s to make)")
        _claims(f"{letters:,} letters wait")
        _beside_pauses()
        _confirmations(app)
        if messages:
            _memory(messages)


def _claims(when: str) -> None:
    """One message for people each time, put in, claimed and given its end."""
    took: dict[str, list[float]] = {"people": [], "a look at letters": []}
    for n in range(_PROBES):
        put_in(f"probe-{len(when)}-{n}", outbox.PEOPLE, 1)
        took["people"].append(_timed(lambda: claiming.claim(outbox.PEOPLE, transports.LIVE, 20)))
        took["a look at letters"].append(_timed(lambda: claiming.waiting(outbox.LETTERS, transports.LIVE)))
        session.rollback()
    for what, seconds in took.items():
        print(f"  {when}: claim, {what}: median {median(seconds) * 1000:.1f} ms, worst {max(seconds) * 1000:.1f} ms")


def _beside_pauses() -> None:
    """What a pause of some or all of the letters costs a claim."""
    offices = [f"office:{n}" for n in range(60)]
    for what, keys in {"one office": offices[:1], "all offices but one": offices[1:], "everything": ["all"]}.items():
        for key in keys:
            pausing.pause(key)
        session.commit()
        took = [_timed(lambda: claiming.claim(outbox.LETTERS, transports.LIVE, 20)) for _ in range(_PROBES)]
        session.rollback()
        _claims(f"{what} is paused")
        middle, worst = median(took) * 1000, max(took) * 1000
        print(f"  {what} is paused: claim, letters: median {middle:.1f} ms, worst {worst:.1f} ms")
        for key in keys:
            pausing.resume(key)
        session.commit()


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _confirmations(app: Flask) -> None:
    """Somebody signs now and then while a worker sends letters without a pause."""
    put_in("letter", outbox.LETTERS, 3000)
    letters = threading.Thread(target=_bell, args=(app,))
    letters.start()
    time.sleep(0.5)
    waited = []
    for n in range(_PROBES):
        waited.append(_timed(lambda n=n: _sent(app, f"waits-{n}")))  # type: ignore[misc]
        time.sleep(0.05)
    busy = letters.is_alive()
    draining.stopping.set()
    letters.join()
    draining.stopping.clear()
    print(
        f"  a confirmation, from its commit to accepted, while letters go ({'all' if busy else 'most'} of the time): "
        f"median {median(waited):.2f} s, worst {max(waited):.2f} s"
    )


def _bell(app: Flask) -> None:
    with app.app_context():
        draining.drain()


def _sent(app: Flask, name: str) -> None:
    put_in(name, outbox.PEOPLE, 1)
    threading.Thread(target=_bell, args=(app,)).start()
    asked = select(Message.state).where(Message.dedupe_key == f"{name}-0")
    while session.scalar(asked) != "accepted":
        session.rollback()
        time.sleep(0.005)


def _memory(messages: int) -> None:
    process = psutil.Process()
    for part in range(10):
        put_in(f"memory{part}", outbox.PEOPLE, messages // 10)
        draining.drain()
        if part in {0, 4, 9}:
            print(
                f"worker after {messages // 10 * (part + 1):,} messages: {process.memory_info().rss / 2**20:.1f} MiB"
            )


if __name__ == "__main__":
    given = [int(word) for word in sys.argv[1:]]
    main(*(given + [1_000_000, 100_000][len(given) :]))
