"""Every public page in every language: it answers, runs its way, says nothing in English, and stays small."""

from __future__ import annotations

import gzip
import re

import pytest
from babel.messages.pofile import read_po
from flask import Flask
from flask.testing import FlaskClient

from campaign import i18n
from campaign.appeals.models import Appeal
from tests.cast import SLUG, the_appeal
from tests.test_catalogues import ROOT, catalogue

OWN = [code for code in i18n.INTERFACE if code != "en"]
PAGES = (
    f"/{SLUG}",
    f"/{SLUG}/data",
    f"/{SLUG}/case",
    f"/{SLUG}/safety",
    f"/{SLUG}/geneva",
    f"/{SLUG}/organisations",
    f"/{SLUG}/letters",
    f"/{SLUG}/letters/sr-iran",
    "/mine",
    "/mine/asked",
)
SMALL = 14_000  # bytes of HTML, compressed: what arrives in the first round trips of a slow line

each_page = pytest.mark.parametrize("page", PAGES)
each_language = pytest.mark.parametrize("language", OWN)


@pytest.fixture
def appeal(context: Flask) -> Appeal:
    return the_appeal()


@pytest.fixture(scope="module")
def english() -> list[str]:
    """The sentences of the catalogue without anything to fill in, long enough to be nobody's name."""
    with (ROOT / "campaign/translations/es/LC_MESSAGES/messages.po").open("rb") as file:
        ids = [m.id for m in read_po(file) if isinstance(m.id, str)]
    return [id for id in ids if id.count(" ") > 1 and "%(" not in id]


def words_of(html: str) -> str:
    """What a page says in its own language: without tags, and without what it calls English."""
    shown = re.sub(r'<(\w+)[^>]*\blang="en"[^>]*>.*?</\1>', " ", html.split("<body", 1)[1], flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", shown)).replace("&#39;", "’")


@each_page
@each_language
def test_it_works(appeal: Appeal, client: FlaskClient, english: list[str], language: str, page: str) -> None:
    answer = client.get(f"/{language}{page}")
    assert answer.status_code == 200
    assert f'<html lang="{language}" dir="{i18n.direction(language)}">' in answer.text
    said = words_of(answer.text)
    assert [sentence for sentence in english if sentence in said] == []


@each_language
def test_what_is_missing_is_told_in_it(
    appeal: Appeal, client: FlaskClient, english: list[str], language: str
) -> None:
    answer = client.post(f"/{language}/{SLUG}/sign", data={"name": "", "email": "alice", "visibility": "counted"})
    assert answer.status_code == 422
    assert [sentence for sentence in english if sentence in words_of(answer.text)] == []


@each_page
@pytest.mark.parametrize("language", i18n.INTERFACE)
def test_each_page_is_small(appeal: Appeal, client: FlaskClient, language: str, page: str) -> None:
    assert len(gzip.compress(client.get(f"/{language}{page}").data, 6)) < SMALL


@each_page
def test_each_page_knows_itself_in_the_other_languages(appeal: Appeal, client: FlaskClient, page: str) -> None:
    html = client.get(f"/ru{page}").text
    for code, own in i18n.OWN_NAMES.items():
        address = re.escape(f"/{code}{page}")
        assert re.search(rf'<a href="{address}[^"]*" lang="{code}" hreflang="{code}"[^>]*>{own}</a>', html)
        assert re.search(rf'<link rel="alternate" hreflang="{code}" href="http://127.0.0.1:8000{address}', html)
    assert html.count('hreflang="x-default"') == 1


def test_a_private_page_is_told_to_nobody_in_any_language(appeal: Appeal, client: FlaskClient) -> None:
    sent = client.post(f"/ar/{SLUG}/sign", data={}).text
    assert "hreflang" in sent
    assert 'rel="alternate"' not in client.get("/mine/no-such-token").text


def test_unverified_titles_are_marked_for_a_native_speaker() -> None:
    for language in ("ar", "fa", "ru", "zh"):
        marked = [m.id for m in catalogue(language) if any("native speaker" in c for c in m.user_comments)]
        assert {"General consultative status", "On the Roster", "Status with the UN Economic and Social Council"} <= {
            *marked
        }
