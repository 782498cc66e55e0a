"""The prisoner is free, or the text was wrong: what waits is stopped by one button, and each writer is told why."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from html import unescape
from pathlib import Path
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text, update

from campaign import i18n, tokens
from campaign.appeals.models import Appeal
from campaign.db import session
from campaign.letters import confirming, ending, overtaken_late, overtaking
from campaign.letters.models import Letter, Overtaking
from campaign.mail import claiming, holding, outbox, pausing, sweeping, transports
from campaign.mail.models import Message
from campaign.mail.moving import move
from campaign.mail.states import LETTERS, MAY_COME_FROM, State
from campaign.organisers import accounts, audit
from campaign.organisers.models import Organiser
from tests.desk import OLGA, press, signed_in
from tests.letter_stage import PATH, SLUG, WORDS, deliver, letters, messages, send, the_appeal, the_office

Mails = Callable[[], list[Path]]
DESK = f"/desk/appeals/{SLUG}/overtaken"


@pytest.fixture
def appeal(context: Flask) -> Appeal:
    return the_appeal()


@pytest.fixture
def waiting(appeal: Appeal, client: FlaskClient) -> None:
    """Bob's letter waits; Carol's goes in a digest; Dora has not confirmed; another office has a letter, too."""
    send(client)
    send(client, email="carol@example.org", message="Please act.")
    send(client, f"{PATH}/sr-truth", email="noise@example.org")
    confirm_all()
    send(client, email="dora@example.org")


def confirm_all() -> None:
    for letter in letters("pending"):
        confirming.confirm(letter.submission_id, {letter.id})


def states() -> list[tuple[str, str | None]]:
    session.rollback()
    session.expire_all()
    found = {message.subject_id: message.state for message in session.scalars(select(Message))}
    return [(letter.state, found.get(letter.id)) for letter in letters()]


def status(client: FlaskClient, letter: Letter) -> str:
    session.rollback()
    return unescape(client.get(f"/letters/{tokens.make('letters', letter.submission_id)}").get_data(as_text=True))


def test_it_works(app: Flask, appeal: Appeal, waiting: None, client: FlaskClient, mails: Mails) -> None:
    olga = signed_in(app)
    page = unescape(olga.get(DESK).text)
    assert "3 letters wait" in page
    assert "4 letters wait" in page
    assert states()[0] == ("confirmed", "ready")

    answer = press(olga, DESK, DESK, office="sr-iran", reason="wrong")
    assert answer.status_code == 303
    assert "3 letters are stopped" in olga.get(DESK).text
    assert states() == [
        ("overtaken", "cancelled"), ("overtaken", "cancelled"), ("confirmed", "ready"), ("overtaken", None),
    ]  # fmt: skip
    told = [mail for mail in deliver(mails) if mail["Subject"] == "Your letter was stopped before it left"]
    assert sorted(mail["To"] for mail in told) == ["bob@example.org", "carol@example.org"]
    assert all("Something in its text was wrong" in mail.get_content() for mail in told)
    assert all(SLUG not in mail.get_content() for mail in told)
    assert [mail["To"] for mail in deliver(mails) if mail["Reply-To"]] == ["sr-truth@office.invalid"]


def test_the_page_of_the_writer_says_why_when_and_offers_the_new_text(
    appeal: Appeal, waiting: None, client: FlaskClient
) -> None:
    overtaking.overtake(appeal, office=None, reason="wrong", by=accounts.add(OLGA))
    [bob, *_rest] = letters()
    page = status(client, bob)
    assert "Something in its text was wrong. It was stopped before it left." in page
    assert bob.ended_at
    assert f'datetime="{bob.ended_at.date().isoformat()}"' in page
    assert f"{PATH}/sr-iran" in page
    assert WORDS in page  # to be used again
    send(client, f"{PATH}/sr-iran?of=1")
    confirm_all()
    assert [letter.state for letter in letters()][-1] == "confirmed"


def test_the_appeal_s_page_says_on_which_day_and_why(
    appeal: Appeal, waiting: None, client: FlaskClient, app: Flask
) -> None:
    olga = accounts.add(OLGA)
    assert "were stopped" not in page_of(app, client)
    overtaking.overtake(appeal, office=the_office(), reason="wrong", by=olga)
    overtaking.overtake(appeal, office=None, reason="free", by=olga)
    on = i18n.day(session.scalars(select(Overtaking.at)).all()[0], "en")
    said = page_of(app, client)
    free = f"On {on}, the letters that had not left were stopped: the people they ask for are free."
    assert free in said
    assert f"On {on}, the letters that had not left were stopped: something in their text was wrong." in said
    assert said.count("Letters to:") == 1  # the other stop was of all
    assert free in page_of(app, client, "en", "/letters")
    others = [page_of(app, client, code) for code in ("ar", "es", "fa", "fr", "ru", "zh")]
    assert all("were stopped" not in other and 'class="notice narrow">' in other for other in others)


def test_a_press_that_stops_nothing_is_not_dated(
    appeal: Appeal, waiting: None, client: FlaskClient, app: Flask
) -> None:
    olga = accounts.add(OLGA)
    overtaking.overtake(appeal, office=None, reason="free", by=olga)
    overtaking.overtake(appeal, office=None, reason="wrong", by=olga)
    assert page_of(app, client).count("were stopped") == 1


def waits_for_a_lock(app: Flask) -> None:
    """Return once somebody waits for a row or a transaction."""
    asked = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
    until = time.monotonic() + 5
    with app.extensions["at once"].connect() as connection:
        while not connection.scalar(asked):
            assert time.monotonic() < until, "nobody waits"


def test_who_waits_for_a_worker_that_waits_for_them_tries_again(
    app: Flask, appeal: Appeal, waiting: None, client: FlaskClient
) -> None:
    first, *_, last = sorted(session.scalars(select(Message.id).where(Message.lane == LETTERS)))
    olga = accounts.add(OLGA).id
    session.commit()
    lock = text("SELECT FROM message WHERE id = :id FOR UPDATE")

    def press() -> int:
        with app.app_context():
            return overtaking.overtake(the_appeal_again(), office=None, reason="free", by=the_organiser(olga))

    with ThreadPoolExecutor(1) as pool, app.extensions["engine"].connect() as worker:
        worker.execute(lock, {"id": last})
        stopped = pool.submit(press)
        waits_for_a_lock(app)  # it holds the first meanwhile
        worker.execute(lock, {"id": first})
        worker.commit()
        assert stopped.result() == 4
    assert messages("overtaken") == 3


def the_appeal_again() -> Appeal:
    return session.scalars(select(Appeal).filter_by(slug=SLUG)).one()


def the_organiser(row: UUID) -> Organiser:
    return session.get_one(Organiser, row)


@pytest.mark.parametrize("at_once", [True, False])
def test_what_begins_to_leave_at_the_same_moment_is_tried_no_second_time(
    appeal: Appeal, client: FlaskClient, monkeypatch: pytest.MonkeyPatch, at_once: bool
) -> None:
    send(client)
    confirm_all()
    [claim] = claiming.claim(LETTERS, transports.CAPTURE, 1)
    cancel = outbox.cancel

    def busy() -> None:
        assert holding.finish([(claim, {})], State.DEFERRED, "busy", wait=timedelta(0))

    def meanwhile(*keys: str, why: str) -> int:
        if keys:
            assert holding.go_on((), [(claim, {})])
        found = cancel(*keys, why=why)
        if keys and at_once:
            busy()
        return found

    monkeypatch.setattr(outbox, "cancel", meanwhile)
    assert overtaking.overtake(appeal, office=None, reason="free", by=accounts.add(OLGA)) == 0
    if not at_once:
        busy()
    assert claiming.claim(LETTERS, transports.CAPTURE, 1) == []


def test_whose_letter_was_tried_last_at_that_moment_is_told_too(
    appeal: Appeal, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(client)
    confirm_all()
    [claim] = claiming.claim(LETTERS, transports.CAPTURE, 1)
    assert holding.go_on((), [(claim, {})])
    overtaking.overtake(appeal, office=None, reason="free", by=accounts.add(OLGA))
    assert holding.finish([(claim, {})], State.DEFERRED, "busy", wait=timedelta(0))
    assert overtaken_late.end_expired() == 0
    sweeping.sweep()
    assert overtaken_late.end_expired() == 1
    assert overtaken_late.end_expired() == 0
    assert (states(), messages("overtaken")) == ([("overtaken", "expired")], 1)


def test_what_was_overtaken_is_not_sent_again_by_hand(app: Flask, appeal: Appeal, client: FlaskClient) -> None:
    send(client)
    confirm_all()
    letter = letters()[0]
    session.execute(update(Message).where(Message.subject_id == letter.id).values(state=State.UNKNOWN))
    message = session.scalars(select(Message.id).where(Message.subject_id == letter.id)).one()
    overtaking.overtake(appeal, office=None, reason="wrong", by=accounts.add(OLGA))
    olga = signed_in(app)
    press(olga, f"/desk/outbox/{message}", f"/desk/outbox/{message}/retry")
    assert "must not be sent any more" in olga.get(f"/desk/outbox/{message}").text
    assert states() == [("confirmed", "unknown")]


def test_the_mails_that_tell_writers_wait_and_are_forgotten_with_their_appeal(
    appeal: Appeal, client: FlaskClient, mails: Mails
) -> None:
    send(client)
    confirm_all()
    pausing.pause(f"appeal:{appeal.id}", "people are in danger")
    overtaking.overtake(appeal, office=None, reason="free", by=accounts.add(OLGA))
    assert deliver(mails) == []
    outbox.forget_appeal(appeal.id)
    session.commit()
    session.expire_all()
    assert session.scalars(select(Message.recipient).where(Message.kind == overtaking.KIND)).all() == [None]


def page_of(app: Flask, client: FlaskClient, code: str = "en", more: str = "") -> str:
    session.rollback()
    app.wsgi_app._kept.clear()  # type: ignore[attr-defined] # what was made a moment ago
    return unescape(client.get(f"/{code}/{SLUG}{more}").text)


def let_again(kind: str) -> None:
    """The line breaks at a message, and a person lets it go once more."""
    [row] = session.scalars(select(Message.id).where(Message.kind == kind))
    for state in (State.LEASED, State.ATTEMPTING, State.UNKNOWN):
        assert move(Message.id == row, to=state, why="a test")
    outbox.retry(row)


@pytest.mark.parametrize("how", ["overtaken", "withdrawn", "cancelled", "expired"])
def test_what_may_have_left_once_was_not_stopped_before(
    appeal: Appeal, client: FlaskClient, mails: Mails, how: str
) -> None:
    send(client)
    confirm_all()
    let_again("letter")
    [bob] = letters()
    if how == "overtaken":
        assert overtaking.overtake(appeal, office=None, reason="free", by=accounts.add(OLGA)) == 1
        [told] = [mail for mail in deliver(mails) if mail["Subject"] == "Your letter goes no more"]
        assert "The people it asks for are free. The line broke" in " ".join(told.get_content().split())
    elif how == "withdrawn":
        assert ending.withdraw(bob.id)
    else:
        move(Message.kind == "letter", to=State(how), why="a test")
        session.commit()
    page = status(client, bob)
    assert "Nobody can know whether it arrived; it goes no more." in page
    assert "before it left" not in page
    assert "was not sent" not in page


def test_nobody_is_asked_to_write_again_for_who_is_free(appeal: Appeal, waiting: None, client: FlaskClient) -> None:
    overtaking.overtake(appeal, office=None, reason="free", by=accounts.add(OLGA))
    page = status(client, letters()[0])
    assert "The people it asks for are free" in page
    assert f"{PATH}/sr-iran" not in page


def test_each_writer_is_told_in_their_language_and_once(appeal: Appeal, client: FlaskClient, mails: Mails) -> None:
    send(client, f"/fr/{SLUG}/letters/sr-iran", email="chloe@example.org")
    both = letters()[0].submission_id
    session.execute(update(Letter).values(submission_id=both))
    confirm_all()
    first = letters()[0]
    send(client, f"{PATH}/sr-truth", email="chloe@example.org")
    session.execute(update(Letter).values(submission_id=both, page_language="fr"))
    session.commit()
    confirm_all()
    overtaking.overtake(appeal, office=None, reason="free", by=accounts.add(OLGA))
    assert messages("overtaken") == 1
    [row] = session.scalars(select(Message).where(Message.kind == "overtaken"))
    assert (row.language, row.lane, row.subject_id) == ("fr", outbox.PEOPLE, first.submission_id)


@pytest.mark.parametrize("state", sorted(State))
def test_only_what_has_not_left_is_stopped(appeal: Appeal, client: FlaskClient, state: State) -> None:
    send(client)
    confirm_all()
    session.execute(update(Message).where(Message.kind == "letter").values(state=state))
    session.commit()
    stopped = overtaking.overtake(appeal, office=the_office(), reason="changed", by=accounts.add(OLGA))
    unsent = state in MAY_COME_FROM[State.CANCELLED]
    assert stopped == unsent
    assert states() == [("overtaken", "cancelled") if unsent else ("confirmed", state)]
    assert messages("overtaken") == unsent


def test_a_second_press_stops_and_tells_nothing_more(appeal: Appeal, waiting: None) -> None:
    olga = accounts.add(OLGA)
    assert overtaking.overtake(appeal, office=None, reason="free", by=olga) == 4
    assert overtaking.overtake(appeal, office=None, reason="wrong", by=olga) == 0
    assert messages("overtaken") == 3


def test_who_was_erased_is_written_to_no_more(appeal: Appeal, waiting: None, mails: Mails) -> None:
    overtaking.overtake(appeal, office=None, reason="free", by=accounts.add(OLGA))
    for letter in letters("overtaken"):
        ending.erase(letter.id)
    assert not [mail for mail in deliver(mails) if "stopped" in mail["Subject"]]


def test_what_waited_for_its_writer_is_forgotten_and_cannot_be_confirmed(
    appeal: Appeal, waiting: None, client: FlaskClient
) -> None:
    overtaking.overtake(appeal, office=None, reason="wrong", by=accounts.add(OLGA))
    dora = letters()[-1]
    assert (dora.state, dora.sealed, dora.person_index) == ("overtaken", None, None)
    assert confirming.confirm(dora.submission_id, {dora.id}) == 0


def test_it_is_in_the_log_without_a_name(app: Flask, appeal: Appeal, waiting: None) -> None:
    olga = signed_in(app)
    press(olga, DESK, DESK, office="all", reason="free")
    [deed] = audit.listing(action="letters.overtaken")
    assert deed.details == {"office": "all", "reason": "free", "letters": 3}
    assert "stopped letters that were overtaken" in olga.get("/desk/log").text


@pytest.mark.parametrize(
    "form", [{}, {"office": "all"}, {"office": "nobody", "reason": "free"}, {"office": "all", "reason": "bored"}]
)
def test_a_form_without_office_or_reason_stops_nothing(
    app: Flask, appeal: Appeal, waiting: None, form: dict[str, str]
) -> None:
    before = states()
    press(signed_in(app), DESK, DESK, **form)
    assert states() == before
    assert messages("overtaken") == 0


def test_eve_stops_nothing(appeal: Appeal, waiting: None, client: FlaskClient) -> None:
    before = states()
    assert client.post(DESK, data={"office": "all", "reason": "free"}).status_code == 404
    assert states() == before
