"""Before an appeal opens it can be read and not signed; after it has closed its page says how it ended."""

from __future__ import annotations

from datetime import date

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.exc import IntegrityError

from campaign import i18n
from campaign.appeals import states
from campaign.db import session
from campaign.errors import Refused
from campaign.petition.models import Signature
from tests.cast import PAGE, SLUG, the_appeal, typed

DAY = date(2027, 1, 15)


@pytest.fixture
def client(context: Flask) -> FlaskClient:
    return context.test_client()


@pytest.mark.parametrize("lang", i18n.INTERFACE)
def test_it_works(client: FlaskClient, context: Flask, lang: str) -> None:
    appeal = the_appeal(state="draft")
    assert client.get(f"/{lang}/{SLUG}").status_code == 404
    states.announce(appeal, DAY)
    page = client.get(f"/{lang}/{SLUG}?1").text
    assert i18n.day(DAY, lang) in page
    assert "<form" not in page


def test_nobody_signs_before_it_opens(client: FlaskClient, context: Flask) -> None:
    appeal = the_appeal()
    form = typed(client)
    appeal.state = "draft"
    states.announce(appeal, DAY)
    assert client.post(f"{PAGE}/sign", data=form).status_code == 409
    assert session.query(Signature).count() == 0


def test_what_is_announced_is_in_no_list(client: FlaskClient, context: Flask) -> None:
    states.announce(the_appeal(state="draft"), DAY)
    assert client.get("/api/v1/appeals").json == {"appeals": []}
    assert client.get(f"/embed/{SLUG}").status_code == 404


ENDS = [("won", "has been done"), ("part", "Part of what"), (None, "is closed")]


@pytest.mark.parametrize(("outcome", "said"), ENDS)
def test_how_it_ended_stands_on_its_page(
    client: FlaskClient, context: Flask, outcome: states.Outcome | None, said: str
) -> None:
    states.close_appeal(the_appeal(state="open"), outcome=outcome)
    page = client.get(PAGE).text
    assert said in page
    assert 'id="sign"' not in page
    assert (f"{PAGE}/news" in page.partition('class="text"')[0]) == bool(outcome)


def test_it_may_be_told_later(context: Flask) -> None:
    appeal = the_appeal(state="open")
    states.close_appeal(appeal)
    states.close_appeal(appeal, outcome="won")
    assert appeal.outcome == "won"


def test_only_a_draft_is_announced(context: Flask) -> None:
    with pytest.raises(Refused):
        states.announce(the_appeal(state="open"), DAY)


def test_the_database_knows_no_other_outcome(context: Flask) -> None:
    with pytest.raises(IntegrityError):
        the_appeal(state="closed", outcome="lost")
