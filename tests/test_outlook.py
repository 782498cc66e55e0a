"""By when a mail will come: told when it takes long, never sooner than it is, and the same to whoever had signed."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, select, text, update

from campaign.appeals.models import Appeal, OrganisationSignOn
from campaign.db import clock, session
from campaign.letters.models import Letter
from campaign.mail import awaiting, crowding, draining, pausing
from campaign.mail.awaiting import Line, Outlook, reckon
from campaign.mail.models import Message
from campaign.petition.models import Signature
from campaign.petition.surge import switching
from tests import letter_stage, test_organisations
from tests.cast import sign, the_appeal

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
# Beyond midnight the day stands before the hour.
BY = re.compile(r"Your message will come by (?:[^<]* )?(\d\d:\d\d) UTC, that is within (\w+ \w+)\.")
HELD_UP = "Mail is held up, and we cannot say yet until when."
AS_EVER = "If nothing comes within a few minutes"


@pytest.fixture
def appeal(context: Flask) -> Appeal:
    crowding._known.clear()
    return the_appeal()


def line(waiting: int, a_second: float, *, oldest: timedelta | None = MINUTE) -> Line:
    return Line(NOON, waiting, NOON - oldest if oldest is not None else None, a_second, frozenset())


def sent(client: FlaskClient, **changes: str) -> str:
    """The page after signing."""
    client.application.extensions.pop("people's mail", None)
    return client.get(sign(client, **changes).location).text


def backlog(mails: int) -> None:
    """So many mails that wait before all others, with those that stand in the outbox as their pattern."""
    own = {"id", "dedupe_key", "token", "message_id", "paced"}
    named = ", ".join(c.name for c in Message.__table__.columns if c.name not in own)
    many = f"""
      INSERT INTO message (id, dedupe_key, token, {named}) SELECT gen_random_uuid(), 'x' || n, 'x' || n, {named}
      FROM (SELECT * FROM message LIMIT 1) AS one, generate_series(1, :mails) AS n
    """
    session.execute(text(many), {"mails": mails})
    waiting = {"state": "ready", "not_before": clock() - MINUTE}
    session.execute(update(Message).where(Message.dedupe_key.like("x%")).values(waiting))
    session.commit()


def test_it_works(client: FlaskClient, appeal: Appeal) -> None:
    sent(client)
    draining.drain()  # one mail within the last seconds: 0.05 a second
    backlog(100)  # so 2,000 seconds, and half as many again: 50 minutes
    page = sent(client, email="bob@example.org")
    told = BY.search(page)
    assert told
    assert told[2] == "1 hour"
    by = datetime.strptime(told[1], "%H:%M").replace(tzinfo=UTC)
    now = session.scalar(text("SELECT clock()"))
    wait = timedelta(seconds=(by - now.replace(year=1900, month=1, day=1)).total_seconds() % 86400)
    assert 50 * MINUTE <= wait <= 57 * MINUTE
    assert by.minute % 5 == 0
    assert "If nothing has come by then, look in the spam folder." in page


def test_on_any_other_day_nobody_is_told_a_time(client: FlaskClient, appeal: Appeal) -> None:
    assert AS_EVER in sent(client)
    draining.drain()
    assert AS_EVER in sent(client, email="bob@example.org")


def test_in_surge_mode_it_is_told_however_soon_it_is(client: FlaskClient, appeal: Appeal) -> None:
    sent(client)
    draining.drain()
    switching.switch(appeal, True)
    told = BY.search(sent(client, email="bob@example.org"))
    assert told
    assert int(told[2].split()[0]) <= 7


def test_it_is_told_in_the_readers_digits(client: FlaskClient, appeal: Appeal) -> None:
    sent(client)
    draining.drain()
    backlog(100)
    assert re.search("[۰-۹]{1,2}:[۰-۹]{2} UTC", sent(client, page=f"/fa/{appeal.slug}", email="bob@example.org"))


def test_what_nobody_knows_is_not_promised(client: FlaskClient, appeal: Appeal) -> None:
    sent(client)
    backlog(5)  # for a minute, and nothing has left
    page = sent(client, email="bob@example.org")
    assert HELD_UP in page
    assert "within 3 days; if it does not, please fill in the form once more" in page
    assert not BY.search(page)


def test_who_writes_a_letter_or_signs_for_an_organisation_is_told_too(
    context: Flask, client: FlaskClient, appeal: Appeal
) -> None:
    pausing.pause(pausing.ALL)
    assert HELD_UP in client.get(letter_stage.send(client).location).text
    page = client.get(test_organisations.add(client).location).text
    assert HELD_UP in page
    assert "The message does not name the organisation." in page


@pytest.mark.parametrize("key", [pausing.ALL, "appeal", "domain:example.org"])
def test_a_pause_has_no_end_that_is_known(client: FlaskClient, appeal: Appeal, key: str) -> None:
    pausing.pause(f"appeal:{appeal.id}" if key == "appeal" else key)
    assert HELD_UP in sent(client)


def test_a_domain_that_had_enough_in_this_hour_is_told_when_it_has_room(
    client: FlaskClient, appeal: Appeal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crowding, "AN_HOUR", 1)
    sent(client, email="alice@wrenhouse.org")
    told = BY.search(sent(client, email="bob@wrenhouse.org"))
    assert told
    assert told[2] == "2 hours"
    assert AS_EVER in sent(client, email="carol@quiet-street.org")


def test_who_had_signed_before_is_told_the_same(
    client: FlaskClient, appeal: Appeal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crowding, "AN_HOUR", 1)
    sent(client, email="alice@wrenhouse.org")
    session.execute(update(Signature).values(state="confirmed"))
    session.commit()
    again, new = (BY.search(sent(client, email=f"{who}@wrenhouse.org")) for who in ("alice", "bob"))
    assert again
    assert new
    assert (again[2], new[2]) == ("2 hours", "3 hours")  # one came meanwhile


def test_a_letter_and_an_organisation_that_nobody_is_asked_about_are_told_the_same(
    client: FlaskClient, appeal: Appeal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crowding, "AN_HOUR", 1)
    sent(client, email="alice@wrenhouse.org")
    sent(client, email="carol@wrenhouse.org")
    pages = [letter_stage.send(client, email="bob@wrenhouse.org").location]
    pages.append(test_organisations.add(client, email="dora@wrenhouse.org").location)
    before = [BY.search(client.get(page).text) for page in pages]
    assert all(before)
    subjects = select(Letter.submission_id).union_all(select(OrganisationSignOn.id))
    session.execute(delete(Message).where(Message.subject_id.in_(subjects)))
    session.commit()
    assert all(BY.search(client.get(page).text) for page in pages)


def test_later_it_is_told_that_the_time_has_come(
    client: FlaskClient, appeal: Appeal, move_clock: Callable[[timedelta], None], context: Flask
) -> None:
    page = sign(client).location
    draining.drain()
    session.close()
    move_clock(3 * MINUTE)
    context.extensions.pop("people's mail", None)
    assert AS_EVER in client.get(page).text


@pytest.mark.parametrize(
    ("waiting", "a_second", "oldest", "minutes"),
    [
        (0, 0.0, None, 0),  # nobody waits
        (600, 10.0, MINUTE, 1.5),
        (600, 0.0, MINUTE / 2, 0),  # they have just come, and nothing was to be sent before
        (600, 0.0, 2 * MINUTE, None),  # nothing leaves
    ],
)
def test_the_pace_is_what_was_measured(
    waiting: int, a_second: float, oldest: timedelta | None, minutes: float | None
) -> None:
    expected = None if minutes is None else NOON + minutes * MINUTE
    assert reckon(line(waiting, a_second, oldest=oldest), NOON) == expected


def test_who_came_earlier_stands_further_ahead() -> None:
    long = line(600, 1.0, oldest=10 * MINUTE)
    assert reckon(long, NOON) == NOON + 15 * MINUTE
    assert reckon(long, NOON - 5 * MINUTE) == NOON + 7.5 * MINUTE
    assert reckon(long, NOON - 11 * MINUTE) == NOON


@pytest.mark.parametrize(
    ("span", "told"),
    [
        (MINUTE, MINUTE),
        (1.1 * MINUTE, 2 * MINUTE),
        (51 * MINUTE, HOUR),
        (61 * MINUTE, 2 * HOUR),
        (25 * HOUR, 48 * HOUR),
    ],
)
def test_no_span_is_told_too_short(span: timedelta, told: timedelta) -> None:
    assert awaiting._rounded_up(span) == told


def test_an_outlook_never_names_a_moment_that_is_past() -> None:
    for minutes in range(1, 30):
        said: Any = awaiting._said(line(1, 1.0), NOON, NOON + minutes * MINUTE)
        assert isinstance(said, Outlook)
        assert said.by is not None
        assert said.by >= NOON + (minutes + 1) * MINUTE
