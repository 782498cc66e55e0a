"""The worker as it is shipped, in a process of its own that ends, or falls asleep, at a labelled line.

The product knows nothing of labels. Its modules call one another by name (``claiming.claim``, ``holding.go_on``),
so each of those steps is wrapped here before the worker starts, and so are the phases of ``links.Link``.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Any
from uuid import uuid4

from flask import Flask

from campaign import create_app
from campaign.mail import claiming, holding, links, recording, rendering, sweeping
from campaign.mail.models import Message
from campaign.mail.rendering import Draft
from config import load_settings

BEFORE_A_COMMIT, AFTER_A_COMMIT = "before a commit", "after a commit"
LABELS = (
    "claimed",
    "rendered",
    "before attempting",
    "attempting",
    "DATA said",
    "body sent",
    "dot sent",
    "answer read",
    "before accepted",
    "accepted",
    "before a refusal is written",
    "refusal written",
    "given back",
    "swept",
    BEFORE_A_COMMIT,
    AFTER_A_COMMIT,
)
KINDS = ("kill_letter", "kill_confirm")
_Label = Callable[..., str] | str


@dataclass(frozen=True)
class Fate:
    """What happens to one worker: a signal to itself when it comes to ``label`` for the nth time; or nothing.

    ``clock_off`` is by how many seconds its clock is wrong.
    """

    label: str = ""
    nth: int = 1
    signal: int = signal.SIGKILL
    clock_off: float = 0.0


def register(app: Flask) -> None:
    """The two kinds of the harness. Were a message written twice, its bytes would differ."""
    for kind in KINDS:
        rendering.register(app, kind, _draft)


def _draft(message: Message, _recipient: str) -> Draft:
    return Draft(f"Message {message.dedupe_key}", f"Written as {uuid4()}.\n.A line with a dot.\n" * 12)


def live(given: Mapping[str, Any], fate: Fate, log: str, begun: Any) -> None:
    """Be a worker until the end; ``begun`` is an event that says when that begins."""
    _log_to(log)
    app = create_app(load_settings(**given))
    register(app)
    celery = app.extensions["celery"]
    celery.conf.beat_schedule = {k: v for k, v in celery.conf.beat_schedule.items() if k.startswith("mail.")}
    for owner, name, value in wrong_clock(fate.clock_off) if fate.clock_off else ():
        setattr(owner, name, value)
    if fate.label:
        _label(app, _Reaper(fate).passing)
    begun.set()
    celery.worker_main(
        ["worker", "--pool", "threads", "--concurrency", "4", "--loglevel", "ERROR",
         "--without-gossip", "--without-mingle", "--without-heartbeat"]
    )  # fmt: skip


class _AnyMoment(type):
    def __instancecheck__(cls, one: object) -> bool:
        return isinstance(one, datetime)


def wrong_clock(off: float) -> list[tuple[Any, str, Any]]:
    """What to set where (owner, name, value) so that this process' clock is wrong by ``off`` seconds.

    ``time.time``, and the ``datetime`` of every module of ours and of Celery's, which decides what has expired.
    """
    right = time.time

    class Wrong(datetime, metaclass=_AnyMoment):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Any:
            return datetime.now(tz) + timedelta(seconds=off)

    ours = [module for name, module in sys.modules.items() if name.partition(".")[0] in {"campaign", "celery"}]
    using = [module for module in ours if vars(module).get("datetime") is datetime]
    return [(time, "time", lambda: right() + off), *((module, "datetime", Wrong) for module in using)]


def _log_to(path: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for standard in (sys.stdout, sys.stderr):
        os.dup2(descriptor, standard.fileno())


class _Reaper:
    def __init__(self, fate: Fate) -> None:
        self._fate = fate
        self._passed: Counter[str] = Counter()

    def passing(self, label: str) -> None:
        self._passed[label] += 1
        if label == self._fate.label and self._passed[label] == self._fate.nth:
            os.kill(os.getpid(), self._fate.signal)


def _label(app: Flask, passing: Callable[[str], None]) -> None:
    def around(module: Any, name: str, before: _Label = "", after: _Label = "") -> None:
        step = getattr(module, name)

        def pass_by(label: _Label, args: tuple[Any, ...]) -> None:
            if passed := label(*args) if callable(label) else label:
                passing(passed)

        def labelled(*args: Any, **kwargs: Any) -> Any:
            pass_by(before, args)
            result = step(*args, **kwargs)
            pass_by(after, args)
            return result

        setattr(module, name, labelled)

    around(claiming, "claim", after="claimed")
    around(rendering.Writing, "prepare", after="rendered")
    around(holding, "go_on", before=_to_write, after=_written)
    around(links.Link, "docmd", after=lambda _link, command, *_: "DATA said" if command == "DATA" else "")
    around(links.Link, "send", after=_phase)
    around(links.Link, "content", after="answer read")
    around(recording, "_write_refusal", before="before a refusal is written", after="refusal written")
    around(holding, "release", after="given back")
    around(sweeping, "_some", after="swept")
    around(app.extensions["engine"].dialect, "do_commit", before=BEFORE_A_COMMIT, after=AFTER_A_COMMIT)


def _to_write(accepted: Sequence[Any], beginning: Sequence[Any]) -> str:
    """One write says both what was accepted and what begins: "before accepted" counts where nothing begins."""
    return "before attempting" if beginning else "before accepted"


def _written(accepted: Sequence[Any], beginning: Sequence[Any]) -> str:
    return "accepted" if accepted else "attempting"


def _phase(_link: links.Link, content: bytes | str) -> str:
    if content == b".\r\n":
        return "dot sent"
    return "body sent" if isinstance(content, bytes) and content.startswith(b"From: ") else ""
