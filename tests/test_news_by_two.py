"""News of a sensitive appeal takes two organisers: who wrote the text cannot release it, and who does has read it."""

from __future__ import annotations

import re
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text, update
from werkzeug.test import TestResponse

from campaign.appeals.models import Appeal
from campaign.db import session
from campaign.organisers import accounts
from campaign.petition.news.models import News
from tests import cast
from tests.desk import Browser, press, signed_in
from tests.test_news import a_signer
from tests.test_news_desk import written

PETRA = "petra@example.org"


@pytest.fixture
def appeal(context: Flask) -> Appeal:
    appeal = cast.the_appeal(state="open", sensitive=True)
    a_signer(appeal, "alice")
    return appeal


@pytest.fixture
def olga(context: Flask, appeal: Appeal) -> FlaskClient:
    accounts.add(PETRA)
    return signed_in(context)


def release(browser: FlaskClient, draft: str, seen: str | None = None) -> TestResponse:
    """Press the button as the page shows it, with the version of the text that stands there."""
    shown = re.search(r'name="seen" value="([^"]*)"', browser.get(draft).text)
    return press(browser, draft, f"{draft}/release", seen=seen or (unescape(shown[1]) if shown else ""))


def state() -> str:
    session.rollback()
    return session.scalars(select(News.state)).one()


def test_it_works(olga: FlaskClient, app: Flask) -> None:
    draft, petra = written(olga), signed_in(app, PETRA)
    page = unescape(olga.get(draft).text)
    assert "its news takes two organisers" in page
    assert "another organiser has to read and release it" in page
    assert "in my name" not in page
    release(olga, draft)
    assert state() == "draft"
    assert "olga@example.org wrote this text; you can release it." in petra.get(draft).text
    release(petra, draft)
    assert state() == "sending"
    page = petra.get(draft).text
    assert f"by {PETRA}" in page
    assert "Written by olga@example.org" in page


def test_who_changed_the_text_last_is_its_writer(olga: FlaskClient, app: Flask) -> None:
    draft, petra = written(olga), signed_in(app, PETRA)
    press(petra, draft, f"{draft}/write", title_en="Another", body_en="Text.")
    release(petra, draft)
    assert state() == "draft"
    release(olga, draft)
    assert state() == "sending"


def test_what_was_changed_after_it_was_read_is_not_released(olga: FlaskClient, app: Flask) -> None:
    draft, petra = written(olga), signed_in(app, PETRA)
    read = re.search(r'name="seen" value="([^"]*)"', petra.get(draft).text)
    assert read
    press(olga, draft, f"{draft}/write", title_en="Another", body_en="Text.")
    release(petra, draft, unescape(read[1]))
    assert state() == "draft"
    assert "changed meanwhile: read it again" in petra.get(draft).text


def test_a_text_whose_writer_nobody_knows_is_kept_once_more(olga: FlaskClient, app: Flask) -> None:
    draft, petra = written(olga), signed_in(app, PETRA)
    session.execute(update(News).values(written_by=None, written_at=None))
    session.commit()
    release(petra, draft)
    assert state() == "draft"
    assert "Nobody knows who wrote this text" in petra.get(draft).text


def test_who_is_alone_waits_a_day(app: Flask, appeal: Appeal) -> None:
    olga = signed_in(app)
    draft = written(olga)
    assert "are the only organiser: you can release it from" in olga.get(draft).text
    release(olga, draft)
    assert state() == "draft"
    session.execute(text("UPDATE news SET written_at = written_at - interval '25 hours'"))
    session.commit()
    release(olga, draft)
    assert state() == "sending"


@pytest.mark.parametrize("changes", [{"sensitive": False}, {"state": "demonstration"}])
def test_elsewhere_one_is_enough(olga: FlaskClient, changes: dict[str, object]) -> None:
    session.execute(update(Appeal).values(changes))
    session.commit()
    draft = written(olga)
    assert "takes two organisers" not in olga.get(draft).text
    release(olga, draft)
    assert state() == "sending"


def test_eve_releases_nothing(olga: FlaskClient, context: Flask) -> None:
    draft = written(olga)
    Browser(context, context.response_class).post(f"{draft}/release", data={"seen": ""})
    assert state() == "draft"
