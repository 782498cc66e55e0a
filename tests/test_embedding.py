"""An appeal on other people's sites: a frame that any may show, a picture of the count, and no other page framed."""

from __future__ import annotations

import json
import struct

import pytest
from flask import Flask
from flask.testing import FlaskClient

from campaign import i18n, typesetting
from campaign.petition import counting
from campaign.petition.paper import counting as on_paper
from campaign.petition.views import embedding
from tests.cast import PAGE, SLUG, the_appeal, typed
from tests.test_routes import STRICT

CARD = f"/embed/{SLUG}/en"


@pytest.fixture(autouse=True)
def _fresh() -> None:
    counting._kept.clear()


@pytest.mark.parametrize("lang", i18n.INTERFACE)
def test_it_works(client: FlaskClient, context: Flask, lang: str) -> None:
    the_appeal(sensitive=False)
    card = client.get(f"/embed/{SLUG}/{lang}")
    assert card.status_code == 200
    assert 'id="sign"' in card.text
    assert 'target="_blank"' in card.text
    assert f'lang="{lang}" dir="{i18n.direction(lang)}"' in card.text
    assert "Set-Cookie" not in card.headers
    assert "<script" not in card.text
    assert "s-maxage" in card.headers["Cache-Control"]


def test_any_site_may_frame_it_and_nothing_else_of_ours(client: FlaskClient, context: Flask) -> None:
    the_appeal()
    card = client.get(CARD)
    assert "frame-ancestors *" in card.headers["Content-Security-Policy"]
    assert "form-action 'self'" in card.headers["Content-Security-Policy"]
    assert {name: card.headers[name] for name in STRICT} == STRICT
    assert "frame-ancestors 'none'" in client.get(PAGE).headers["Content-Security-Policy"]


def test_only_the_sites_named_may_frame_it(client: FlaskClient, app: Flask, context: Flask) -> None:
    the_appeal()
    app.config["EMBED_SITES"] = "https://ngo.example"
    try:
        assert "frame-ancestors https://ngo.example" in client.get(f"{CARD}?1").headers["Content-Security-Policy"]
    finally:
        app.config["EMBED_SITES"] = "*"


def test_its_form_is_taken_like_the_page_s(client: FlaskClient, context: Flask) -> None:
    the_appeal(sensitive=False)
    assert client.post(f"{PAGE}/sign", data=typed(client, CARD)).status_code == 303


@pytest.mark.parametrize("changes", [{"sensitive": True}, {"sensitive": False, "state": "closed"}])
def test_a_sensitive_or_closed_appeal_shows_only_the_way(
    client: FlaskClient, context: Flask, changes: dict[str, object]
) -> None:
    the_appeal(**changes)
    card = client.get(CARD).text
    assert "<form" not in card
    assert f'href="{PAGE}' in card


def test_the_language_is_the_browser_s(client: FlaskClient, context: Flask) -> None:
    the_appeal()
    answer = client.get(f"/embed/{SLUG}", headers={"Accept-Language": "fa-IR, en;q=0.5"})
    assert (answer.status_code, answer.location, answer.headers["Vary"]) == (
        302,
        f"/embed/{SLUG}/fa",
        "Accept-Language",
    )


@pytest.mark.parametrize("page", ["/embed/nothing", "/embed/nothing/en", f"/embed/{SLUG}", CARD, f"{CARD}/count.png"])
def test_what_is_not_published_is_not_found(client: FlaskClient, context: Flask, page: str) -> None:
    the_appeal(state="draft")
    assert client.get(page).status_code == 404


@pytest.mark.parametrize("lang", i18n.INTERFACE)
def test_the_count_is_a_picture_any_site_may_show(client: FlaskClient, context: Flask, lang: str) -> None:
    the_appeal()
    answer = client.get(f"/embed/{SLUG}/{lang}/count.png")
    assert (answer.status_code, answer.mimetype) == (200, "image/png")
    assert struct.unpack(">II", answer.data[16:24]) == (720, 144)
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    again = client.get(answer.request.path, headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


@pytest.mark.parametrize("lang", i18n.INTERFACE)
def test_no_digit_and_no_letter_of_the_count_is_missing(context: Flask, lang: str) -> None:
    with i18n.speaking(lang):
        said = {
            "lang": lang,
            "count": i18n.number(1234567890, lang),
            "people": i18n.ngettext("person has signed", "people have signed", 5),
            "paper": i18n.ngettext("and %(n)s on paper", "and %(n)s on paper", 12, n=i18n.number(12, lang)),
            "title": the_appeal().slug,
        }
    assert typesetting.pdf("count", json.loads(json.dumps(said | {"accent": "#7a2f8f"})), strict=True)


def test_signatures_on_paper_are_told_apart_in_the_picture(
    client: FlaskClient, context: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    appeal, drawn = the_appeal(sensitive=False), []
    embedding._drawn.cache_clear()
    monkeypatch.setattr(typesetting, "png", lambda _template, said: drawn.append(said["paper"]) or b"")
    for lines in (0, 12):
        monkeypatch.setitem(on_paper._kept, appeal.id, (float("inf"), lines))
        client.get(f"{CARD}/count.png?{lines}")
    embedding._drawn.cache_clear()
    assert drawn == ["", "and 12 on paper"]
