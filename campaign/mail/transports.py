"""The one door to the outside: it keeps to itself which way a message leaves.

``capture:`` writes every message to a file under DATA_DIR and lets nothing out. With an SMTP relay configured,
live rows go there; what may only be captured (stand-ins, demonstrations, reserved domains, and letters that
no gate let out) still goes to its file.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Protocol
from uuid import UUID

from flask import Flask

from campaign.mail import captured
from campaign.mail.rendering import Letterbox
from campaign.mail.replies import Outcome, Why
from campaign.mail.smtp import Relay, Smtp

CAPTURE, LIVE = "capture", "live"


class Door(Protocol):
    """A way out, for one thread. ``mode`` says whose rows may use it."""

    mode: str

    def open(self) -> None:
        """Be ready; raises TemporaryFailure when nothing can leave now."""

    def send(self, box: Letterbox, row: UUID, begin: Callable[[], bool]) -> Outcome:
        """Let one message out; asks ``begin`` at the last moment, and without its yes nothing leaves."""

    def close(self) -> None:
        """Be done."""


def mode(app: Flask) -> str:
    """``capture`` while nothing leaves this machine, ``live`` once MAIL_URL names a relay."""
    return CAPTURE if app.config["MAIL_URL"].startswith("capture") else LIVE


def doors(app: Flask) -> list[Door]:
    """The doors that stand open in this installation, each for the calling thread only."""
    ways: list[Door] = [Capture(captured.folder(app.config["DATA_DIR"]))]
    if mode(app) == LIVE:
        our_name = app.config["MAIL_FROM"].rpartition("@")[2]
        ways.insert(0, Smtp(Relay.parse(app.config["MAIL_URL"], our_name)))
    return ways


class Capture:
    """Each message as an .eml file that only we can read, replaced as a whole: a repeat leaves one file."""

    mode = CAPTURE

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def open(self) -> None:
        """Make the folder."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def send(self, box: Letterbox, row: UUID, begin: Callable[[], bool]) -> Outcome:
        """Write the file that the row names."""
        if not begin():
            return Outcome(Why.NOT_OURS)
        try:
            self._write(box.content, captured.path_of(self._folder.parent, row))
        except OSError as error:  # the disk is full, say: it waits, like a message that a relay cannot take now
            return Outcome(Why.BUSY, text=error.strerror or "cannot be written")
        return Outcome(Why.ACCEPTED, text="captured, not sent")

    def _write(self, content: bytes, path: Path) -> None:
        unfinished = self._folder / f".{path.stem}.{os.getpid()}.{threading.get_ident()}"
        try:
            descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
            unfinished.replace(path)
        finally:
            unfinished.unlink(missing_ok=True)  # a part of a mail is nobody's to keep

    def close(self) -> None:
        """Nothing is kept open."""
