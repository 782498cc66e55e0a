"""What is drawn for an appeal, kept on disk: it keeps to itself where, under which name, and which goes first."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from uuid import uuid4

from flask import current_app

MOST = 200  # of one kind on disk; the oldest go first


@lru_cache(maxsize=2 * MOST)
def version(said: str, drawing: int) -> str:
    """Ten digits of a digest of all that a drawing says, and of the ``drawing``-th way to draw it."""
    return hashlib.sha256(f"{drawing} {said}".encode()).hexdigest()[:10]


def balanced(title: str) -> str:
    """A title whose last word does not stand alone on its line."""
    return "\u00a0".join(title.rsplit(" ", 1))


def kept(folder: str, name: str, draw: Callable[[], bytes]) -> bytes:
    """The drawing of this name: from ``folder`` under DATA_DIR, or drawn now and kept there."""
    path = Path(current_app.config["DATA_DIR"]) / folder / name
    if not path.is_file():
        _keep(path, draw())
    return path.read_bytes()


def _keep(path: Path, drawing: bytes) -> None:
    """Whole or not at all, whoever draws the same one at this moment."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{uuid4().hex}")
    unfinished.write_bytes(drawing)
    os.replace(unfinished, path)
    there = sorted(path.parent.glob(f"*{path.suffix}"), key=lambda one: one.stat().st_mtime_ns)
    for old in there[:-MOST]:
        old.unlink(missing_ok=True)
