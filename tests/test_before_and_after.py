"""Before an appeal opens it can be read and not signed; closed, its page says how it ended and what next."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.exc import IntegrityError

from campaign import i18n
from campaign.appeals import states, versions
from campaign.db import session
from campaign.errors import Refused
from campaign.organisers import accounts
from campaign.petition.models import Signature
from campaign.petition.news import writing
from campaign.petition.news.models import News
from tests.cast import PAGE, SLUG, the_appeal, typed
from tests.desk import OLGA

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
    assert 'class="share"' in page
    assert "/poster" not in page  # it would call people to sign
    assert "/letters/" not in page  # where nothing can be written yet


@pytest.mark.parametrize(("ahead", "said"), [(12, "in 12 days"), (1, "in 1 day."), (0, "was to open on")])
def test_it_says_how_long_until_then_and_when_the_day_has_passed(
    client: FlaskClient, context: Flask, ahead: int, said: str
) -> None:
    today = datetime.now(UTC).date()
    states.announce(the_appeal(state="draft"), today + timedelta(days=ahead))
    assert said in client.get(PAGE).text


def test_the_day_goes_into_a_calendar(client: FlaskClient, context: Flask) -> None:
    states.announce(the_appeal(state="draft", sensitive=False), DAY)
    for lang in i18n.INTERFACE:
        assert f"/{lang}/{SLUG}/opens.ics" in client.get(f"/{lang}/{SLUG}").text
        answer = client.get(f"/{lang}/{SLUG}/opens.ics")
        assert (answer.status_code, answer.mimetype) == (200, "text/calendar")
        assert max(map(len, answer.data.split(b"\r\n"))) <= 75
        said = answer.data.decode().replace("\r\n ", "").split("\r\n")
        assert "DTSTART;VALUE=DATE:20270115" in said
        assert any(line.startswith("SUMMARY:You can sign now: Protect") for line in said) == (lang == "en")
        assert f"URL:http://127.0.0.1:8000/{lang}/{SLUG}" in said


@pytest.mark.parametrize("changes", [{"state": "draft"}, {"state": "open", "sensitive": False}])
def test_no_calendar_tells_of_a_sensitive_appeal(
    client: FlaskClient, context: Flask, changes: dict[str, object]
) -> None:
    appeal = the_appeal(**changes)
    if appeal.state == "draft":
        states.announce(appeal, DAY)
    assert "opens.ics" not in client.get(PAGE).text
    assert client.get(f"{PAGE}/opens.ics").status_code == 404


def test_an_organisation_waits_too(client: FlaskClient, context: Flask) -> None:
    states.announce(the_appeal(state="draft"), DAY)
    page = client.get(f"{PAGE}/organisations").text
    assert "When the appeal opens" in page
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
    assert 'href="/en/mine"' in page
    assert "/letters/" not in page
    assert "<progress" not in page


def test_what_came_of_it_stands_there_once_it_was_told(client: FlaskClient, context: Flask) -> None:
    appeal = the_appeal(state="open")
    states.close_appeal(appeal, outcome="won")
    news = writing.write(appeal, {"fr": {"title": "Libres", "body": "Tous."}}, by=accounts.add(OLGA))
    before = client.get(f"{PAGE}?1").text
    session.get_one(News, news).state = "sent"
    session.commit()
    after = client.get(f"{PAGE}?2").text.partition('class="text"')[0]
    assert f"{PAGE}/news" not in before.partition('class="text"')[0]
    assert "Libres" not in before
    assert '<p lang="fr" dir="ltr"><b>Libres</b></p>' in after
    assert f"{PAGE}/news" in after


OTHER = "another-appeal"


@pytest.mark.parametrize(("state", "shown"), [("open", True), ("closed", False), ("draft", False)])
def test_it_leads_on_to_what_can_be_signed(client: FlaskClient, context: Flask, state: str, shown: bool) -> None:
    appeal = the_appeal(state="closed")
    content = versions.newest(session, appeal)
    versions.publish(session, content.model_copy(update={"slug": OTHER})).state = state
    session.commit()
    page = client.get(PAGE).text
    assert (f'href="/en/{OTHER}"' in page) == shown
    assert ("Appeals that you can sign now" in page) == shown


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
