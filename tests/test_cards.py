"""The card of a link: one picture per language, kept for good under its version, drawn once, no glyph missing."""

from __future__ import annotations

import json
import re
import struct
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from campaign import i18n, typesetting
from campaign.appeals import queries
from campaign.appeals.models import Appeal
from campaign.petition import cards, drawn
from tests.cast import PAGE, SLUG, the_appeal
from tests.test_public_page import publish


@pytest.fixture
def appeal(context: Flask) -> Appeal:
    return the_appeal()


def address(client: FlaskClient, page: str = PAGE) -> str:
    """Where the page says its card is, without the site."""
    found = re.search(r'og:image" content="http://127.0.0.1:8000(/[^"]+)"', client.get(f"{page}?c").text)
    assert found
    return found[1]


@pytest.mark.parametrize("lang", i18n.INTERFACE)
def test_it_works(client: FlaskClient, appeal: Appeal, lang: str) -> None:
    answer = client.get(address(client, f"/{lang}/{SLUG}"))
    assert (answer.status_code, answer.mimetype) == (200, "image/png")
    assert struct.unpack(">II", answer.data[16:24]) == (1200, 630)
    assert "immutable" in answer.headers["Cache-Control"]
    again = client.get(answer.request.path, headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    said = json.loads(cards._said(queries.by_id(appeal.id), lang))
    assert typesetting.pdf("card", said, strict=True)


def test_it_is_drawn_once(client: FlaskClient, appeal: Appeal, monkeypatch: pytest.MonkeyPatch) -> None:
    first = client.get(address(client)).data
    monkeypatch.setattr(typesetting, "png", None)
    assert client.get(address(client)).data == first


def test_another_title_is_another_card_and_an_old_address_leads_to_it(client: FlaskClient, appeal: Appeal) -> None:
    before = address(client)
    publish(appeal, publisher={"name": "Étoile", "address": None, "contact_person": None, "phone": None,
                               "privacy_contact": None})  # fmt: skip
    assert address(client) != before
    assert client.get(before).location == address(client)
    assert client.get(f"{PAGE}/card-0000000000.png").location == address(client)


def test_the_disk_holds_so_many_and_no_more(
    client: FlaskClient, appeal: Appeal, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drawn, "MOST", 2)
    folder = Path(app.config["DATA_DIR"]) / "cards"
    for path in folder.glob("*"):
        path.unlink()
    for lang in ("en", "fr", "fa"):
        client.get(address(client, f"/{lang}/{SLUG}"))
    assert len(list(folder.iterdir())) == 2


def test_a_long_title_stays_on_the_card() -> None:
    said = {"lang": "ru", "title": "Освободите заключённых " * 20, "publisher": "П" * 60, "host": "x.example"}
    said["accent"] = "#7a2f8f"
    assert struct.unpack(">II", typesetting.png("card", said)[16:24]) == (1200, 630)  # a second page would raise
