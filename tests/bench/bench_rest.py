"""What the whole product holds in memory at rest, and whether its web processes grow by what they serve.

Counted is PSS (each shared page once, in parts), the sum of all processes that ``bin/up`` started. Linux only.
Not a test: it prints and never fails. ``python -m tests.bench.bench_rest [requests] [signatures]``
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil

from tests.bench import browsers
from tests.bench.bench_signing import posting
from tests.cast import PAGE
from tests.stack import Stack

LIMIT = 450  # MB
_PSS = re.compile(r"^Pss:\s+(\d+) kB", re.M)


def main(requests: int, signatures: int) -> None:
    """Start it with two web processes, let it rest, then ask much of it."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o711)  # PostgreSQL may run under another account
        stack = Stack(Path(folder) / "var", WEB_WORKERS="2", TRUSTED_PROXIES="1").start()
        try:
            _once(stack)
            time.sleep(20)  # the worker has imported, beat has rung
            at_rest(stack)
            steps = 5
            for _ in range(steps if requests else 0):
                _look(stack, requests // steps)
                _tell_web(stack, f"{requests // steps} pages later")
            for _ in range(steps if signatures else 0):
                _sign(stack, signatures // steps)
                _tell_web(stack, f"{signatures // steps} signatures later")
            at_rest(stack)
        finally:
            stack.stop()
            browsers.go_home()


def at_rest(stack: Stack) -> None:
    """What each process holds, and the sum."""
    held = {f"{process.pid} {_name(process)}": pss(process.pid) for process in tree(stack)}
    for name, size in sorted(held.items(), key=lambda one: -one[1]):
        print(f"  {size:6.1f} MB  {name}")
    print(f"{sum(held.values()):8.1f} MB in all, of {LIMIT}")


def tree(stack: Stack) -> list[psutil.Process]:
    """``bin/up`` and all that it started."""
    assert stack._process
    first = psutil.Process(stack._process.pid)
    return [first, *first.children(recursive=True)]


def pss(pid: int) -> float:
    """What a process holds, in MB (10⁶ bytes); 0 when it has just ended."""
    try:
        found = _PSS.search(Path(f"/proc/{pid}/smaps_rollup").read_text())
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return int(found[1]) * 1024 / 1e6 if found else 0.0


def _name(process: psutil.Process) -> str:
    words = process.cmdline()
    after = [word for word in words if not word.startswith("-")][1:3]
    return " ".join([process.name(), *after])[:70] if "postgres" not in process.name() else " ".join(words)[:70]


def web(stack: Stack) -> Iterator[psutil.Process]:
    """The processes that serve."""
    for process in tree(stack):
        if "campaign.running.web" in " ".join(process.cmdline()):
            yield process


def _tell_web(stack: Stack, when: str) -> None:
    sizes = ", ".join(f"{pss(process.pid):.1f}" for process in web(stack))
    print(f"web after {when}: {sizes} MB", flush=True)


def _once(stack: Stack) -> None:
    """Each web process has shown a page."""
    for _ in range(40):
        urllib.request.urlopen(f"{stack.url}{PAGE}?").read()


def _look(stack: Stack, requests: int) -> None:
    """So many pages, or a few more."""
    done, words = 0, ["wrk", "-t", "1", "-c", "32", "-d", "5s", "-H", "Accept-Encoding: gzip", f"{stack.url}{PAGE}"]
    while done < requests:
        said = subprocess.run(words, capture_output=True, text=True, check=True).stdout
        done += int(re.search(r"(\d+) requests in", said)[1])  # type: ignore[index] # wrk always says


def _sign(stack: Stack, signatures: int) -> None:
    done = 0
    while done < signatures:
        done += len(browsers.together(stack.port, 16, 5, posting)["POST"])


if __name__ == "__main__":
    given = [int(word) for word in sys.argv[1:]]
    main(given[0] if given else 1_000_000, given[1] if given[1:] else 50_000)
