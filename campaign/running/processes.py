"""What bin/up runs beside the servers: it keeps to itself the command lines, and finding what a dead run left."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import psutil

from campaign.embedded import Child, tied_to_us
from config import Settings

ROOT = Path(__file__).parent.parent.parent
THREADS = 32  # of each web process: twice its turns (``admission.TURNS``), to say so when all are taken
YIELDS = {"worker": 15}
"""How nice a process is: who waits for a page goes before mails. With both processors taken by a thousand signers a
second some 300 mails a second still leave."""

MARK = "UNDERSIGNED_RUN"  # an environment variable that names the DATA_DIR a process was started for


def processes(settings: Settings, servers: Mapping[str, str]) -> list[Child]:
    """The web server, the worker with its clock and, if asked for, the metrics, not started.

    ``servers``: where they connect to.
    """
    environment = {
        **os.environ, **servers,
        MARK: str(settings.DATA_DIR), "DATA_DIR": str(settings.DATA_DIR),
        "MALLOC_ARENA_MAX": "2",  # glibc keeps an arena per thread; two are enough and save memory
        # As root Celery warns at length; our tasks carry JSON, never pickles, so there is no reason to.
        "PYTHONWARNINGS": "ignore:You're running the worker with superuser privileges",
    }  # fmt: skip
    words = {"web": _web(settings), "worker": WORKER}
    if settings.METRICS_PORT:
        words["metrics"] = ["campaign.running.metrics"]
    return [_child(name, argv, environment) for name, argv in words.items()]


WORKER = [
    "celery", "--app", "worker", "--quiet", "worker", "--clock",
    "--pool", "threads", "--concurrency", "4", "--loglevel", "WARNING",
    "--without-gossip", "--without-mingle", "--without-heartbeat",
]  # fmt: skip


def _web(settings: Settings) -> list[str]:
    # Level "error": granian warns of so many threads at each start, which are meant; that a worker died is an error.
    return [
        "campaign.running.web", "--interface", "wsgi", "--factory", "campaign:create_app", "--host", settings.HOST,
        "--port", str(settings.PORT), "--workers", str(settings.WEB_WORKERS), "--blocking-threads", str(THREADS),
        "--http", "1", "--no-ws", "--log-level", "error", "--respawn-failed-workers",
        "--respawn-interval", "1", "--workers-kill-timeout", "5",
    ]  # fmt: skip


def _child(name: str, argv: list[str], environment: Mapping[str, str]) -> Child:
    words = [*tied_to_us(signal.SIGTERM), sys.executable, "-m", *argv]
    return Child(name, words, env=environment, cwd=ROOT, nice=YIELDS.get(name, 0))


def end_leftovers(data_dir: Path) -> list[int]:
    """End what an earlier bin/up on this DATA_DIR left running; the caller holds its lock. Returns their ids."""
    found = [process for process in psutil.process_iter() if _belongs(process, data_dir)]
    for process in found:
        with suppress(psutil.Error):
            process.kill()
    psutil.wait_procs(found, timeout=5)
    return [process.pid for process in found]


def _belongs(process: psutil.Process, data_dir: Path) -> bool:
    try:
        return bool(process.environ().get(MARK) == str(data_dir))
    except (psutil.Error, OSError):
        return False
