"""What no web process or worker holds until it is needed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.stack import ROOT

HEAVY = {"typst", "aiosmtpd", "prometheus_client"}
START = """
import sys
from campaign import create_app
from config import load_settings
create_app(load_settings(DATABASE_URL="postgresql://nobody@127.0.0.1/none", REDIS_URL="redis://127.0.0.1:1/0"))
print(*sys.modules)
"""


def test_it_works(tmp_path: Path) -> None:
    """What only some pages or only the worker need costs nobody else its megabytes."""
    environment = {**os.environ, "DATA_DIR": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", START], env=environment, cwd=ROOT, capture_output=True, text=True)
    imported = set(done.stdout.split())
    assert "campaign.petition.cards" in imported, done.stderr
    assert imported & HEAVY == set()
