"""A line of the log is one event in logfmt, and a log that cannot be written stops nobody."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SPEAKS = """
import structlog
from campaign.running import logging
logging.begin()
for n in range(3):
    structlog.get_logger().info("signatures.taken", signatures=["a"], held=n)
print("went on")
"""


def spoken(log: str) -> str:
    """What the program says besides its log."""
    with open(log, "w") as full:
        done = subprocess.run([sys.executable, "-c", SPEAKS], stdout=subprocess.PIPE, stderr=full, text=True)
    return done.stdout.strip()


def test_it_works(tmp_path: Path) -> None:
    log = tmp_path / "log"
    assert spoken(str(log)) == "went on"
    lines = log.read_text().splitlines()
    assert len(lines) == 3
    assert lines[2].partition(" ")[2] == "level=info event=signatures.taken signatures=['a'] held=2"


def test_a_full_disk_stops_nobody() -> None:
    assert spoken("/dev/full") == "went on"
