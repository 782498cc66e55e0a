"""The test letter: it goes to the organiser who asks and to no office, and the gate stays shut until it came."""

from __future__ import annotations

import re
from datetime import timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from campaign.db import clock, session
from campaign.letters import gating
from campaign.letters.models import TrialLetter
from campaign.letters.office_words import words as say
from campaign.mail import draining, looking_up, pausing
from campaign.mail.looking_up import Records
from campaign.mail.models import Message
from campaign.offices import queries as offices
from campaign.offices.models import OfficeAddress
from campaign.organisers import accounts
from tests.desk import press, signed_in
from tests.letter_stage import SLUG, the_appeal, the_office
from tests.sink import Sink

PAGE = f"/desk/appeals/{SLUG}/sending"
OLGA = "olga@people.internal"


@pytest.fixture
def olga(context: Flask, live: Sink, monkeypatch: pytest.MonkeyPatch) -> FlaskClient:
    """Olga at her desk; a relay is there, and all but the test letter is in order."""
    monkeypatch.setattr(looking_up, "records_of", lambda domain: Records(True, None, True))
    the_appeal(state="open")
    browser = signed_in(context, OLGA)
    checked_by = accounts.add(OLGA).id
    row = OfficeAddress(office_id=the_office().id, email="mandate@office.internal", source="its page")
    row.status, row.checked_on, row.checked_by = "verified", offices.today(), checked_by
    session.add(row)
    session.commit()
    session.expire_all()
    return browser


def ask(olga: FlaskClient, office: str = "sr-iran") -> str:
    """Olga asks for a test letter; what the desk answers."""
    press(olga, PAGE, f"{PAGE}/test", office=office)
    session.rollback()
    return olga.get(PAGE).text


def arrived(live: Sink) -> EmailMessage:
    """The one mail that the relay was given."""
    session.rollback()
    draining.drain()
    [taken] = live.messages
    assert taken.recipients == [OLGA]
    mail = message_from_bytes(taken.content, policy=default)  # type: ignore[arg-type] # the policy decides the class
    assert isinstance(mail, EmailMessage)
    return mail


def code_in(mail: EmailMessage) -> str:
    found = re.search(r"Code to type at the desk: (\w{8})", mail.get_content())
    assert found
    return found[1]


def is_open() -> bool:
    session.rollback()
    appeal = the_appeal()
    return gating.is_open(appeal)


def test_it_works(olga: FlaskClient, live: Sink) -> None:
    assert "No organiser has received a test letter" in olga.get(PAGE).text
    press(olga, PAGE, f"{PAGE}/open")
    assert not is_open()

    assert "on its way to you" in ask(olga)
    mail = arrived(live)
    text = mail.get_content()
    assert mail["Subject"].startswith("[Test, no office got this] ")
    assert re.fullmatch(r'"?Test of letters via Undersigned"? <campaign\+l\.\w+@appeal\.internal>', mail["From"])
    assert mail["Reply-To"] == OLGA
    assert "This is a test. It was sent to you alone" in text
    assert "The person who signed this letter wrote and confirmed it" in text
    assert say("en").private in text  # the office's own link is in no test

    answer = press(olga, PAGE, f"{PAGE}/test/received", code=f" {code_in(mail).lower()} ")
    assert answer.status_code == 303
    shown = olga.get(PAGE).text
    assert f"{OLGA} received a test letter from appeal.internal by 127.0.0.1:{live.port} on" in shown
    press(olga, PAGE, f"{PAGE}/open")
    assert is_open()
    log = olga.get("/desk/log").text
    assert "had a test letter sent to themselves" in log
    assert "received a test letter" in log


def test_looking_at_the_page_or_a_wrong_code_confirms_nothing(olga: FlaskClient, live: Sink) -> None:
    ask(olga)
    arrived(live)
    for wrong in ("", "AAAAAAAA"):
        answer = press(olga, PAGE, f"{PAGE}/test/received", code=wrong)
        assert "There is a problem" in answer.text
    session.rollback()
    assert session.scalars(select(TrialLetter.received_at)).all() == [None]


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("MAIL_URL", "smtp://127.0.0.1:2"),
        ("MAIL_URL", "smtp://somebody@127.0.0.1:{port}"),
        ("MAIL_FROM", "campaign@other.internal"),
        ("LETTERS_DOMAIN", "letters.appeal.internal"),
    ],
)
def test_another_relay_or_sender_is_asked_for_again(
    olga: FlaskClient, live: Sink, app: Flask, monkeypatch: pytest.MonkeyPatch, setting: str, value: str
) -> None:
    ask(olga)
    code = code_in(arrived(live))
    press(olga, PAGE, f"{PAGE}/test/received", code=code)
    monkeypatch.setitem(app.config, setting, value.format(port=live.port))
    assert "No organiser has received a test letter" in olga.get(PAGE).text
    assert "has this code" in press(olga, PAGE, f"{PAGE}/test/received", code=code).text
    press(olga, PAGE, f"{PAGE}/open")
    assert not is_open()


def test_a_new_password_at_the_same_relay_changes_nothing(
    olga: FlaskClient, live: Sink, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "MAIL_URL", f"smtp://us:first@127.0.0.1:{live.port}")
    ask(olga)
    session.rollback()
    session.execute(update(TrialLetter).values(received_at=clock()))
    session.commit()
    monkeypatch.setitem(app.config, "MAIL_URL", f"smtp://us:second@127.0.0.1:{live.port}")
    assert "received a test letter from appeal.internal" in olga.get(PAGE).text


def test_a_code_holds_for_a_week(olga: FlaskClient, live: Sink) -> None:
    ask(olga)
    code = code_in(arrived(live))
    session.execute(update(TrialLetter).values(sent_at=clock() - timedelta(days=8)))
    session.commit()
    assert "Code in the mail" not in olga.get(PAGE).text
    ask(olga)
    assert "has this code" in press(olga, PAGE, f"{PAGE}/test/received", code=code).text


def test_it_leaves_at_any_hour_and_while_the_gate_is_shut(olga: FlaskClient, live: Sink) -> None:
    session.rollback()
    gating.close_gate(the_appeal(), by=accounts.add(OLGA))
    assert [pause.key for pause in pausing.paused()]
    ask(olga)
    arrived(live)  # whatever the hour is at which this test runs


def test_in_a_rehearsal_there_is_none(olga: FlaskClient, app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.config, "MAIL_URL", "capture:")
    assert "This is a rehearsal" in ask(olga)
    assert session.scalars(select(TrialLetter)).all() == []


@pytest.mark.parametrize("whose", ["an office’s", "nobody’s"])
def test_it_never_goes_to_an_office_or_to_nobody(olga: FlaskClient, live: Sink, app: Flask, whose: str) -> None:
    email = "Mandate@office.internal" if whose == "an office’s" else "olga@example.org"
    other = signed_in(app, email)
    assert f"The address you sign in with is {whose}" in ask(other)
    session.rollback()
    draining.drain()
    assert live.messages == []


def test_ten_a_day_are_enough(olga: FlaskClient, live: Sink) -> None:
    for _ in range(10):
        assert "on its way to you" in ask(olga)
    assert "Ten test letters" in ask(olga)
    assert len(session.scalars(select(Message).filter_by(kind="letter_test")).all()) == 10


def test_an_office_without_a_letter_has_no_test(olga: FlaskClient) -> None:
    assert "There is a problem" in press(olga, PAGE, f"{PAGE}/test", office="wg-arbitrary-detention").text


def test_eve_asks_for_nothing(olga: FlaskClient, client: FlaskClient) -> None:
    for deed in ("test", "test/received"):
        assert client.post(f"{PAGE}/{deed}").status_code == 404
    assert session.scalars(select(TrialLetter)).all() == []
