"""Keeping processes alive; it keeps to itself when one is started again and when it is given up."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from threading import Event

import psutil

from campaign.embedded import Child, Unavailable, end_group

HEALTHY = 60.0  # seconds after which earlier ends are forgotten
FIRST_ANSWER = 60.0  # seconds within which everything must serve
ENDS = 5  # ends in a row after which starting again is no help
LONGEST_PAUSE = 15.0  # seconds
FORKS = {"worker"}  # granian starts its own workers again


@dataclass
class Watched:
    """A child, how often it ended, and when it is due again."""

    child: Child
    tell: Callable[[str], None]
    since: float = 0.0
    ends: int = 0
    forks: int = 0
    due: float | None = None

    def look(self, now: float) -> None:
        """Start it again when it ended and is due. Raises Unavailable when it keeps ending."""
        if self.child.process is None:
            return  # its first start is somebody else's to decide
        if self.child.alive and not self._lost_a_fork():
            if now - self.since > HEALTHY:
                self.ends = 0
        elif self.due is None:
            self._plan(now)
        elif now >= self.due:
            self.child.start()
            self.since, self.due, self.forks = now, None, 0

    def _lost_a_fork(self) -> bool:
        """Whether a child that forked has fewer forks than before: Celery does not miss a beat that died."""
        if self.child.name not in FORKS or not self.child.process:
            return False
        before, self.forks = self.forks, _forks(psutil.Process(self.child.process.pid))
        return self.forks < before

    def _plan(self, now: float) -> None:
        process = self.child.process
        assert process is not None, "only started children are watched"
        end_group(process.pid)  # what is left of it would keep the port, or ring twice
        process.wait()
        self.ends += 1
        if self.ends > ENDS:
            where = f" (see {self.child.log})" if self.child.log else ""
            raise Unavailable(f"{self.child.name} keeps ending: everything stops{where}")
        pause = min(2.0 ** (self.ends - 2), LONGEST_PAUSE)
        self.due = now + pause
        self.tell(f"{self.child.name} ended with {process.returncode}: starting it again in {pause:g} s")


def _forks(process: psutil.Process) -> int:
    """How many living children run the same command line, that is, were forked and run nothing else."""
    words, found = process.cmdline(), 0
    for child in process.children():
        with suppress(psutil.NoSuchProcess):
            found += child.status() != psutil.STATUS_ZOMBIE and child.cmdline() == words
    return found


def watch(
    children: list[Child], stop: Event, *, tell: Callable[[str], None], ready: Callable[[], bool]
) -> None:
    """Keep children alive, once started, until ``stop``; when ``ready()`` has held once, it is not asked again.

    Raises Unavailable when a child keeps ending or nothing serves within a minute.
    """
    watched = [Watched(child, tell, since=time.monotonic()) for child in children]
    serving, until = False, time.monotonic() + FIRST_ANSWER
    while not stop.wait(0.5 if serving else 0.05):
        serving = serving or ready()
        if not serving and time.monotonic() > until:
            raise Unavailable(f"the web server did not become ready within {FIRST_ANSWER:.0f} s")
        for one in watched:
            one.look(time.monotonic())
