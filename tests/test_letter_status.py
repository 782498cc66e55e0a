"""What became of a letter: the truth of its message in words, behind a private link, and a way to stop it."""

from __future__ import annotations

from collections.abc import Callable
from html import unescape
from pathlib import Path
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update

from campaign import tokens
from campaign.appeals.models import Appeal
from campaign.db import session
from campaign.letters import confirming, ending
from campaign.letters.models import Letter
from campaign.mail.models import Message
from campaign.mail.states import State
from tests.letter_stage import (
    PATH,
    SLUG,
    WORDS,
    deliver,
    fields,
    letters,
    post,
    private_link,
    send,
    the_appeal,
)

Mails = Callable[[], list[Path]]


@pytest.fixture
def appeal(context: Flask) -> Appeal:
    return the_appeal()


@pytest.fixture
def page(appeal: Appeal, client: FlaskClient) -> str:
    """The private page of Bob's two letters, one of them confirmed; somebody else wrote, too."""
    second = send(client, f"{PATH}/sr-iran?then=sr-truth&of=2")
    typed = fields(second, "letter") | {"consent": "y", "message": "Two.", "how": "send"}
    post(client, f"{PATH}/sr-truth?of=2", **fields(post(client, f"{PATH}/sr-truth?of=2", **typed)), step="send")
    send(client, f"{PATH}/hrc-president", email="noise@example.org", name="Noise Maker", message="Noise.")
    first = letters()[0]
    confirming.confirm(first.submission_id, {first.id})
    return f"/letters/{tokens.make('letters', first.submission_id)}"


def shown(client: FlaskClient, url: str) -> str:
    session.rollback()
    session.expire_all()
    answer = client.get(url)
    assert answer.status_code == 200
    return unescape(answer.get_data(as_text=True))


def test_it_works(page: str, client: FlaskClient, mails: Mails) -> None:
    before = shown(client, page)
    assert "waiting its turn" in before
    assert "waiting for you" in before
    assert "Withdraw this letter" in before
    assert WORDS in before
    assert "Two." in before
    assert "Noise" not in before

    deliver(mails)
    after = shown(client, page)
    assert "kept in rehearsal" in after
    assert "nothing has left it" in after
    assert after.count("Withdraw this letter") == 1


def test_the_link_comes_by_mail(page: str, client: FlaskClient, mails: Mails) -> None:
    [mine] = [mail for mail in deliver(mails) if mail["To"] == "bob@example.org"]
    assert WORDS in shown(client, private_link(mine))


@pytest.mark.parametrize(
    ("state", "mode", "said"),
    [
        ("held", "live", "waits until a person releases it"),
        ("folded", "live", "waits for the digest"),
        ("ready", "live", "The office’s mail server takes it"),
        ("ready", "capture", "In this rehearsal it will be kept on this machine"),
        ("leased", "live", "waiting its turn"),
        ("attempting", "live", "on its way"),
        ("deferred", "live", "waiting its turn"),
        ("unknown", "live", "The line broke before the other server answered"),
        ("accepted", "live", "The office’s mail server accepted it. Whether somebody has read it we cannot know."),
        ("settled", "live", "The office’s mail server accepted it"),
        ("accepted", "capture", "nothing has left it"),
        ("settled", "capture", "nothing has left it"),
        ("failed", "live", "mail server refused it"),
        ("bounced", "live", "sent it back later"),
        ("suppressed", "live", "does not want to be written to"),
        ("expired", "live", "waited too long"),
        ("cancelled", "live", "stopped before it left"),
    ],
)
def test_every_state_of_the_message_has_its_words(
    page: str, client: FlaskClient, state: str, mode: str, said: str
) -> None:
    session.execute(update(Message).where(Message.kind == "letter").values(state=state, mode=mode))
    session.commit()
    text = shown(client, page)
    assert said in text
    stoppable = state in {"held", "folded", "ready", "leased", "deferred"}
    assert text.count("Withdraw this letter") == 1 + stoppable


def test_no_state_is_without_words(page: str, client: FlaskClient) -> None:
    for state in State:
        session.execute(update(Message).where(Message.kind == "letter").values(state=state.value))
        session.commit()
        waits = state in {State.READY, State.LEASED, State.DEFERRED}
        assert ("waiting its turn" in shown(client, page)) == waits


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ("lapsed", "already written to this office"),
        ("withdrawn", "You took it back"),
        ("expired", "not confirmed within 72 hours"),
        ("erased", "We have erased what was kept"),
    ],
)
def test_an_ended_letter_says_why(page: str, client: FlaskClient, state: str, said: str) -> None:
    session.execute(update(Letter).where(Letter.state == "pending").values(state=state))
    session.commit()
    assert said in shown(client, page)


def test_withdrawing_by_a_button(page: str, client: FlaskClient, mails: Mails) -> None:
    first = letters()[0]
    answer = post(client, page, letter=first.id.hex)
    assert answer.status_code == 303
    assert answer.location.endswith(page)
    text = shown(client, page)
    assert "You took it back before it left" in text
    assert WORDS not in text
    assert not [mail for mail in deliver(mails) if mail["Reply-To"]]


def test_looking_withdraws_nothing(page: str, client: FlaskClient) -> None:
    client.get(page, query_string={"letter": letters()[0].id.hex})
    assert [letter.state for letter in letters()] == ["confirmed", "pending", "pending"]


def test_eve_cannot_withdraw_bobs_letter(page: str, client: FlaskClient) -> None:
    eves = next(letter for letter in letters() if letter.submission_id != letters()[0].submission_id)
    theirs = f"/letters/{tokens.make('letters', eves.submission_id)}"
    post(client, theirs, letter=letters()[0].id.hex)
    assert letters()[0].state == "confirmed"


@pytest.mark.parametrize("purpose", ["letter-confirm", "letters-sent", "mine", "confirm"])
def test_another_link_opens_nothing(page: str, client: FlaskClient, purpose: str) -> None:
    submission = letters()[0].submission_id
    assert client.get(f"/letters/{tokens.make(purpose, submission)}").status_code == 404
    assert client.post(f"/letters/{tokens.make(purpose, submission)}").status_code == 404
    assert client.get(f"/letters/{tokens.make('letters', uuid4())}").status_code == 410


def test_it_is_private_and_in_the_writers_language(appeal: Appeal, client: FlaskClient) -> None:
    send(client, f"/fa/{SLUG}/letters/sr-iran")
    url = f"/letters/{tokens.make('letters', letters()[0].submission_id)}"
    answer = client.get(url)
    html = answer.get_data(as_text=True)
    assert '<html lang="fa" dir="rtl">' in html
    assert 'content="noindex"' in html
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "Set-Cookie" not in answer.headers


def test_after_erasing_nothing_of_the_writer_is_shown(page: str, client: FlaskClient, mails: Mails) -> None:
    deliver(mails)
    for letter in letters("confirmed", "pending"):
        ending.erase(letter.id)
    text = shown(client, page)
    assert "Okafor" not in text
    assert WORDS not in text
