"""The outbox on the desk: a backlog by state, age, office and lane, the reason in words, and what one may do."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update

from campaign.appeals import states
from campaign.db import session
from campaign.mail import outbox, pausing
from campaign.mail.addresses import recorded_domain
from campaign.mail.models import Message
from campaign.mail.moving import CLOCK
from campaign.organisers import audit
from tests import letter_stage
from tests.desk import press, signed_in
from tests.post_office import ALICE, Post
from tests.sink import Sink

PAGE = "/desk/outbox"
Make = Callable[..., UUID]


@pytest.fixture
def olga(app: Flask, post: Post, live: Sink) -> FlaskClient:
    """Olga at her desk while mail goes out; the appeal and the offices are there."""
    letter_stage.the_appeal(state="open")
    return signed_in(app)


@pytest.fixture
def letter(post: Post) -> Make:
    """A letter to an office in a state."""

    def make(key: str, *, office: str = "sr-iran", **columns: Any) -> UUID:
        row = post.letter(key, budget_key=f"office:{office}")
        if columns:
            session.execute(update(Message).where(Message.id == row).values(**columns))
            session.commit()
        return row

    return make


def shown(browser: FlaskClient, page: str = PAGE) -> str:
    """The words of a page, one space apart."""
    session.rollback()
    return words_in(browser.get(page).text)


def words_in(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html[html.index("<main") :]).split())


def listed(html: str) -> set[str]:
    return set(re.findall(r'href="/desk/outbox/([0-9a-f-]{36})"', html))


def test_it_works(olga: FlaskClient, letter: Make, post: Post) -> None:
    for n in range(3):
        letter(f"letter:{n}", created_at=CLOCK - timedelta(days=3))
    letter("letter:truth", office="sr-truth", state="held")
    person = post.confirm()
    page = shown(olga)
    assert "test_letter offices waiting 3 days 3 : test_letter" in page
    assert "test_confirm people waiting" in page
    iran = letter_stage.the_office().title
    assert re.search(re.escape(iran) + r" 3 days 0 of 6 (now|\d{4}-\d\d-\d\d \d\d:\d\d) 3 : ", page)
    assert len(listed(olga.get(f"{PAGE}?office=sr-truth").text)) == 1
    assert str(person) in listed(olga.get(f"{PAGE}?lane=0").text)
    assert listed(olga.get(f"{PAGE}?lane=0&kind=test_confirm").text) == {str(person)}
    assert len(listed(olga.get(f"{PAGE}?lane=1&state=ready").text)) == 3


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({}, "waits for its turn at its office"),
        ({"not_before": CLOCK + timedelta(days=2)}, "not before 20"),
        ({"state": "held"}, "its appeal’s gate is closed, or nobody has checked the office’s address"),
        ({"state": "folded"}, "goes with its office’s digest"),
        ({"state": "deferred", "reply_code": 450, "reply_text": "busy"}, "put off: 450 busy; again from 20"),
        ({"state": "attempting"}, "its bytes are on the line"),
        ({"state": "unknown"}, "a person decides"),
        ({"state": "bounced", "reply_text": "no such user"}, "no such user"),
        ({"state": "expired"}, "waited longer than it is of use"),
    ],
)
def test_the_reason_stands_in_words(olga: FlaskClient, letter: Make, columns: dict[str, Any], said: str) -> None:
    row = letter("letter:1", **columns)
    assert said in shown(olga, f"{PAGE}?all=1")
    assert said in shown(olga, f"{PAGE}/{row}")


def test_a_person_is_found_by_their_address_which_stands_nowhere(olga: FlaskClient, post: Post) -> None:
    hers, noise = post.confirm(), post.confirm("confirm:2", to="noise@people.internal")
    answer = press(olga, PAGE, f"{PAGE}/person", email=f" {ALICE.upper()} ")
    assert listed(answer.text) == {str(hers)}
    assert str(noise) in listed(olga.get(PAGE).text)
    assert "No message is like that" in press(olga, PAGE, f"{PAGE}/person", email="nobody@people.internal").text
    assert "There is a problem" in press(olga, PAGE, f"{PAGE}/person", email="nonsense").text
    assert ALICE not in str([event.details for event in audit.listing()])
    assert olga.get(f"{PAGE}/person").status_code == 405


@pytest.mark.parametrize("part", ["appeal", "office", "domain"])
def test_a_part_of_it_is_paused_and_goes_on(olga: FlaskClient, letter: Make, live: Sink, part: str) -> None:
    appeal = letter_stage.the_appeal(state="open")
    domain = f"domain:{recorded_domain('offices.internal')}"
    key, said = {
        "appeal": (f"appeal:{appeal.id}", "Mail of iran-detainees is paused."),
        "office": ("office:sr-iran", "Letters to this office are paused: "),
        "domain": (domain, "Mail to one mail domain is paused"),
    }[part]
    row = letter("letter:1", pause_keys=[f"appeal:{appeal.id}", "office:sr-iran", domain])
    what = {"what": "domain", "domain": "Offices.internal"} if part == "domain" else {"what": key}
    assert press(olga, PAGE, f"{PAGE}/pause", **what).status_code == 303
    session.rollback()
    assert [pause.key for pause in pausing.paused()] == [key]
    assert said in shown(olga)
    assert "paused" in shown(olga, f"{PAGE}/{row}")
    press(olga, PAGE, f"{PAGE}/resume", key=key)
    session.rollback()
    assert not pausing.paused()
    noted = {deed.action: deed.subject for deed in audit.listing(limit=2)}
    subject = f"appeal {appeal.slug}" if part == "appeal" else key
    assert noted == dict.fromkeys(("outbox.paused", "outbox.resumed"), subject)


@pytest.mark.parametrize("wrong", [{}, {"what": "office:nobody"}, {"what": "gate:x"}, {"what": "domain"}])
def test_what_nobody_offers_is_not_paused(olga: FlaskClient, wrong: dict[str, str]) -> None:
    assert press(olga, PAGE, f"{PAGE}/pause", **wrong).status_code == 422
    session.rollback()
    assert not pausing.paused()


def test_a_gate_is_named_and_opened_elsewhere(olga: FlaskClient) -> None:
    appeal = letter_stage.the_appeal(state="open")
    pausing.pause(states.letters_key(appeal.id), "closed")
    page = shown(olga)
    assert "The gate for letters of iran-detainees is closed." in page
    assert "Let it go on" not in page


def test_a_message_is_cancelled_and_noted(olga: FlaskClient, letter: Make, post: Post, live: Sink) -> None:
    row = letter("letter:1")
    page = f"{PAGE}/{row}"
    press(olga, page, f"{page}/cancel")
    session.rollback()
    assert post.state(row) == "cancelled"
    assert "cancelled by an organiser" in shown(olga, page)
    assert audit.listing()[0].action == "message.cancelled"
    post.drain()
    assert live.messages == []


@pytest.mark.parametrize("state", ["attempting", "unknown", "accepted", "cancelled"])
def test_what_has_begun_to_leave_is_not_cancelled(olga: FlaskClient, letter: Make, post: Post, state: str) -> None:
    row = letter("letter:1", state=state)
    page = f"{PAGE}/{row}"
    assert "never leaves" not in shown(olga, page)
    press(olga, PAGE, f"{page}/cancel")
    session.rollback()
    assert post.state(row) == state
    assert "message.cancelled" not in [event.action for event in audit.listing()]
    assert outbox.history(row)[-1].why == "enqueued"


def test_eve_finds_and_stops_nothing(olga: FlaskClient, letter: Make, client: FlaskClient, post: Post) -> None:
    row = letter("letter:1")
    for deed in ("person", "pause", f"{row}/cancel"):
        assert client.post(f"{PAGE}/{deed}").status_code == 404
    assert post.state(row) == "ready"
    assert not pausing.paused()
