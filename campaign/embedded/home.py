"""The private corner of DATA_DIR: it keeps to itself locks, socket directories and their modes."""

from __future__ import annotations

import fcntl
import os
import stat
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType

LONGEST_SOCKET = 99  # bytes; sun_path holds 104 on macOS and 108 on Linux, the end mark included
LONGEST_NAME = len("/.s.PGSQL.5432")


class Lock:
    """An flock on a file, free again when released or when this process dies, however it dies."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def release(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
        self._descriptor = -1

    def __enter__(self) -> Lock:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.release()


class Home:
    """Where the private servers of one DATA_DIR keep what is theirs."""

    def __init__(self, data_dir: Path) -> None:
        self.path = data_dir
        self.run = data_dir / "run"
        self.log = data_dir / "log"

    def make(self) -> None:
        """Make the directories. Only what is made here gets a mode; what was there keeps its own."""
        # As root PostgreSQL may need another account, which must pass through, but never list.
        mode = 0o711 if os.geteuid() == 0 else 0o700
        self.path.parent.mkdir(parents=True, exist_ok=True)
        for path in (self.path, self.run, self.log):
            with suppress(FileExistsError):
                path.mkdir()
                path.chmod(mode)

    def lock(self, name: str, *, shared: bool = False, patience: float = 0) -> Lock | None:
        """The lock ``name``, or None if somebody else holds it for longer than ``patience`` seconds."""
        descriptor = os.open(self.run / f"{name}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
        until = time.monotonic() + patience
        while True:
            try:
                fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
                return Lock(descriptor)
            except BlockingIOError:
                if time.monotonic() >= until:
                    os.close(descriptor)
                    return None
                time.sleep(0.05)

    def sockets(self, name: str) -> Path:
        """The directory for the socket of ``name``, mode 700: under DATA_DIR, or a short one noted there.

        libpq reads a comma in a host as a list, so such a path goes elsewhere too.
        """
        here = self.run / name
        if len(os.fsencode(here)) + LONGEST_NAME <= LONGEST_SOCKET and "," not in str(here):
            here.mkdir(mode=0o700, exist_ok=True)
            return here
        return self._elsewhere(self.run / f"{name}.at")

    def _elsewhere(self, note: Path) -> Path:
        kept = Path(note.read_text()) if note.exists() else None
        if kept is None or not _private(kept):
            kept = Path(tempfile.mkdtemp(prefix="undersigned-", dir="/tmp"))
            note.write_text(str(kept))
        return kept

    def tidy(self) -> None:
        """Remove the empty socket directories that lie outside DATA_DIR."""
        for note in self.run.glob("*.at"):
            with suppress(OSError):
                Path(note.read_text()).rmdir()
                note.unlink()


def _private(path: Path) -> bool:
    """Whether a directory noted earlier is still ours alone: a reboot empties /tmp, anybody may refill it."""
    try:
        found = path.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and not found.st_mode & 0o077 and os.geteuid() in {0, found.st_uid}
