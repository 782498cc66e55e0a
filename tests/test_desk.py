"""Olga sees how an appeal stands, what mail does, and decides about it; each of her acts is written down."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text

from campaign.appeals import queries, wording
from campaign.appeals.models import Appeal, AppealVersion
from campaign.db import session
from campaign.desk import words
from campaign.letters.models import LetterTally
from campaign.mail import outbox, pausing
from campaign.mail.models import Message
from campaign.mail.states import State
from campaign.offices.models import Office
from campaign.organisers import audit
from campaign.petition import demo
from tests import cast
from tests.desk import OLGA, press, signed_in

PAGE = f"/desk/appeals/{cast.SLUG}"


@pytest.fixture
def olga(context: Flask) -> FlaskClient:
    return signed_in(context)


@pytest.fixture
def appeal(context: Flask) -> Appeal:
    return cast.the_appeal()


def words_of(page: str) -> str:
    """The page's text as one line."""
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def a_message(state: str, kind: str = "letter", key: str = "") -> UUID:
    row = outbox.enqueue(
        kind=kind,
        subject_id=None,
        address="office@office.invalid",
        language="en",
        dedupe_key=key or f"{kind}:{state}",
    )
    assert row
    session.execute(text("UPDATE message SET state = :state WHERE id = :id"), {"state": state, "id": row})
    session.commit()
    return row


def test_it_works(olga: FlaskClient, appeal: Appeal) -> None:
    agreed = wording.current(appeal, "sign", "en").id
    noise, noise_words = cast.an_appeal("noise")
    shown = queries.published(cast.SLUG)
    assert shown
    session.add(AppealVersion(appeal_id=noise.id, number=1, digest="", content=shown.content.as_data()))
    for country in ["DE"] * 6 + ["LI", None]:
        cast.a_signature(appeal, agreed, country=country, confirmed_at=datetime.now(UTC))
    for changes in ({"state": "pending"}, {"state": "pending"}, {"held_at": datetime.now(UTC)}):
        cast.a_signature(appeal, agreed, **changes)
    cast.a_signature(noise, noise_words, confirmed_at=datetime.now(UTC))

    overview, page = words_of(olga.get("/desk/").text), words_of(olga.get(PAGE).text)

    assert "8 people have signed, 8 of them today." in overview
    assert "2 have yet to confirm" in overview
    assert "1 waits to be checked" in overview
    assert "8 confirmed +8 today" in page
    assert "2 have yet to confirm" in page
    assert "Germany 6" in page
    assert "Liechtenstein" not in page
    assert "elsewhere 1" in page
    assert "not said 1" in page


def test_a_demonstration_says_what_it_takes_to_open_it(olga: FlaskClient, appeal: Appeal) -> None:
    page = words_of(olga.get(PAGE).text)

    assert "To open it: name a publisher" in page
    assert "set the day on which signatures are deleted" in page
    assert "0 of 4 offices can be written to by us" in page


def test_letters_stand_office_by_office(olga: FlaskClient, appeal: Appeal) -> None:
    office = session.scalars(select(Office).filter_by(slug="sr-iran")).one()
    session.add(LetterTally(appeal_id=appeal.id, office_id=office.id, how="paper", day=datetime.now(UTC), letters=3))
    session.commit()

    page = words_of(olga.get(PAGE).text)

    assert f"{office.title} 0 0 0 0 0 3" in page


def test_days_without_signatures_are_shown_too(olga: FlaskClient, appeal: Appeal) -> None:
    agreed = wording.current(appeal, "sign", "en").id
    for days in (0, 29, 30, 31):
        cast.a_signature(appeal, agreed, confirmed_at=datetime.now(UTC) - timedelta(days=days))

    page = olga.get(PAGE).text

    columns = re.search(r'<figure class="days">.*?</figure>', page, re.S)
    assert columns
    assert columns[0].count("<li>") == 30
    assert re.findall(r'class="figure">(\d+)', columns[0])[::29] == ["1", "1"]


def test_synthetic_people_are_called_so(olga: FlaskClient, appeal: Appeal) -> None:
    demo.fill(appeal, 50, now=datetime.now(UTC), seed=1)

    page = words_of(olga.get(PAGE).text)

    assert "50 confirmed" in page
    assert "50 of them are synthetic" in page


def test_every_kind_of_mail_and_every_state_has_its_words(context: Flask) -> None:
    kinds = {kind for kind in context.extensions["renderers"] if not kind.startswith("test_")}

    assert kinds <= set(words.KINDS)
    assert {state.value for state in State} == set(words.STATES)


def test_everything_has_an_empty_state(olga: FlaskClient) -> None:
    assert "No appeal has been loaded yet" in olga.get("/desk/").text
    assert "There has been no mail yet" in olga.get("/desk/outbox").text
    assert "No mail has been captured yet" in olga.get("/desk/mail").text


def test_the_rehearsal_is_announced_until_mail_leaves(
    olga: FlaskClient, context: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "This is a rehearsal" in olga.get("/desk/").text
    monkeypatch.setitem(context.config, "MAIL_URL", "smtp://localhost:25")
    assert "This is a rehearsal" not in olga.get("/desk/").text


def test_the_outbox_shows_states_and_filters(olga: FlaskClient) -> None:
    a_message("unknown")
    a_message("accepted", "confirm")

    whole, unknown = olga.get("/desk/outbox?all=1").text, olga.get("/desk/outbox?state=unknown").text
    still_open = olga.get("/desk/outbox").text

    assert "Letter to an office" in whole
    assert len(re.findall(r'href="/desk/outbox/[0-9a-f-]{36}"', whole)) == 2
    assert len(re.findall(r'href="/desk/outbox/[0-9a-f-]{36}"', unknown)) == 1
    assert len(re.findall(r'href="/desk/outbox/[0-9a-f-]{36}"', still_open)) == 1
    assert "office@office.invalid" not in whole


def test_the_overview_asks_for_a_decision(olga: FlaskClient) -> None:
    a_message("unknown")

    assert "Nobody can know whether 1 message arrived" in words_of(olga.get("/desk/").text)


def test_a_long_outbox_is_paged_without_losing_or_repeating(olga: FlaskClient) -> None:
    rows = {str(a_message("ready", key=f"letter:{n}")) for n in range(120)}
    session.execute(text("UPDATE message SET created_at = date_trunc('minute', created_at)"))  # many at one instant
    session.commit()

    seen: list[str] = []
    page = "/desk/outbox"
    for _page in range(3):
        shown = olga.get(page).text
        seen += re.findall(r'href="/desk/outbox/([0-9a-f-]{36})"', shown)
        older = re.search(r'href="([^"]+)" rel="next"', shown)
        page = older[1].replace("&amp;", "&") if older else ""

    assert not page
    assert len(seen) == 120
    assert set(seen) == rows


def test_a_message_is_sent_again_by_a_button_and_noted(olga: FlaskClient) -> None:
    row = a_message("unknown")
    page = f"/desk/outbox/{row}"
    assert "nobody can know" in olga.get(page).text

    response = press(olga, page, f"{page}/retry")

    assert response.status_code == 303
    assert session.scalar(select(Message.state).where(Message.id == row)) == "ready"
    assert audit.listing()[0].action == "message.sent_again"
    assert "sent again by a person" in olga.get(page).text


def test_what_left_already_is_not_sent_again_and_nothing_is_noted(olga: FlaskClient) -> None:
    row = a_message("accepted")

    response = press(olga, f"/desk/outbox/{row}", f"/desk/outbox/{row}/retry")

    assert "can be sent again" in olga.get(response.location).text
    assert session.scalar(select(Message.state).where(Message.id == row)) == "accepted"
    assert "message.sent_again" not in [deed.action for deed in audit.listing()]


def test_mail_is_paused_and_goes_on(olga: FlaskClient) -> None:
    press(olga, "/desk/outbox", "/desk/outbox/pause", what="all")
    assert [pause.key for pause in pausing.paused()] == ["all"]
    assert "All mail is paused" in olga.get("/desk/outbox").text

    press(olga, "/desk/outbox", "/desk/outbox/resume", key="all")
    session.rollback()
    assert not pausing.paused()
    assert [deed.action for deed in audit.listing(limit=2)] == ["outbox.resumed", "outbox.paused"]


@pytest.mark.parametrize(
    "page",
    ["/desk/appeals/none", "/desk/appeals/none/export", f"/desk/outbox/{UUID(int=1)}", "/desk/outbox?before=x"],
)
def test_what_is_not_there_is_404(olga: FlaskClient, page: str) -> None:
    assert olga.get(page).status_code == 404


def test_the_file_comes_from_the_desk_and_the_page_names_who_took_it(olga: FlaskClient, appeal: Appeal) -> None:
    demo.fill(appeal, 30, now=datetime.now(UTC), seed=1)
    page = f"{PAGE}/export"
    assert "30 now" in olga.get(page).text
    assert "Nobody has taken a file yet" in olga.get(page).text

    response = press(olga, page, page, audience="public")

    assert response.status_code == 200
    assert response.data.count(b"\r\n") == 31
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert re.fullmatch(
        rf"attachment; filename=signatures-{cast.SLUG}-demonstration-public-\d{{4}}-\d\d-\d\d\.csv",
        response.headers["Content-Disposition"],
    )
    assert response.headers["Cache-Control"] == "no-store"
    assert f"{OLGA} Everyone 30" in words_of(olga.get(page).text)


@pytest.mark.parametrize("audience", ["", "everybody"])
def test_a_file_for_nobody_in_particular_is_refused(olga: FlaskClient, appeal: Appeal, audience: str) -> None:
    page = f"{PAGE}/export"

    response = press(olga, page, page, audience=audience)

    assert response.status_code == 422
    assert "There is a problem" in response.text
    assert "signatures.exported" not in [deed.action for deed in audit.listing()]
