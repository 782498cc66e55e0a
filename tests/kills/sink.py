"""A mail server in a process of its own that misbehaves by chance, and writes down what it took before it answers."""

from __future__ import annotations

import hashlib
import multiprocessing
import random
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

from tests import sink
from tests.sink import DROP, LOSE, Taken

# What goes wrong, where: each before any comes again.
_TROUBLE: tuple[tuple[str, str | float], ...] = (
    *((phase, DROP) for phase in ("MAIL", "RCPT", "DATA", "body", "DOT")),
    ("DOT", LOSE),
    *((phase, 0.4) for phase in ("MAIL", "RCPT", "DATA", "DOT")),
    ("EHLO", DROP),
    ("EHLO", "421 4.3.2 not now"),
    ("MAIL", "421 4.3.2 going down"),
    ("RCPT", "450 4.7.1 greylisted, come again"),
    ("RCPT", "452 4.2.2 mailbox full"),
    ("RCPT", "550 5.5.0 no"),
    ("DATA", "451 4.3.0 not now"),
    ("DATA", "250 2.0.0 what?"),
    ("DOT", "451 4.3.0 not now"),
    ("DOT", "421 4.3.2 going down"),
    ("DOT", "hello, world"),
    ("DOT", "554 5.6.0 no"),
    ("QUIT", "421 4.3.2 going down"),
    ("QUIT", DROP),
)

_MET = "met"  # a line of the journal that tells of a trouble, and not of a message taken
TROUBLES = {(where, str(what).replace(" ", "_")) for where, what in _TROUBLE}
"""Each fault of the sink, as ``Witness.met`` names it."""


@dataclass
class Chaos(sink.Sink):
    """One message in ``one_in`` meets trouble, until ``calm`` is set."""

    one_in: int = 6
    calm: Any = None
    dice: random.Random = field(default_factory=random.Random)
    journal: TextIO | None = None
    deck: list[tuple[str, str | float]] = field(default_factory=list)

    def plan(self, phase: str) -> tuple[float, str | None]:
        if self.calm.is_set():
            self.answers.clear()
        elif phase == "MAIL" and self.dice.randrange(self.one_in) == 0:
            where, what = self._next()
            self.answers[where].append(what)
        self._note(phase)
        return super().plan(phase)

    def _next(self) -> tuple[str, str | float]:
        if not self.deck:
            self.deck = self.dice.sample(_TROUBLE, len(_TROUBLE))
        return self.deck.pop()

    def _note(self, phase: str) -> None:
        """Write down what a client is about to meet: delays, and the answer that ends them."""
        assert self.journal
        for what in self.answers[phase]:
            self.journal.write(f"{_MET} {phase} {str(what).replace(' ', '_')}\n")
            self.journal.flush()
            if not isinstance(what, float):
                break

    def take(self, message_id: str, taken: Taken) -> None:
        assert self.journal
        self.journal.write(f"{message_id} {hashlib.sha256(taken.content).hexdigest()} {taken.recipients[0]}\n")
        self.journal.flush()


@dataclass
class Witness:
    """What the sink saw. ``calm`` makes it behave from now on."""

    port: int
    calm: Any
    _journal: Path

    @property
    def url(self) -> str:
        """The MAIL_URL that leads there."""
        return f"smtp://127.0.0.1:{self.port}"

    def copies(self) -> dict[str, list[str]]:
        """The digests of all copies taken, by Message-ID, in order."""
        found: dict[str, list[str]] = defaultdict(list)
        for message_id, digest, _ in self._lines():
            if message_id != _MET:
                found[message_id].append(digest)
        return dict(found)

    def met(self) -> set[tuple[str, str]]:
        """The troubles that were met: where, and what."""
        return {(where, what) for first, where, what in self._lines() if first == _MET}

    def _lines(self) -> list[list[str]]:
        return [line.split(" ") for line in self._journal.read_text().splitlines()]


@contextmanager
def listening(journal: Path, seed: int) -> Iterator[Witness]:
    """A misbehaving sink whose troubles follow from ``seed``."""
    context = multiprocessing.get_context("spawn")
    port, calm = context.Value("i", 0), context.Event()
    process = context.Process(target=_serve, args=(port, calm, str(journal), seed), daemon=True)
    process.start()
    until = time.monotonic() + 30
    while not port.value:
        assert time.monotonic() < until, "the sink did not start"
        time.sleep(0.02)
    try:
        yield Witness(port.value, calm, journal)
    finally:
        process.kill()
        process.join()


def _serve(port: Any, calm: Any, journal: str, seed: int) -> None:
    with open(journal, "a") as written:
        chaos = Chaos(calm=calm, dice=random.Random(seed), journal=written)
        with sink.listening(sink=chaos):
            port.value = chaos.port
            while True:
                time.sleep(3600)
