"""Who is not written to: Olga adds and lifts and sees no address; what bounced is told where it is watched."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from campaign import tokens
from campaign.db import session
from campaign.letters import confirming
from campaign.mail import outbox, scrubbing, suppressing, sweeping
from campaign.mail.addresses import Address
from campaign.mail.incoming import receiving
from campaign.mail.models import Message, Suppression
from campaign.organisers import audit
from campaign.petition.models import Signature
from tests import cast, letter_stage
from tests.desk import Browser, press, signed_in
from tests.post_office import ALICE, Post
from tests.postbag import filled
from tests.sink import DROP, Sink

PAGE = "/desk/suppressions"
BOB = "bob@people.internal"


@pytest.fixture
def olga(context: Flask) -> FlaskClient:
    return signed_in(context)


def words_of(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def index(email: str) -> bytes:
    return Address.parse(email).index()


def listed() -> set[bytes]:
    session.rollback()
    return set(session.scalars(select(Suppression.recipient_index)))


def deeds() -> list[tuple[str, dict[str, str]]]:
    session.rollback()
    return [
        (deed.action, deed.details) for deed in audit.listing() if deed.action.startswith(("suppression", "message"))
    ]


def test_it_works(olga: FlaskClient, post: Post, live: Sink) -> None:
    assert press(olga, PAGE, PAGE, email=ALICE, reason="asked us", days="30").status_code == 303
    page = olga.get(PAGE).text
    assert "the person asked us" in words_of(page)
    assert ALICE not in page
    held, other = post.confirm("confirm:1"), post.confirm("confirm:2", to=BOB)
    post.drain()
    sweeping.sweep()
    assert (post.state(held), post.state(other)) == ("suppressed", "accepted")
    assert press(olga, PAGE, f"{PAGE}/lift", **{"again-email": ALICE}).status_code == 303
    again = post.confirm("confirm:3")
    post.drain()
    assert post.state(again) == "accepted"
    assert deeds() == [("suppression.lifted", {}), ("suppression.added", {"reason": "asked us", "lasting": "30"})]


def test_a_line_of_the_list_is_lifted_without_its_address(olga: FlaskClient) -> None:
    for email in (ALICE, BOB):
        suppressing.suppress(index(email), suppressing.DEAD)
    session.commit()
    press(olga, PAGE, f"{PAGE}/lift-row", row=index(ALICE).hex())
    assert listed() == {index(BOB)}
    press(olga, PAGE, f"{PAGE}/lift-row", row=index(ALICE).hex())
    assert "That address is not on the list." in olga.get(PAGE).text
    assert press(olga, PAGE, f"{PAGE}/lift-row", row="no number").status_code == 404
    assert [deed for deed, _ in deeds()] == ["suppression.lifted"]


@pytest.mark.parametrize(
    "wrong", [{"email": "nonsense"}, {"reason": "Alice Moreau asked"}, {"days": "1"}, {"reason": ""}, {"days": ""}]
)
def test_only_an_address_and_offered_choices_are_taken(olga: FlaskClient, wrong: dict[str, str]) -> None:
    given = {"email": ALICE, "reason": "other", "days": "always"} | wrong
    answer = press(olga, PAGE, PAGE, **{name: value for name, value in given.items() if value})
    assert answer.status_code == 422
    assert "There is a problem" in answer.text
    assert listed() == set()
    assert deeds() == []


def test_eve_gets_nowhere(app: Flask, context: Flask) -> None:
    eve = Browser(app, app.response_class)
    suppressing.suppress(index(ALICE), suppressing.DEAD)
    session.commit()
    assert eve.get(PAGE).status_code == 303
    for path in ("", "/lift", "/lift-row"):
        assert eve.post(PAGE + path, data={"row": index(ALICE).hex(), "again-email": ALICE}).status_code == 404
    assert listed() == {index(ALICE)}


def test_the_list_is_paged(olga: FlaskClient) -> None:
    for n in range(60):
        suppressing.suppress(index(f"p{n}@people.internal"), suppressing.FAILS)
    session.commit()
    first = olga.get(PAGE).text
    older = re.search(r'href="([^"]+)" rel="next"', first)
    assert older
    second = olga.get(older[1].replace("&amp;", "&")).text
    rows = [re.findall(r'name="row" value="(\w+)"', page) for page in (first, second)]
    assert (len(rows[0]), len(rows[1]), len({*rows[0], *rows[1]})) == (50, 10, 60)
    assert olga.get(f"{PAGE}?before=nonsense").status_code == 404


@pytest.mark.parametrize(
    ("first", "second", "stands"),
    [
        ({"reason": "a"}, {"reason": "b"}, "a"),
        ({"reason": "a"}, {"reason": "b", "lasting": timedelta(days=9)}, "a"),
        ({"reason": "a", "lasting": timedelta(days=1)}, {"reason": "b"}, "b"),
        ({"reason": "a", "lasting": timedelta(days=9)}, {"reason": "b", "lasting": timedelta(days=1)}, "a"),
        ({"reason": "a", "lasting": timedelta(days=-1)}, {"reason": "b", "lasting": timedelta(days=1)}, "b"),
        ({"reason": "a", "updates_only": True}, {"reason": "b", "lasting": timedelta(days=1)}, "b"),
        ({"reason": "a", "lasting": timedelta(days=1)}, {"reason": "b", "updates_only": True}, "a"),
    ],
)
def test_what_reaches_further_stands(context: Flask, first: dict, second: dict, stands: str) -> None:  # type: ignore[type-arg]
    suppressing.suppress(index(ALICE), **first)
    suppressing.suppress(index(ALICE), **second)
    session.commit()
    (row,) = session.scalars(select(Suppression))
    assert row.reason == stands


def test_what_no_longer_holds_is_dropped(context: Flask) -> None:
    suppressing.suppress(index(ALICE), "a", lasting=timedelta(days=-1))
    suppressing.suppress(index(BOB), "b", lasting=timedelta(days=1))
    session.commit()
    scrubbing.scrub()
    assert listed() == {index(BOB)}


# A message of which nobody knows


def an_unknown_letter(post: Post, live: Sink) -> Message:
    live.answers["DOT"] = [DROP]
    row = post.letter()
    post.drain()
    assert post.state(row) == "unknown"
    return post.row(row)


@pytest.mark.parametrize(("sent", "state", "deed"), [("yes", "accepted", "as_sent"), ("no", "failed", "as_lost")])
def test_olga_leaves_an_unknown_message_as_it_is(
    olga: FlaskClient, post: Post, live: Sink, sent: str, state: str, deed: str
) -> None:
    row = an_unknown_letter(post, live)
    page = f"/desk/outbox/{row.id}"
    assert "Leave it" in olga.get(page).text
    for _ in range(2):
        press(olga, page, f"{page}/settle", sent=sent)
    assert post.state(row.id) == state
    assert post.row(row.id).settled_by_hand
    assert deeds() == [(f"message.taken_{deed}", {})]
    assert "Leave it" not in olga.get(page).text
    post.due()
    post.drain()
    assert len(live.messages) == 1


def test_an_answered_message_was_not_settled_by_hand(post: Post, live: Sink) -> None:
    live.answers["RCPT"] = ["550 5.1.1 gone"]
    refused = post.letter("letter:1")
    post.drain()
    accepted = post.letter("letter:2", to="another@offices.internal")
    post.drain()
    assert [post.state(row) for row in (refused, accepted)] == ["failed", "accepted"]
    assert not post.row(refused).settled_by_hand
    assert not post.row(accepted).settled_by_hand


# Told where it is watched


@pytest.fixture
def signed(context: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> str:
    """The page that Alice watches after signing; Noise has signed too."""
    monkeypatch.setitem(context.config, "MAIL_FROM", "campaign@appeal.internal")
    cast.the_appeal()
    cast.sign(client, name="Noise Maker", email="noise@example.org")
    return str(cast.sign(client).headers["Location"])


def bounce(kind: str, email: str) -> None:
    """Let the newest mail of a kind to an address be accepted, and come back."""
    session.rollback()
    newest = select(Message).where(Message.kind == kind, Message.recipient_index == index(email))
    message = session.scalars(newest.order_by(Message.created_at.desc())).first()
    assert message
    session.execute(update(Message).where(Message.id == message.id).values(state="accepted"))
    session.commit()
    receiving.receive(filled("dsn/postfix.hard.eml", message))


def shown(client: FlaskClient, url: str) -> str:
    session.rollback()
    session.expire_all()
    return re.sub(r"/sent/[\w.=~-]+", "/sent/…", client.get(url).text)


def test_who_signed_is_told_that_the_mail_came_back(signed: str, client: FlaskClient) -> None:
    before = shown(client, signed)
    assert "could not be delivered" not in before
    bounce("confirm", "noise@example.org")
    assert shown(client, signed) == before
    bounce("confirm", "alice@example.org")
    assert "could not be delivered to that address. Please check it and sign again." in shown(client, signed)


def test_the_page_looks_the_same_for_who_had_signed_before(signed: str, client: FlaskClient) -> None:
    other = str(cast.sign(client, name="Carol", email="carol@example.org").headers["Location"])
    alices = update(Signature).where(Signature.person_index == index("alice@example.org"))
    session.execute(alices.values(state="confirmed"))
    session.commit()
    again = str(cast.sign(client).headers["Location"])
    assert shown(client, again) == shown(client, other)
    bounce("confirm", "carol@example.org")
    bounce("already_signed", "alice@example.org")
    assert "could not be delivered" in shown(client, other)
    assert shown(client, again) == shown(client, other)


def test_who_wrote_is_told_that_the_mail_came_back(
    context: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(context.config, "MAIL_FROM", "campaign@appeal.internal")
    letter_stage.the_appeal()
    letter_stage.send(client, email="noise@example.org", name="Noise Maker")
    page = str(letter_stage.send(client).headers["Location"])
    assert "did not take our mail" not in shown(client, page)
    bounce("letter_confirm", "noise@example.org")
    assert "did not take our mail" not in shown(client, page)
    bounce("letter_confirm", "bob@example.org")
    assert "The address you gave did not take our mail." in shown(client, page)


def test_a_letter_that_came_back_is_shown_to_its_writer_and_to_olga(
    context: Flask,
    client: FlaskClient,
    olga: FlaskClient,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(context.config, "MAIL_FROM", "campaign@appeal.internal")
    letter_stage.the_appeal()
    letter_stage.send(client)
    (letter,) = letter_stage.letters()
    confirming.confirm(letter.submission_id, {letter.id})
    message = outbox.state_of(f"letter:{letter.id}")
    assert message
    session.execute(update(Message).where(Message.id == message.id).values(state="accepted"))
    session.commit()
    receiving.receive(filled("dsn/exim.hard.eml", message))
    page = shown(client, f"/letters/{tokens.make('letters', letter.submission_id)}")
    assert "took it first and sent it back later" in page
    assert "came back" in words_of(olga.get(f"/desk/outbox/{message.id}").text)
