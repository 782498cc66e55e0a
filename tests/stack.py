"""The whole product as its users have it: ``bin/up`` in a fresh DATA_DIR, and its mails as files."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterable
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

ROOT = Path(__file__).parent.parent
PATIENCE = 60.0  # seconds


class Stack:
    """One ``bin/up`` and where it lives. Everything it said is in ``said()``."""

    def __init__(self, data: Path, **environment: str) -> None:
        self.data = data
        self.command: list[str | Path] = [ROOT / "bin/up"]
        self.port = free_port()
        self._output = data.parent / f"{data.name}.log"
        self.environment = {
            **os.environ,
            "DATA_DIR": str(data),
            "PORT": str(self.port),
            "WEB_WORKERS": "1",
        } | environment
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it serves."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> Stack:
        """Start and wait until it says ready. Fails with what it said when it does not."""
        with self._output.open("ab") as output:
            self._process = subprocess.Popen(self.command, env=self.environment, stdout=output, stderr=output)
        self._wait_for(f"ready {self.url}")
        return self

    def stop(self) -> int:
        """SIGTERM, as an operator would; the exit status."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(timeout=PATIENCE)

    def said(self) -> str:
        """All output so far, of every process."""
        return self._output.read_text(encoding="utf-8", errors="replace")

    def sign_in_link(self) -> str:
        """The organiser's link that the first start printed."""
        return next(word for word in self.said().split() if "/desk/enter/" in word)

    def campaign(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run ``bin/campaign`` beside it."""
        return subprocess.run(
            [ROOT / "bin/campaign", *words],
            env=self.environment,
            capture_output=True,
            text=True,
            check=check,
            timeout=120,
        )

    def mails_to(self, address: str) -> list[EmailMessage]:
        """The captured mails to one address, oldest first."""
        found = sorted((self.data / "mail").glob("**/*.eml"), key=lambda path: path.stat().st_mtime_ns)
        parsed: Iterable[EmailMessage] = (message_from_bytes(p.read_bytes(), policy=policy.default) for p in found)  # type: ignore[misc]
        return [mail for mail in parsed if address in str(mail["To"])]

    def next_mail_to(self, address: str, *, after: int = 0) -> EmailMessage:
        """The next mail to an address once it is there, waiting for the worker."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            mails = self.mails_to(address)
            if len(mails) > after:
                return mails[after]
            time.sleep(0.1)
        raise AssertionError(f"mail number {after + 1} did not come")

    def _wait_for(self, words: str) -> None:
        assert self._process is not None
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and self._process.poll() is None:
            if words in self.said():
                return
            time.sleep(0.05)
        raise AssertionError(f"never said {words!r}: {self.said()[-3000:]}")


def free_port() -> int:
    """A TCP port that nothing listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
