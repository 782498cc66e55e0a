"""Three settings make an appeal's pages its own, and none of them can make them hard to read, heavy or telling."""

from __future__ import annotations

import html
import io
import re
from collections.abc import Callable
from typing import Any

import pytest
from coloraide import Color
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from campaign.appeals import colours, look, pictures, queries
from campaign.appeals.models import Appeal
from campaign.errors import Refused
from campaign.i18n import speaking
from campaign.organisers import accounts
from campaign.petition import cards
from campaign.petition.paper import posters, sheets
from campaign.petition.surge import switching
from tests.cast import PAGE, SLUG, the_appeal
from tests.desk import OLGA, Browser, press, signed_in, token_on

PLACE = f"/desk/appeals/{SLUG}/look"


@pytest.fixture
def appeal(context: Flask) -> Appeal:
    return the_appeal()


def a_picture(width: int = 1600, height: int = 1000, form: str = "JPEG", **more: object) -> bytes:
    """Coarse noise, which no format makes small."""
    file = io.BytesIO()
    Image.effect_noise((width // 8, height // 8), 90).resize((width, height)).convert("RGB").save(file, form, **more)
    return file.getvalue()


def bring(olga: FlaskClient, part: str, file: bytes, says: str = "A hall in Geneva") -> None:
    data = {"csrf_token": token_on(olga, PLACE), "says": says, "file": (io.BytesIO(file), "x.jpg")}
    assert olga.post(f"{PLACE}/{part}", data=data, content_type="multipart/form-data").status_code == 303


def test_it_works(app: Flask, appeal: Appeal) -> None:
    olga = signed_in(app)
    press(olga, PLACE, f"{PLACE}/accent", accent="#ffcc00")
    bring(olga, "logo", a_picture(900, 200, "PNG"), "Étoile")
    bring(olga, "image", a_picture())
    visitor = Browser(app, app.response_class)
    page = visitor.get(f"{PAGE}?1").text
    for part in re.findall(r'(?:href|src)="(/look/[^"]+)"', page):
        answer = visitor.get(part)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["Cache-Control"]
    assert {'alt="Étoile"', 'alt="A hall in Geneva"'} <= set(re.findall(r'alt="[^"]*"', page))
    assert len(re.findall("/look/", page)) == 3


def test_a_page_with_all_of_it_is_six_files_and_light(app: Flask, appeal: Appeal) -> None:
    """The most that an appeal can ask of a slow line before anybody touches it: issue 5's budget."""
    olga = signed_in(app)
    press(olga, PLACE, f"{PLACE}/accent", accent="#ffcc00")
    bring(olga, "logo", a_picture(900, 200, "PNG"), "Étoile")
    bring(olga, "image", a_picture())
    switching.switch(appeal, True, actor="command line")  # so that a proof is asked for too
    visitor = Browser(app, app.response_class)
    page = visitor.get(PAGE).text
    assert 'id="altcha"' in page
    files = {PAGE, *re.findall(r'<(?:img|script)[^>]+src="([^"]+)"', page)}
    files |= set(re.findall(r'<link rel="(?:stylesheet|icon)" href="([^"]+)"', page))
    sent = {file: visitor.get(html.unescape(file), headers={"Accept-Encoding": "gzip"}) for file in files}
    assert {answer.status_code for answer in sent.values()} == {200}
    size = {file.partition("?")[0].rpartition(".")[2]: len(answer.data) for file, answer in sent.items()}
    assert len(sent) <= 6
    assert size["css"] < 10_000
    assert size["js"] < 5_000
    assert sum(len(answer.data) for answer in sent.values()) < 100_000


@pytest.mark.parametrize("says", ["see https://example.org", "two\x00lines", "x" * 201, "turned \u202e around"])
def test_words_that_no_line_may_hold_are_refused_and_nothing_is_shown(app: Flask, appeal: Appeal, says: str) -> None:
    olga = signed_in(app)
    bring(olga, "image", a_picture(), says)
    page = olga.get(PLACE).text
    assert 'class="notice bad"' in page
    assert "/look/" not in page.split("<main")[1].replace(PLACE, "")


@pytest.mark.parametrize("said", [cards._said, lambda *a: posters._said(*a, "a4"), lambda *a: sheets._said(*a, "a4")])
def test_what_is_printed_has_its_colour(app: Flask, appeal: Appeal, said: Callable[..., Any]) -> None:
    look.set_accent(appeal, "#7a2f8f", by=accounts.add(OLGA))
    with speaking("en"):
        assert "#7a2f8f" in str(said(queries.by_id(appeal.id), "en"))


def test_it_is_taken_back(app: Flask, appeal: Appeal) -> None:
    olga = signed_in(app)
    press(olga, PLACE, f"{PLACE}/accent", accent="#ffcc00")
    bring(olga, "image", a_picture())
    visitor = Browser(app, app.response_class)
    assert len(re.findall("/look/", visitor.get(f"{PAGE}?1").text)) == 2
    for part in ("accent", "image"):
        press(olga, PLACE, f"{PLACE}/{part}", remove="1")
    assert "/look/" not in visitor.get(f"{PAGE}?1").text


@settings(max_examples=25, deadline=None)
@given(st.from_regex(r"#[0-9a-f]{6}", fullmatch=True))
def test_any_colour_can_be_read_by_day_and_in_the_dark(typed: str) -> None:
    made = colours.palette(typed)
    assert min(Color(made.accent).contrast(ground) for ground in ("#fcfbf8", "#ffffff", "#f3f0e8")) >= 4.5
    assert min(Color(made.dark_accent).contrast(ground) for ground in ("#14161a", "#1b1e23", "#22252b")) >= 4.5
    assert Color(made.dark_accent).contrast("#10151d") >= 4.5
    assert Color(made.tint).contrast("#17191e") >= 7
    assert Color(made.dark_tint).contrast("#e9e6df") >= 7


def test_a_colour_that_is_fine_stays() -> None:
    assert colours.palette("#1f4e8c").accent == "#1f4e8c"


@pytest.mark.parametrize("typed", ["red", "#12345", "#1234567", "#12345g", "url(x)", "#1f4e8c;}"])
def test_what_is_no_colour_is_refused(app: Flask, appeal: Appeal, typed: str) -> None:
    olga = signed_in(app)
    press(olga, PLACE, f"{PLACE}/accent", accent=typed)
    assert "six digits" in olga.get(PLACE).text


@pytest.mark.parametrize("room", [pictures.LOGO, pictures.IMAGE])
@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
def test_a_picture_is_small_and_says_nothing_else(room: pictures.Room, form: str) -> None:
    exif = Image.Exif()
    exif[0x010F] = "A camera of Alice"
    made = pictures.fitted(a_picture(form=form, exif=exif), room)
    assert len(made.data) <= room.most
    assert made.width <= room.width
    assert made.height <= room.height
    assert b"Alice" not in made.data


@pytest.mark.parametrize(
    "file",
    [b"", b"GIF89a", b"<svg xmlns='http://www.w3.org/2000/svg'/>", a_picture()[:500], b"%PDF-1.7", b"\0" * 999],
)
def test_what_is_no_picture_is_refused(context: Flask, file: bytes) -> None:
    with pytest.raises(Refused):
        pictures.fitted(file, pictures.IMAGE)


def test_a_picture_of_too_many_pixels_is_refused_before_it_is_unpacked(context: Flask) -> None:
    file = io.BytesIO()
    Image.new("1", (8_000, 8_000)).save(file, "PNG")
    with pytest.raises(Refused, match="50 million"):
        pictures.fitted(file.getvalue(), pictures.IMAGE)


def test_a_file_that_is_too_large_is_refused(app: Flask, appeal: Appeal) -> None:
    olga = signed_in(app)
    data = {"csrf_token": token_on(olga, PLACE), "file": (io.BytesIO(b"\0" * 7_000_000), "x.png")}
    assert olga.post(f"{PLACE}/image", data=data, content_type="multipart/form-data").status_code == 413


def test_an_old_address_shows_nothing(client: FlaskClient, appeal: Appeal) -> None:
    assert client.get(f"/look/{SLUG}/00000000.css").status_code == 404
    assert client.get(f"/look/{SLUG}/logo-00000000.webp").status_code == 404


def test_eve_changes_nothing(app: Flask, appeal: Appeal) -> None:
    eve = Browser(app, app.response_class)
    assert eve.post(f"{PLACE}/accent", data={"accent": "#000000"}).status_code == 404
