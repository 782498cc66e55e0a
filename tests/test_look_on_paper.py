"""What is printed for an appeal, and its card, in the look that an organiser chose: the logo, and legible colours."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from coloraide import Color
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from campaign import typesetting
from campaign.appeals import colours, look, pictures, queries
from campaign.appeals.models import Appeal
from campaign.i18n import speaking
from campaign.organisers import accounts
from campaign.petition import cards
from campaign.petition.paper import posters, sheets
from tests.cast import the_appeal
from tests.desk import OLGA

PAPERS = {path.stem: path.read_text() for path in (Path(__file__).parent.parent / "templates/print").glob("*.typ")}
DRAWINGS: dict[str, Callable[..., dict[str, Any]]] = {
    "card": lambda *whose: json.loads(cards._said(*whose)),
    "poster": lambda *whose: posters._said(*whose, "a4"),
    "sheet": lambda *whose: sheets._said(*whose, "a4"),
}


@pytest.fixture
def appeal(context: Flask) -> Appeal:
    return the_appeal()


def a_logo(colour: str) -> bytes:
    """A bar on nothing."""
    file, picture = io.BytesIO(), Image.new("RGBA", (400, 100))
    picture.paste(colour, (50, 30, 350, 70))
    picture.save(file, "PNG")
    return file.getvalue()


def is_blue(drawing: bytes) -> bool:
    """Whether there is a spot of the blue of that logo; none of our own colours is like it."""
    picture = Image.open(io.BytesIO(drawing)).convert("RGB")
    return any(red < 40 and green < 40 and blue > 215 for _n, (red, green, blue) in picture.getcolors(2**24) or ())


@pytest.mark.parametrize("lang", ["en", "fa"])
def test_it_works(appeal: Appeal, lang: str) -> None:
    look.set_picture(appeal, "logo", a_logo("#0000ff"), says="Étoile", by=accounts.add(OLGA))
    for paper, said in DRAWINGS.items():
        with speaking(lang):
            told = said(queries.by_id(appeal.id), lang) | {"qr": list(posters.qr("x"))} | look.printed_logo(appeal)
        assert typesetting.pdf(paper, told, strict=True)
        assert is_blue(typesetting.png(paper, told))
        assert not is_blue(typesetting.png(paper, {name: one for name, one in told.items() if name != "logo"}))


def test_another_logo_is_another_card_and_poster(appeal: Appeal) -> None:
    olga, made = accounts.add(OLGA), set()
    for colour in ("#0000ff", "#ff0000"):
        look.set_picture(appeal, "logo", a_logo(colour), by=olga)
        made |= {cards.version(queries.by_id(appeal.id), "en"), posters.pdf(queries.by_id(appeal.id), "en", "a4")}
    assert len(made) == 4


@pytest.mark.parametrize(
    ("colour", "ground"), [("#ffffff", (23, 25, 30)), ("#ffe680", (23, 25, 30)), ("#003366", None)]
)
def test_a_logo_for_dark_pages_brings_its_ground(colour: str, ground: tuple[int, ...] | None) -> None:
    made = Image.open(io.BytesIO(pictures.fitted(a_logo(colour), pictures.LOGO).data))
    corner = made.convert("RGBA").getpixel((2, 2))
    assert isinstance(corner, tuple)
    assert corner[3] == (255 if ground else 0)
    assert ground is None or max(abs(a - b) for a, b in zip(corner, ground, strict=False)) < 8


def ground_of(paper: str) -> str:
    """The colour of a paper; white, unless its template says otherwise."""
    said = re.search(r'#set page\([^\n]*fill: rgb\("(#[0-9a-f]{6})"\)', PAPERS[paper])
    return said[1] if said else "#ffffff"


@settings(max_examples=25, deadline=None)
@given(st.from_regex(r"#[0-9a-f]{6}", fullmatch=True))
def test_any_colour_can_be_read_on_paper_and_cards(typed: str) -> None:
    accent = look.accent(Appeal(look={"accent": {"css": colours.palette(typed).css()}}))
    assert min(Color(accent).contrast(ground_of(paper)) for paper in PAPERS) >= 4.5


@pytest.mark.parametrize("paper", PAPERS)
def test_all_text_on_paper_and_cards_can_be_read(paper: str) -> None:
    said = re.sub(r"(#set page|line)\(.*", "", PAPERS[paper])  # grounds and rules are no text
    for colour in {*re.findall(r'rgb\("(#[0-9a-f]{6})"\)', said), "#000000"}:
        assert Color(colour).contrast(ground_of(paper)) >= 4.5


def test_a_long_title_leaves_room_for_a_logo() -> None:
    said = {"lang": "ru", "title": "Освободите заключённых " * 20, "publisher": "П" * 60, "host": "x.example"}
    logo = {"logo": list(a_logo("#0000ff")), "logo_says": "", "logo_shape": 4.0}
    assert typesetting.png("card", said | logo | {"accent": "#7a2f8f"})  # a second page would raise


@pytest.mark.parametrize("typed", ["#ffffff", "#ffee00", "#00ff00", "#000000", "#7a2f8f"])
def test_the_colour_is_drawn_as_it_was_made_legible(typed: str) -> None:
    accent = colours.palette(typed).accent
    card = {"lang": "en", "title": "Free them", "publisher": "", "host": "x.example", "accent": accent}
    drawn = Image.open(io.BytesIO(typesetting.png("card", card))).convert("RGB")
    assert drawn.getpixel((90, 80)) == tuple(bytes.fromhex(accent[1:]))
