"""A maildir that a mail server fills: DATA_DIR/incoming. It keeps to itself whose a file is, and leaves none behind.

A file of ``new`` is taken by renaming it into ``cur``, which one process alone can do; there it stays while it is
handled and is then removed. What a killed process left in ``cur`` goes back, and is not handled twice even so.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

import structlog

from campaign.mail.incoming import receiving
from campaign.mail.incoming.parsing import LARGEST

log = structlog.get_logger()
_ABANDONED = 600  # seconds
_A_ROUND = 500


def folder(data_dir: Path | str) -> Path:
    """Where the maildir lies."""
    return Path(data_dir) / "incoming"


def fetch(data_dir: Path | str) -> int:
    """Handle what lies there, oldest first; how many mails were handled. What has to wait lies there again."""
    home = folder(data_dir)
    for name in ("tmp", "new", "cur"):
        (home / name).mkdir(parents=True, exist_ok=True, mode=0o700)
    _bring_back(home)
    waiting = sorted(_files(home / "new"), key=lambda entry: entry.stat(follow_symlinks=False).st_mtime_ns)
    return sum(_handled(home, entry.name) for entry in waiting[:_A_ROUND])


def _files(inside: Path) -> list[os.DirEntry[str]]:
    entries = os.scandir(inside)
    return [e for e in entries if e.is_file(follow_symlinks=False) and not e.name.startswith(".")]


def _handled(home: Path, name: str) -> bool:
    ours = home / "cur" / name
    try:
        (home / "new" / name).rename(ours)
        os.utime(ours)  # from now on it is ours; its age says whether we are still there
        with ours.open("rb") as file:
            raw = file.read(LARGEST)
    except OSError as error:  # another took it, or its owner lets nobody read it
        log.warning("mail.not_fetched", error=type(error).__name__)
        return False
    if not receiving.take(raw):
        ours.rename(home / "new" / name)
        return False
    ours.unlink()
    return True


def _bring_back(home: Path) -> None:
    for entry in _files(home / "cur"):
        if entry.stat(follow_symlinks=False).st_mtime < time.time() - _ABANDONED:
            (home / "cur" / entry.name).rename(home / "new" / entry.name)
