"""One child process; it keeps to itself how a child is tied to our life and how it is ended."""

from __future__ import annotations

import functools
import os
import shutil
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PATIENCE = 15.0  # seconds between the polite signal and SIGKILL


class Unavailable(Exception):
    """A part of the installation that cannot be had; its text is one line, fit to print."""


@dataclass
class Child:
    """A long-running process of ours. ``log`` is appended to; without one the child writes to our stderr.

    ``nice`` is by how much it gives way to the others, 0 to 19.
    """

    name: str
    argv: Sequence[str | Path]
    stop_signal: signal.Signals = signal.SIGTERM
    log: Path | None = None
    env: Mapping[str, str] | None = None
    cwd: Path | None = None
    popen: Mapping[str, Any] = field(default_factory=dict)
    nice: int = 0
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it in a session of its own: the terminal's Ctrl-C reaches us alone, and we stop in order."""
        if self.log is None:
            self._start(2)
            return
        with self.log.open("ab") as log:
            self._start(log.fileno())

    def _start(self, output: int) -> None:
        self.process = subprocess.Popen(
            [str(part) for part in self.argv],
            stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            start_new_session=True, env=self.env, cwd=self.cwd, **self.popen,
        )  # fmt: skip
        if self.nice:
            _give_way(self.process.pid, self.nice)

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def stop(self, patience: float = PATIENCE) -> None:
        """End it politely, then with force after ``patience`` seconds; nothing of its group stays behind."""
        if self.process is None:
            return
        if self.alive:
            self.process.send_signal(self.stop_signal)
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(patience)
        end_group(self.process.pid)
        self.process.wait()
        self.process = None


def _give_way(pid: int, nice: int) -> None:
    """Among all processes, and as a session: Linux shares processors among sessions first (``sched(7)``, autogroup),
    so that a process that leads its own is nice to nobody else.
    """
    with suppress(OSError):  # it has ended already, or there are no such groups here
        os.setpriority(os.PRIO_PROCESS, pid, nice)
        Path(f"/proc/{pid}/autogroup").write_text(str(nice))


def end_group(pid: int) -> None:
    """SIGKILL whatever is left of the process group that ``pid`` leads or led."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def tied_to_us(stop_signal: signal.Signals) -> tuple[str, ...]:
    """The words before a command that make the kernel send ``stop_signal`` when we die, even by kill -9.

    Empty where the system has no such means (macOS): there the next start replaces what was left.
    """
    return ("setpriv", "--pdeathsig", stop_signal.name.removeprefix("SIG"), "--") if _can_tie() else ()


@functools.cache
def _can_tie() -> bool:
    if shutil.which("setpriv") is None:
        return False
    probe = ["setpriv", "--pdeathsig", "TERM", "--", "true"]
    return subprocess.run(probe, check=False, capture_output=True).returncode == 0
