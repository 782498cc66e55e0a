"""What we say to an office, in the languages offices work in; it keeps to itself where those sentences stand."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from types import SimpleNamespace

import yaml

LANGUAGES = ("en", "fr", "es")
_FILE = Path(__file__).parent.parent / "data" / "office_words.yaml"


@cache
def words(language: str) -> SimpleNamespace:
    """Our sentences to an office by name, in ``language``; in English where we have none."""
    said = yaml.safe_load(_FILE.read_text(encoding="utf-8"))
    return SimpleNamespace(**said.get(language, said["en"]))


def working_language(languages: list[str], wish: str = "") -> str:
    """The language to speak to an office in: the wished one if it works in it, else one of ours that it works in."""
    spoken = [code for code in LANGUAGES if code in languages] or ["en"]
    return wish if wish in spoken else spoken[0]
