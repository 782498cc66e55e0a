"""Keeping processes alive; it keeps to itself when one is started again and when it is given up."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Event

from campaign.embedded import Child, Unavailable, end_group

HEALTHY = 60.0  # seconds after which earlier ends are forgotten
FIRST_ANSWER = 60.0  # seconds within which everything must serve
ENDS = 5  # ends in a row after which starting again is no help
LONGEST_PAUSE = 15.0  # seconds


@dataclass
class Watched:
    """A child, how often it ended, and when it is due again. Granian starts its own workers again."""

    child: Child
    tell: Callable[[str], None]
    since: float = 0.0
    ends: int = 0
    due: float | None = None

    def look(self, now: float) -> None:
        """Start it again when it ended and is due. Raises Unavailable when it keeps ending."""
        if self.child.process is None:
            return  # its first start is somebody else's to decide
        if self.child.alive:
            if now - self.since > HEALTHY:
                self.ends = 0
        elif self.due is None:
            self._plan(now)
        elif now >= self.due:
            self.child.start()
            self.since, self.due = now, None

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


def watch(children: list[Child], stop: Event, *, tell: Callable[[str], None], ready: Callable[[], bool]) -> None:
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
