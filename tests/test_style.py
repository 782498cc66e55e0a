"""The page of the design system shows every part of the stylesheet, and says of the rest where it stands."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask

from campaign.desk.style import LAYOUTS
from tests.desk import signed_in

ROOT = Path(__file__).parent.parent
CSS = re.sub(r"/\*.*?\*/", "", (ROOT / "campaign/static/undersigned.css").read_text("utf-8"), flags=re.S)
SELECTORS = "".join(re.findall(r"[^{}]+(?=\{)", CSS))
CLASSES = set(re.findall(r"\.([a-z][a-z0-9-]*)", SELECTORS))
USED = "".join(path.read_text("utf-8") for path in (ROOT / "templates").rglob("*.html"))


@pytest.fixture
def page(app: Flask) -> str:
    return signed_in(app).get("/desk/style").text


def test_it_works(page: str) -> None:
    shown = {name for said in re.findall(r'class="([^"]+)"', page.partition("<main")[2]) for name in said.split()}
    assert len(CLASSES) > 80
    assert sorted(CLASSES - shown - LAYOUTS.keys()) == []


def test_every_place_is_explained_and_is_one(page: str) -> None:
    assert sorted(LAYOUTS.keys() - CLASSES) == []
    for name, where in LAYOUTS.items():
        assert f"<dt>{name}</dt>" in page
        assert where in page


def test_no_rule_is_left_over() -> None:
    assert [name for name in sorted(CLASSES) if not re.search(rf"\b{name}\b", USED)] == []
