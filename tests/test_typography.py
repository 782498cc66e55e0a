"""Signs and symbols as readers of a language expect them: no gap after a Chinese full stop, no symbol torn apart."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from campaign.appeals import texts
from tests import letter_stage
from tests.bundled import SLUG
from tests.test_every_language import PAGES

_ALIEN = re.compile(r"<(script|pre|textarea)\b.*?</\1>", re.S)
_INLINE = re.compile(r"</?(?:a|b|bdi|em|i|small|span|strong)\b[^>]*>")


@pytest.fixture
def client(context: Flask) -> FlaskClient:
    letter_stage.the_appeal()
    return context.test_client()


def lines(html: str) -> Iterator[str]:
    """What stands together on a page, as it is read."""
    for line in re.split(r"<[^>]*>", _INLINE.sub("", _ALIEN.sub("<>", html))):
        yield re.sub(r"\s+", " ", unescape(line)).strip()


@pytest.mark.parametrize("page", PAGES)
def test_it_works(client: FlaskClient, page: str) -> None:
    said = list(lines(client.get(f"/zh{page}").text))
    assert any("。" in line for line in said)
    assert [line for line in said if re.search("[。：；，？！] ", line)] == []


def test_elsewhere_sentences_stand_apart(client: FlaskClient) -> None:
    page = " ".join(lines(client.get(f"/en/{SLUG}").text))
    assert "Addressee today: the" in page
    assert re.findall(r"[a-z][.:?!][A-Z][a-z]", page) == []


def test_a_symbol_is_not_torn_apart(client: FlaskClient) -> None:
    page = client.get(f"/fa/{SLUG}").text
    assert page.count("S-35/1") == page.count('<bdi class="symbol">S-35/1</bdi>') + page.count('/S-35/1"')


@pytest.mark.parametrize(
    ("words", "kept"),
    [
        ("as A/HRC/43/NGO/118, no <b>", ["A/HRC/43/NGO/118"]),
        ("(S-35/1) and S-39/1.", ["S-35/1", "S-39/1"]),
        ("https://undocs.org/A/HRC/RES/S-35/1", []),
        ("3/4, 58/21, and/or, A/B", []),
    ],
)
def test_what_a_symbol_is(words: str, kept: list[str]) -> None:
    assert re.findall(r'<bdi class="symbol">(.*?)</bdi>', texts.unbroken(words)) == kept


def test_an_address_stays_an_address() -> None:
    made = texts.render("See [S-35/1](https://undocs.org/A/HRC/RES/S-35/1).")
    assert 'href="https://undocs.org/A/HRC/RES/S-35/1"' in made
    assert '<bdi class="symbol">S-35/1</bdi></a>' in made


@given(st.text(alphabet="AS-35/1. <>&\"'aé\n"))
def test_no_word_is_lost_and_none_becomes_markup(words: str) -> None:
    made = texts.unbroken(words)
    assert unescape(re.sub(r'<bdi class="symbol">|</bdi>', "", made)) == words
    assert re.sub(r'<bdi class="symbol">|</bdi>', "", made).count("<") == 0
