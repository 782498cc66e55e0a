"""Olga writes news at her desk, reads it as it would come, tries it on herself, releases it and takes it back."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from campaign.appeals.models import Appeal
from campaign.db import session
from campaign.mail.addresses import Address
from campaign.mail.models import Message
from campaign.petition.news import carrying_out
from campaign.petition.news.models import News
from tests import cast
from tests.desk import OLGA, Browser, press, signed_in
from tests.test_news import a_signer

NEWS = f"/desk/appeals/{cast.SLUG}/news"


@pytest.fixture
def appeal(context: Flask) -> Appeal:
    appeal = cast.the_appeal(sensitive=False)
    a_signer(appeal, "alice")
    return appeal


@pytest.fixture
def olga(context: Flask, appeal: Appeal) -> FlaskClient:
    return signed_in(context)


def written(olga: FlaskClient, title: str = "The Council answered", body: str = "First.\n\nSecond.") -> str:
    """The address of a draft that was written in English."""
    response = press(olga, f"{NEWS}/write", f"{NEWS}/write", title_en=title, body_en=body)
    assert response.status_code == 303, response.text
    return response.location


def mails(kind: str) -> list[Message]:
    session.rollback()
    return list(session.scalars(select(Message).where(Message.kind == kind)))


def test_it_works(olga: FlaskClient, appeal: Appeal) -> None:
    assert "No news was written yet." in olga.get(NEWS).text
    draft = written(olga)
    page = olga.get(draft).text
    assert "Second." in page
    assert "Release 1 mail in my name" in page
    assert press(olga, draft, f"{draft}/release").status_code == 303
    carrying_out.carry_out()
    assert len(mails("update")) == 1
    page = olga.get(draft).text
    assert re.search(r"In the outbox.*?>1<", page, re.S)
    assert OLGA in page
    assert "The Council answered" in olga.get(NEWS).text
    assert "had some less than a month ago" in olga.get(NEWS).text


def test_a_test_goes_to_who_asks_and_to_nobody_else(olga: FlaskClient) -> None:
    draft = written(olga)
    assert press(olga, draft, f"{draft}/test", language="en").status_code == 303
    [test] = mails("update_test")
    assert test.recipient_index == Address.parse(OLGA).index()
    assert not mails("update")
    assert press(olga, draft, f"{draft}/test", language="xx").status_code == 400


def test_what_has_not_left_is_taken_back(olga: FlaskClient) -> None:
    draft, page = written(olga), f"/en/{cast.SLUG}/news"
    press(olga, draft, f"{draft}/release")
    carrying_out.carry_out()
    assert "The Council answered" in olga.get(f"{page}?").text
    press(olga, draft, f"{draft}/stop")
    assert "The Council answered" not in olga.get(f"{page}?now").text
    carrying_out.carry_out()
    assert [message.state for message in mails("update")] == ["cancelled"]
    assert "stopped" in olga.get(draft).text


def test_what_was_typed_stays_when_it_is_refused(olga: FlaskClient) -> None:
    response = press(olga, f"{NEWS}/write", f"{NEWS}/write", title_en="", body_en="No title, <b>but words</b>")
    assert response.status_code == 422
    assert "Write a title in this language too." in response.text
    assert "No title, &lt;b&gt;but words&lt;/b&gt;" in response.text
    nothing = press(olga, f"{NEWS}/write", f"{NEWS}/write")
    assert nothing.status_code == 422
    assert "Write a title and a text in at least one language." in nothing.text
    session.rollback()
    assert not session.scalars(select(News)).all()


def test_a_released_one_is_neither_changed_nor_thrown_away(olga: FlaskClient) -> None:
    draft = written(olga)
    press(olga, draft, f"{draft}/release")
    assert olga.get(f"{draft}/write").status_code == 404
    assert press(olga, f"{NEWS}/write", f"{draft}/write", title_en="Other", body_en="Words").status_code == 422
    press(olga, draft, f"{draft}/discard")
    press(olga, draft, f"{draft}/release")
    session.rollback()
    [news] = session.scalars(select(News))
    assert news.texts["en"]["title"] == "The Council answered"


def test_a_draft_is_changed_and_thrown_away(olga: FlaskClient) -> None:
    draft = written(olga)
    press(olga, f"{draft}/write", f"{draft}/write", title_en="A better title", body_en="Words")
    assert "A better title" in olga.get(draft).text
    press(olga, draft, f"{draft}/discard")
    assert olga.get(draft).status_code == 404


def test_eve_sees_nothing(context: Flask, olga: FlaskClient) -> None:
    draft = written(olga)
    eve = Browser(context, context.response_class)
    for path in (NEWS, draft, f"{NEWS}/write"):
        answer = eve.get(path)
        assert answer.status_code in (302, 303)
        assert "Council" not in answer.text


def test_of_a_sensitive_appeal_she_reads_what_the_mail_leaves_out(olga: FlaskClient, appeal: Appeal) -> None:
    session.execute(update(Appeal).where(Appeal.id == appeal.id).values(sensitive=True))
    session.commit()
    page = olga.get(written(olga)).text
    assert "As everybody can read it on the page of news" in page
    assert "<p>Second.</p>" in page
