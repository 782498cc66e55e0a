"""Confirming a letter: a link only asks, a button acts, once, and only on what was shown."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from html import unescape
from pathlib import Path
from threading import Barrier
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from campaign import tokens
from campaign.appeals.models import Appeal
from campaign.db import session
from campaign.letters import confirming, expiring, tasks
from campaign.letters.models import Letter
from campaign.mail.models import Message
from tests.letter_stage import (
    PATH,
    WORDS,
    confirm_link,
    deliver,
    fields,
    letters,
    messages,
    post,
    private_link,
    send,
    the_appeal,
)

Mails = Callable[[], list[Path]]


@pytest.fixture
def appeal(context: Flask) -> Appeal:
    return the_appeal()


def asked(client: FlaskClient, mails: Mails, url: str = f"{PATH}/sr-iran", **changes: str) -> str:
    """The confirmation link that came for a letter."""
    send(client, url, **changes)
    return [confirm_link(mail) for mail in deliver(mails) if "/letters/confirm/" in mail.get_content()][-1]


def two_letters(client: FlaskClient) -> None:
    second = send(client, f"{PATH}/sr-iran?then=sr-truth&of=2")
    typed = fields(second, "letter") | {"consent": "y", "message": "Two.", "how": "send"}
    post(client, f"{PATH}/sr-truth?of=2", **fields(post(client, f"{PATH}/sr-truth?of=2", **typed)), step="send")


def test_it_works(appeal: Appeal, client: FlaskClient, mails: Mails) -> None:
    link = asked(client, mails)
    page = client.get(link)
    text = unescape(page.get_data(as_text=True))
    assert WORDS in text
    assert "Bob Okafor" in text
    assert 'id="confirm"' in text
    assert messages("letter") == 0

    done = post(client, link, **fields(page, "confirm"))
    assert done.status_code == 200
    assert "Your letter is on its way to be sent" in done.get_data(as_text=True)
    [letter] = letters()
    assert letter.state == "confirmed"
    assert letter.confirmed_at is not None
    assert messages("letter") == 1


def test_the_mail_says_nothing_that_was_typed(appeal: Appeal, client: FlaskClient, mails: Mails) -> None:
    send(client, name="Visit Eves Shop", message="Buy at eve.example", opening="Eve opens.")
    [mail] = deliver(mails)
    said = mail.as_string() + mail.get_content()
    assert mail["To"] == "bob@example.org"
    assert mail["Subject"] == "Please confirm your email"
    assert mail["From"].startswith("Email confirmation <")  # the bundled appeal is sensitive
    assert mail["Auto-Submitted"] == "auto-generated"
    for typed in ("Eve", "eve.example", "Shop", "Iran", "Rapporteur"):
        assert typed not in said
    assert client.get(private_link(mail)).status_code == 200


def test_looking_changes_nothing(appeal: Appeal, client: FlaskClient, mails: Mails) -> None:
    link = asked(client, mails)
    for method in ("get", "head", "options"):
        getattr(client, method)(link)
    assert [letter.state for letter in letters()] == ["pending"]
    assert messages("letter") == 0


def test_pressing_again_changes_nothing(appeal: Appeal, client: FlaskClient, mails: Mails) -> None:
    link = asked(client, mails)
    typed = fields(client.get(link), "confirm")
    first = post(client, link, **typed).get_data(as_text=True)
    moment = letters()[0].confirmed_at
    assert "on its way" in post(client, link, **typed).get_data(as_text=True)
    assert "on its way" in first
    assert letters()[0].confirmed_at == moment
    assert messages("letter") == 1
    assert "Nothing waits for you here" in client.get(link).get_data(as_text=True)


def test_fifty_clicks_at_once_confirm_once(appeal: Appeal, client: FlaskClient, app: Flask) -> None:
    two_letters(client)
    first, second = letters()
    shown, gate = {first.id, second.id}, Barrier(20)
    submission = first.submission_id
    session.rollback()

    def press(_number: int) -> int:
        with app.app_context():
            gate.wait()
            return confirming.confirm(submission, shown)

    with ThreadPoolExecutor(20) as pool:
        moved = list(pool.map(press, range(20)))
    assert sum(moved) == 2
    assert max(moved) == 2
    assert messages("letter") == 2


def test_one_mail_confirms_a_chain(appeal: Appeal, client: FlaskClient, mails: Mails) -> None:
    two_letters(client)
    [mail] = deliver(mails)
    page = client.get(confirm_link(mail))
    html = page.get_data(as_text=True)
    assert html.count('name="letter"') == 2
    assert "Confirm and send these letters" in html
    client.post(confirm_link(mail), data={"letter": [letter.id.hex for letter in letters()]})
    assert [letter.state for letter in letters()] == ["confirmed", "confirmed"]
    assert messages("letter") == 2


def test_only_what_was_shown_is_confirmed(appeal: Appeal, client: FlaskClient, mails: Mails) -> None:
    second = send(client, f"{PATH}/sr-iran?then=sr-truth&of=2")
    link = confirm_link(deliver(mails)[0])
    shown = fields(client.get(link), "confirm")
    typed = fields(second, "letter") | {"consent": "y", "message": "Added in between.", "how": "send"}
    post(client, f"{PATH}/sr-truth?of=2", **fields(post(client, f"{PATH}/sr-truth?of=2", **typed)), step="send")
    post(client, link, **shown)
    assert [letter.state for letter in letters()] == ["confirmed", "pending"]
    assert messages("letter_confirm") == 1
    assert 'name="letter"' in client.get(link).get_data(as_text=True)


def test_a_letter_after_the_first_was_confirmed_asks_anew(appeal: Appeal, client: FlaskClient, mails: Mails) -> None:
    second = send(client, f"{PATH}/sr-iran?then=sr-truth&of=2")
    link = confirm_link(deliver(mails)[0])
    post(client, link, **fields(client.get(link), "confirm"))
    typed = fields(second, "letter") | {"consent": "y", "message": "Later.", "how": "send"}
    post(client, f"{PATH}/sr-truth?of=2", **fields(post(client, f"{PATH}/sr-truth?of=2", **typed)), step="send")
    assert messages("letter_confirm") == 2
    first, later = letters()
    assert first.submission_id == later.submission_id


def test_another_submissions_letters_cannot_be_slipped_in(appeal: Appeal, client: FlaskClient, mails: Mails) -> None:
    link = asked(client, mails)
    send(client, f"{PATH}/sr-truth", email="eve@example.org", name="Eve Stranger")
    eves = letters()[1]
    client.post(link, data={"letter": [eves.id.hex, "not-an-id", "0" * 32, "g" * 32]})
    assert [letter.state for letter in letters()] == ["pending", "pending"]
    assert messages("letter") == 0


@pytest.mark.parametrize("email", ["bob@example.org", "BOB@example.org"])
def test_one_letter_from_a_writer_to_an_office(appeal: Appeal, client: FlaskClient, mails: Mails, email: str) -> None:
    link = asked(client, mails)
    post(client, link, **fields(client.get(link), "confirm"))
    again = asked(client, mails, email=email)
    page = post(client, again, **fields(client.get(again), "confirm")).get_data(as_text=True)
    assert "You have already written to this office" in unescape(page)
    assert "Nothing was sent" in page
    first, second = letters()
    assert (first.state, second.state) == ("confirmed", "lapsed")
    assert second.sealed is None
    assert second.person_index is None
    assert messages("letter") == 1


def test_the_same_writer_may_write_to_another_office(appeal: Appeal, client: FlaskClient, mails: Mails) -> None:
    for office in ("sr-iran", "sr-truth"):
        link = asked(client, mails, f"{PATH}/{office}")
        post(client, link, **fields(client.get(link), "confirm"))
    assert [letter.state for letter in letters()] == ["confirmed", "confirmed"]


def test_this_was_not_me_erases(appeal: Appeal, client: FlaskClient, mails: Mails) -> None:
    link = asked(client, mails)
    page = post(client, link, step="refuse")
    assert "erased" in page.get_data(as_text=True)
    [letter] = letters()
    assert letter.state == "erased"
    assert (letter.sealed, letter.writer_index, letter.person_index, letter.country) == (None, None, None, None)
    assert messages("letter") == 0
    assert post(client, link, letter=letter.id.hex).status_code == 200
    assert letters()[0].state == "erased"


def test_this_was_not_me_after_the_press_tells_what_became_of_it(
    appeal: Appeal, client: FlaskClient, mails: Mails
) -> None:
    link = asked(client, mails)
    post(client, link, **fields(client.get(link), "confirm"))
    answer = client.post(link, data={"step": "refuse"}, follow_redirects=True)
    assert "You confirmed it" in answer.text
    assert "Nothing will be sent" not in answer.text
    assert [letter.state for letter in letters()] == ["confirmed"]
    assert messages("letter") == 1


def test_what_nobody_confirms_expires(
    appeal: Appeal, client: FlaskClient, mails: Mails, move_clock: Callable[[timedelta], None]
) -> None:
    link = asked(client, mails)
    shown = fields(client.get(link), "confirm")
    session.rollback()
    move_clock(timedelta(hours=71, minutes=55))
    assert expiring.expire() == 0
    session.rollback()
    move_clock(timedelta(hours=72, minutes=5))
    post(client, link, **shown)
    assert [letter.state for letter in letters()] == ["pending"]
    session.rollback()
    assert expiring.expire() == 1
    [letter] = letters()
    assert letter.state == "expired"
    assert (letter.sealed, letter.writer_index, letter.person_index, letter.country) == (None, None, None, None)
    session.rollback()
    move_clock(timedelta(days=40))
    expiring.expire()
    assert letters() == []


def test_confirmed_letters_do_not_expire_and_lose_their_hour(
    appeal: Appeal, client: FlaskClient, mails: Mails, move_clock: Callable[[timedelta], None]
) -> None:
    link = asked(client, mails)
    post(client, link, **fields(client.get(link), "confirm"))
    send(client, f"{PATH}/sr-truth", email="noise@example.org")
    session.rollback()
    move_clock(timedelta(days=7))
    expiring.expire()
    tasks.blur()
    expired, confirmed = sorted(letters(), key=lambda letter: letter.state, reverse=True)
    assert (confirmed.state, expired.state) == ("confirmed", "expired")
    assert confirmed.sealed is not None
    assert confirmed.confirmed_at is not None
    assert confirmed.confirmed_at.time().isoformat() == "00:00:00"


@pytest.mark.parametrize("purpose", ["letters", "letters-sent", "confirm", "letter-submission"])
def test_links_of_another_kind_open_nothing(appeal: Appeal, client: FlaskClient, mails: Mails, purpose: str) -> None:
    asked(client, mails)
    [letter] = letters()
    forged = tokens.make(purpose, letter.submission_id)
    assert client.get(f"/letters/confirm/{forged}").status_code == 404
    assert client.post(f"/letters/confirm/{forged}", data={"letter": letter.id.hex}).status_code == 404
    assert client.get(f"/letters/confirm/{tokens.make('letter-confirm', uuid4())}").status_code == 410
    assert letters()[0].state == "pending"


def test_the_message_is_part_of_the_confirmation(appeal: Appeal, client: FlaskClient, mails: Mails) -> None:
    link = asked(client, mails)
    post(client, link, **fields(client.get(link), "confirm"))
    session.rollback()
    [letter] = session.scalars(select(Letter))
    message = session.scalars(select(Message).filter_by(kind="letter")).one()
    assert message.dedupe_key == f"letter:{letter.id}"
    assert message.subject_id == letter.id
    assert message.lane == 1
    assert message.budget_key == "office:sr-iran"
    assert f"appeal:{appeal.id}" in message.pause_keys
    assert "office:sr-iran" in message.pause_keys
    assert message.mode == "capture"
