"""Celery as a doorbell: it keeps to itself how a worker is told that there is work, and that nobody waits for it.

The database row is the truth and a clock polls it anyway; a bell only makes it sooner. So a bell carries no
data, is rung at most every 100 ms per process and name, from a thread of its own (a publish costs 0.5 ms,
and with the broker down it costs its whole timeout), and a bell that cannot be rung is one log line.

The clock is Celery's beat as a thread of the worker: its own way, a fork, soon holds 70 to 95 MB. It remembers
nothing over a restart, since all that is done at intervals is done when a worker starts, too.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from typing import Any, TypeVar

import click
import structlog
from celery import Celery, Task, bootsteps
from celery.beat import Scheduler, Service
from celery.signals import worker_ready
from flask import Flask, current_app
from kombu.exceptions import OperationalError

log = structlog.get_logger()
Function = TypeVar("Function", bound=Callable[..., Any])
_QUIET = 0.1  # seconds between two rings of one bell
_GIVEN_UP = 2.0  # seconds of silence after a ring that failed


class Bells:
    """The bells of one process. Threads start at the first ring, so forked workers each have their own."""

    def __init__(self, celery: Celery) -> None:
        self._celery = celery
        self._rung: dict[str, threading.Event] = {}
        self._lock = threading.Lock()

    def ring(self, task: str) -> None:
        """Ask for one run of the task of this name, soon; returns at once."""
        event = self._rung.get(task)
        if event is None:
            event = self._hang(task)
        event.set()

    def _hang(self, task: str) -> threading.Event:
        with self._lock:
            if task not in self._rung:
                event = self._rung[task] = threading.Event()
                threading.Thread(target=self._answer, args=(task, event), daemon=True).start()
            return self._rung[task]

    def _answer(self, task: str, event: threading.Event) -> None:
        pause = threading.Event()
        while event.wait():
            event.clear()
            pause.wait(_QUIET if self._publish(task) else _GIVEN_UP)

    def _publish(self, task: str) -> bool:
        try:
            self._celery.send_task(task, expires=60, ignore_result=True)
        except (OperationalError, OSError) as error:
            log.warning("bell.not_rung", task=task, error=type(error).__name__)
            return False
        return True


class Clock(bootsteps.StartStopStep):  # type: ignore[misc] # Celery ships no types
    """What rings at intervals, in a worker that was started with ``--clock``."""

    def __init__(self, worker: Any, clock: bool = False, **options: Any) -> None:
        super().__init__(worker, **options)
        self.enabled = clock

    def include_if(self, _worker: Any) -> bool:
        """Whether it was asked for."""
        return bool(self.enabled)

    def start(self, worker: Any) -> None:
        """Begin to ring."""
        self._beat = Service(worker.app, max_interval=1, scheduler_cls=Scheduler, remote_control=False)
        threading.Thread(target=self._ring, daemon=True).start()

    def stop(self, _worker: Any) -> None:
        """Ring no more."""
        self._beat.stop()

    def _ring(self) -> None:
        try:
            self._beat.start()
        except Exception as error:
            log.error("clock.stopped", error=type(error).__name__)
            os.kill(os.getpid(), signal.SIGTERM)  # its worker ends, and is started again with a clock that goes


def init_app(app: Flask) -> None:
    """Make the Celery app of this Flask app; each task runs in an app context of its own."""

    class ContextTask(Task):  # type: ignore[misc] # Celery ships no types
        def __call__(self, *args: Any, **kwargs: Any) -> Any:
            with app.app_context():
                return self.run(*args, **kwargs)

    celery = Celery("undersigned", task_cls=ContextTask, set_as_current=False)
    celery.conf.update(_settings(app.config["REDIS_URL"]))
    celery.user_options["worker"].add(click.Option(["--clock"], is_flag=True, help="Ring what is due at intervals."))
    celery.steps["worker"].add(Clock)
    app.extensions["celery"] = celery
    app.extensions["bells"] = Bells(celery)


def task(name: str, *, every: float) -> Callable[[Function], Function]:
    """Mark a function as the task of this name that beat also runs each ``every`` seconds."""

    def mark(function: Function) -> Function:
        vars(function).update(task_name=name, every=every)
        return function

    return mark


def register(app: Flask, *functions: Any) -> None:
    """Give marked functions to the app's Celery and to its beat."""
    celery: Celery = app.extensions["celery"]
    for function in functions:
        celery.task(function, name=function.task_name, ignore_result=True)
        celery.conf.beat_schedule[function.task_name] = {
            "task": function.task_name,
            "schedule": function.every,
            "options": {"expires": max(function.every, 5)},  # a pile of old polls helps nobody
        }


@worker_ready.connect  # type: ignore[untyped-decorator] # Celery ships no types
def _begin(sender: Any, **_: Any) -> None:
    """Do at once all that is done at intervals: on a machine that is off at night, "daily" would never come."""
    for name in sender.app.conf.beat_schedule:
        sender.app.send_task(name, ignore_result=True)


def ring(task_name: str) -> None:
    """Ring a bell of the current app. Never raises, never waits."""
    bells: Bells = current_app.extensions["bells"]
    bells.ring(task_name)


def broker_url(redis_url: str) -> str:
    """redis-py's spelling of a URL in kombu's: a socket is ``redis+socket:///path?virtual_host=0`` there."""
    if not redis_url.startswith("unix://"):
        return redis_url
    path, _, query = redis_url.removeprefix("unix://").partition("?")
    number = dict(part.split("=", 1) for part in query.split("&") if "=" in part).get("db", "0")
    return f"redis+socket://{path}?virtual_host={number}"


def _settings(redis_url: str) -> dict[str, Any]:
    return {
        "broker_url": broker_url(redis_url),
        "broker_transport_options": {
            "socket_connect_timeout": 1,
            "socket_timeout": 5,
            "retry_on_timeout": False,
            "max_retries": 0,
        },
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
        "task_publish_retry": False,
        "task_serializer": "json",
        "accept_content": ["json"],
        "task_ignore_result": True,
        "task_acks_late": False,
        "worker_prefetch_multiplier": 1,
        "worker_hijack_root_logger": False,
        "worker_redirect_stdouts": False,  # a line of ours is a line, not one inside a line of Celery's
        "worker_send_task_events": False,
        "timezone": "UTC",
        "beat_schedule": {},
        "beat_max_loop_interval": 5,
    }
