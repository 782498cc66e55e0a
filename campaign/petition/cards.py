"""The card that a link to an appeal is shown with: it keeps to itself when one is drawn, and where it is kept.

It says the title, who publishes and where; never a count, which would be old wherever a card was kept, and nothing of
who shares it. Its address carries its version, so that it may be kept for good; a card is drawn once per version.
"""

from __future__ import annotations

import hashlib
import json
import os
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

from flask import current_app

from campaign import typesetting
from campaign.appeals.queries import Published

_DRAWING = 1  # raise it when templates/print/card.typ is drawn anew
_MOST = 200  # cards on disk; the oldest go first


def version(published: Published, lang: str) -> str:
    """Ten digits of a digest of all that the card says; cheap enough for every look at the page."""
    return _version(_said(published, lang))


def png(published: Published, lang: str) -> bytes:
    """The card, 1200 by 630 pixels: from disk, or drawn in about 20 ms and kept."""
    said = _said(published, lang)
    path = Path(current_app.config["DATA_DIR"]) / "cards" / f"{_version(said)}.png"
    if not path.is_file():
        _keep(path, typesetting.png("card", json.loads(said)))
    return path.read_bytes()


def _said(published: Published, lang: str) -> str:
    return json.dumps({
        "lang": lang,
        "title": "\u00a0".join(published.content.text(lang).title.rsplit(" ", 1)),  # no last word alone on its line
        "publisher": published.content.publisher.name or "",
        "host": urlsplit(current_app.config["PUBLIC_URL"]).hostname or "",
    })  # fmt: skip


@lru_cache(maxsize=_MOST)
def _version(said: str) -> str:
    return hashlib.sha256(f"{_DRAWING} {said}".encode()).hexdigest()[:10]


def _keep(path: Path, card: bytes) -> None:
    """Whole or not at all, whoever draws the same one at this moment."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{uuid4().hex}")
    unfinished.write_bytes(card)
    os.replace(unfinished, path)
    kept = sorted(path.parent.glob("*.png"), key=lambda one: one.stat().st_mtime_ns)
    for old in kept[:-_MOST]:
        old.unlink(missing_ok=True)
