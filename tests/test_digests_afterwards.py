"""What comes of a digest that was released: called back, overtaken, come back weeks later, or answered."""

# ruff: noqa: F811 - fixtures of another file are arguments here
from __future__ import annotations

from datetime import timedelta
from email import message_from_bytes, policy
from html import unescape
from uuid import UUID

import pytest
from flask import Flask, current_app
from flask.testing import FlaskClient
from sqlalchemy import select, update

from campaign import tokens
from campaign.appeals import queries
from campaign.appeals.models import Appeal
from campaign.appeals.queries import Published
from campaign.db import session
from campaign.errors import Refused
from campaign.letters import (
    confirming,
    digest_replying,
    digests,
    ending,
    expiring,
    following,
    gating,
    overtaking,
    recalling,
    sending,
    wishes,
)
from campaign.letters.models import Digest, DigestReply, Overtaking
from campaign.mail import draining, outbox, pausing, rendering, settling, sweeping
from campaign.mail.incoming import receiving
from campaign.mail.incoming.judging import Sort
from campaign.mail.models import Message
from campaign.mail.moving import CLOCK, move
from campaign.mail.states import State
from campaign.offices import queries as offices
from campaign.offices.models import OfficeAddress
from campaign.organisers import audit
from campaign.organisers.models import Organiser
from tests.desk import press, signed_in
from tests.letter_stage import PATH, SLUG, letters, send, the_office
from tests.postbag import filled, own_address
from tests.sink import Sink
from tests.test_gate import MANDATE, appeal, checked, noon, olga, relay  # noqa: F401 - fixtures
from tests.test_office_page import states

DESK = f"/desk/appeals/{SLUG}/digests"
NEW = "new@office.internal"


@pytest.fixture
def released(appeal: Appeal, olga: Organiser, relay: Sink, client: FlaskClient) -> Digest:
    """Two letters much alike, in a digest that Olga released and that waits for its turn; another office has one."""
    checked(by=olga)
    gating.open_gate(appeal, by=olga)
    for n, office in enumerate(("sr-iran", "sr-iran", "sr-truth")):
        send(client, f"{PATH}/{office}", email=f"writer{n}@people.internal", message="Please act.")
    for letter in letters("pending"):
        confirming.confirm(letter.submission_id, {letter.id})
    due(the_digest())
    digests.release(the_digest().id, published(), by=olga)
    return the_digest()


def due(digest: Digest) -> None:
    digest.due_at = CLOCK
    session.commit()


def published() -> Published:
    return queries.published(SLUG) or pytest.fail("no appeal")


def the_digest() -> Digest:
    """The first one of its office."""
    session.rollback()
    session.expire_all()
    found = select(Digest).where(Digest.office_id == the_office().id).order_by(Digest.created_at)
    return session.scalars(found).first() or pytest.fail("no digest")


def its_message() -> Message:
    session.rollback()
    session.expire_all()
    return outbox.state_of(digests.digest_key(the_digest().id)) or pytest.fail("no message")


def went(relay: Sink) -> list[str]:
    session.rollback()
    draining.drain()
    mails = [message_from_bytes(one.content, policy=policy.default) for one in relay.messages]
    return [mail["To"] for mail in mails if mail.get_content_type() == "multipart/mixed"]


def retire() -> None:
    session.execute(update(OfficeAddress).where(OfficeAddress.email == MANDATE).values(status="retired"))
    session.commit()
    session.expire_all()


def delivered(relay: Sink) -> Message:
    assert went(relay) == [MANDATE]
    following.settle()
    return its_message()


def its_writers_page(client: FlaskClient) -> str:
    session.rollback()
    return unescape(client.get(f"/letters/{tokens.make('letters', letters()[0].submission_id)}").text)


def test_it_works(released: Digest, relay: Sink, client: FlaskClient, app: Flask, olga: Organiser) -> None:
    """Called back when its address is retired, shown on the desk, released again, gone to the new address."""
    retire()
    assert recalling.recall() == 1
    assert recalling.recall() == 0
    assert (its_message().state, the_digest().state) == ("held", "recalled")
    assert states() == ["folded", "folded"]
    assert went(relay) == []
    assert "waits for the digest" in its_writers_page(client)
    browser = signed_in(app)
    assert "called back" in browser.get(DESK).text
    press(browser, DESK, f"{DESK}/{released.id}/release")
    assert "Nobody has checked the address" in browser.get(DESK).text
    assert went(relay) == []

    checked(email=NEW, by=olga)
    press(browser, DESK, f"{DESK}/{released.id}/release")
    assert went(relay) == [NEW]
    following.settle()
    assert (the_digest().state, states()) == ("delivered", ["settled", "settled"])
    assert [deed.action for deed in audit.listing(subject="office sr-iran")] == ["digest.recalled"]


@pytest.mark.parametrize("state", ["ready", "deferred"])
@pytest.mark.parametrize("change", ["too old", "replaced"])
def test_no_digest_goes_to_an_address_of_old(
    released: Digest,
    relay: Sink,
    olga: Organiser,
    state: str,
    change: str,
) -> None:
    session.execute(update(Message).where(Message.kind == "digest").values(state=state))
    if change == "too old":
        long_ago = offices.today() - timedelta(days=91)
        session.execute(update(OfficeAddress).where(OfficeAddress.email == MANDATE).values(checked_on=long_ago))
    session.commit()
    session.expire_all()
    if change == "replaced":
        checked(email=NEW, by=olga)
    assert recalling.recall() == 1
    sending.release()
    assert went(relay) == []
    assert states() == ["folded", "folded"]


def test_a_digest_to_a_good_address_is_left_alone(released: Digest, relay: Sink) -> None:
    assert recalling.recall() == 0
    assert delivered(relay).state == "accepted"


def test_a_writer_may_leave_a_digest_that_was_called_back(released: Digest, relay: Sink, olga: Organiser) -> None:
    box = rendering.prepare(its_message(), its_message().created_at)
    assert box
    session.execute(update(Message).where(Message.kind == "digest").values(**box.kept))
    session.commit()
    retire()
    recalling.recall()
    assert ending.withdraw(letters()[0].id)
    checked(email=NEW, by=olga)
    digests.release(released.id, published(), by=olga)
    assert went(relay) == [NEW]
    assert any(b"Letters from 1 person" in one.content or b"A letter from" in one.content for one in relay.messages)
    assert the_digest().letters == 1


@pytest.mark.parametrize("end", ["cancelled", "expired"])
def test_letters_of_one_called_back_are_not_lost_with_it(released: Digest, end: str) -> None:
    retire()
    recalling.recall()
    session.execute(update(Message).where(Message.kind == "digest").values(state=end))
    session.commit()
    assert following.settle() == 1
    assert states() == ["folded", "folded"]
    assert {letter.digest_id for letter in letters()} & {released.id} == set()


def test_writers_are_told_that_a_stopped_one_may_have_left_before(
    released: Digest, appeal: Appeal, olga: Organiser, client: FlaskClient
) -> None:
    row = its_message().id
    for state in (State.LEASED, State.ATTEMPTING, State.UNKNOWN):
        assert move(Message.id == row, to=state, why="a test")
    outbox.retry(row)
    overtaking.overtake(appeal, office=the_office(), reason="free", by=olga)
    page = its_writers_page(client)
    assert "Nobody can know whether it arrived; it goes no more." in page
    assert "before it left" not in page


def test_nothing_gathers_anew_for_its_office_while_all_offices_are_overtaken(
    released: Digest, appeal: Appeal, olga: Organiser, monkeypatch: pytest.MonkeyPatch
) -> None:
    session.execute(update(Message).where(Message.kind == "digest").values(state="attempting"))
    session.commit()
    held: list[UUID] = []
    alone_with = wishes.alone_with

    def noted(office: UUID) -> None:
        held.append(office)
        alone_with(office)

    monkeypatch.setattr(wishes, "alone_with", noted)
    overtaking.overtake(appeal, office=None, reason="free", by=olga)
    assert released.office_id in held


def test_one_that_waits_for_its_turn_is_released_once(released: Digest, olga: Organiser) -> None:
    with pytest.raises(Refused, match="released already"):
        digests.release(released.id, published(), by=olga)


# Come back late


def test_letters_come_back_with_their_digest(
    released: Digest,
    relay: Sink,
    client: FlaskClient,
    app: Flask,
    olga: Organiser,
) -> None:
    message = delivered(relay)
    session.execute(update(Message).where(Message.kind == "digest").values(state="settled"))
    session.commit()
    assert "It was delivered in the digest of" in its_writers_page(client)
    assert receiving.receive(filled("dsn/postfix.hard.eml", message)) is Sort.HARD
    assert following.settle() == 1
    assert following.settle() == 0
    assert (the_digest().state, states()) == ("bounced", ["folded", "folded"])
    page = its_writers_page(client)
    assert "The digest that it went in came back" in page
    assert "delivered in" not in page
    assert states("sr-truth") == ["folded"]
    shown = unescape(signed_in(app).get(DESK).text)
    assert "came back; its letters gather again" in shown
    assert "look at the office’s address" in shown

    pausing.resume("office:sr-iran")
    again = session.scalars(
        select(Digest).where(Digest.office_id == the_office().id, Digest.state == "gathering")
    ).one()
    due(again)
    digests.release(again.id, published(), by=olga)
    message = outbox.state_of(digests.digest_key(again.id)) or pytest.fail("no message")
    assert (message.state, message.mode, again.letters) == ("ready", "live", 2)


def test_letters_that_the_office_confirmed_stay_delivered(released: Digest, relay: Sink) -> None:
    message = delivered(relay)
    wishes.received(the_office(), until=message.changed_at + timedelta(hours=1))
    receiving.receive(filled("dsn/postfix.hard.eml", message))
    following.settle()
    assert (the_digest().state, states()) == ("bounced", ["settled", "settled"])


def test_letters_to_an_office_that_objected_came_back_and_wait_for_nothing(released: Digest, relay: Sink) -> None:
    message = delivered(relay)
    wishes.stop(the_office())
    receiving.receive(filled("dsn/postfix.hard.eml", message))
    following.settle()
    assert states() == ["bounced", "bounced"]


def test_letters_that_come_back_after_a_year_do_not_expire_at_once(released: Digest, relay: Sink) -> None:
    message = delivered(relay)
    session.execute(update(Message).where(Message.kind == "letter").values(expires_at=CLOCK))
    session.commit()
    receiving.receive(filled("dsn/postfix.hard.eml", message))
    following.settle()
    left = session.scalars(select(Message.expires_at - CLOCK).where(Message.budget_key == "office:sr-iran",
                                                                    Message.kind == "letter"))  # fmt: skip
    assert all(time > timedelta(days=59) for time in left)


# Overtaken


def test_a_digest_that_was_written_already_is_overtaken_with_its_letters(
    released: Digest,
    relay: Sink,
    appeal: Appeal,
    olga: Organiser,
    app: Flask,
) -> None:
    box = rendering.prepare(its_message(), its_message().created_at)
    assert box
    session.execute(update(Message).where(Message.kind == "digest").values(state="deferred", **box.kept))
    session.commit()
    assert overtaking.overtake(appeal, office=the_office(), reason="free", by=olga) == 2
    assert (its_message().state, its_message().content, the_digest().state) == ("cancelled", None, "overtaken")
    assert went(relay) == []
    assert following.settle() == 0
    assert (states(), states("sr-truth")) == (["cancelled", "cancelled"], ["folded"])
    assert "its letters were overtaken" in signed_in(app).get(DESK).text


@pytest.mark.parametrize("state", ["attempting", "unknown", "accepted"])
def test_letters_whose_digest_is_on_its_way_are_not_said_to_be_stopped(
    released: Digest,
    appeal: Appeal,
    olga: Organiser,
    state: str,
) -> None:
    session.execute(update(Message).where(Message.kind == "digest").values(state=state))
    session.commit()
    assert overtaking.waiting(appeal.id) == {the_office("sr-truth").id: 1}
    assert overtaking.overtake(appeal, office=None, reason="free", by=olga) == 1
    assert (states(), its_message().state) == (["folded", "folded"], state)


@pytest.mark.parametrize("state", ["unknown", "attempting"])
def test_letters_of_a_digest_that_was_lost_after_they_were_overtaken_do_not_gather_again(
    released: Digest, relay: Sink, appeal: Appeal, olga: Organiser, client: FlaskClient, app: Flask, state: str
) -> None:
    session.execute(update(Message).where(Message.kind == "digest").values(state=state))
    session.commit()
    overtaking.overtake(appeal, office=the_office(), reason="free", by=olga)
    assert states() == ["folded", "folded"]
    if state == "unknown":
        settling.settle(its_message().id, sent=False)
        session.commit()
    else:  # its receiver puts it off, so a worker would try again
        session.execute(update(Message).where(Message.kind == "digest").values(state="deferred", not_before=CLOCK))
        session.commit()
        assert went(relay) == []
        sweeping.sweep()
    assert following.settle() == 1
    assert (the_digest().state, states()) == ("overtaken", ["cancelled", "cancelled"])
    assert {letter.state for letter in letters() if letter.office_id == the_office().id} == {"overtaken"}
    assert session.scalars(select(Digest).where(Digest.office_id == the_office().id)).all() == [the_digest()]
    told = select(Message.id).where(Message.kind == "overtaken")
    assert len(session.scalars(told).all()) == 2
    assert "The people it asks for are free" in its_writers_page(client)
    assert "its letters were overtaken" in signed_in(app).get(DESK).text


def test_letters_that_come_back_after_they_were_overtaken_do_not_gather_again(
    released: Digest, relay: Sink, appeal: Appeal, olga: Organiser, app: Flask
) -> None:
    message = delivered(relay)
    overtaking.overtake(appeal, office=None, reason="wrong", by=olga)
    receiving.receive(filled("dsn/postfix.hard.eml", message))
    following.settle()
    assert (the_digest().state, states()) == ("bounced", ["bounced", "bounced"])
    shown = signed_in(app).get(DESK).text
    assert "came back; its letters were overtaken and wait no more" in shown
    assert "gather again" not in shown


def test_what_was_overtaken_before_the_release_says_nothing_of_a_later_digest(
    released: Digest, appeal: Appeal, olga: Organiser
) -> None:
    overtaking.overtake(appeal, office=the_office("sr-truth"), reason="free", by=olga)
    session.execute(update(Overtaking).values(office_id=None, at=Overtaking.at - timedelta(hours=1)))
    session.execute(update(Message).where(Message.kind == "digest").values(state="failed"))
    session.commit()
    following.settle()
    assert (the_digest().state, states()) == ("failed", ["folded", "folded"])


def test_a_letter_that_is_put_off_after_it_was_overtaken_goes_no_more(
    appeal: Appeal, olga: Organiser, relay: Sink, client: FlaskClient
) -> None:
    checked(by=olga)
    gating.open_gate(appeal, by=olga)
    send(client)
    for letter in letters("pending"):
        confirming.confirm(letter.submission_id, {letter.id})
    session.execute(update(Message).where(Message.kind == "letter").values(state="attempting"))
    session.commit()
    overtaking.overtake(appeal, office=the_office(), reason="free", by=olga)
    session.execute(update(Message).where(Message.kind == "letter").values(state="deferred", not_before=CLOCK))
    session.commit()
    draining.drain()
    sweeping.sweep()
    assert states() == ["expired"]
    assert not [one for one in relay.messages if MANDATE in one.recipients]


# Answered


def answer(message: Message, **more: bytes) -> Sort:
    raw = filled("replies/plain.reply.eml", message, own_address(message, "campaign+l.{}@" + own_domain()))
    for old, new in more.items():
        raw = raw.replace(old.encode(), new)
    return receiving.receive(raw)


def own_domain() -> str:
    return str(current_app.config["MAIL_FROM"]).rpartition("@")[2]


def test_a_reply_goes_once_to_who_released_the_digest(released: Digest, relay: Sink, app: Flask) -> None:
    message = delivered(relay)
    assert [answer(message) for _ in range(2)] == [Sort.REPLY, Sort.REPLY]
    [story] = [e.why for e in outbox.history(message.id) if e.why == "a reply"]
    assert story
    row = session.scalars(select(Message).where(Message.kind == digest_replying.KIND)).one()
    shown = unescape(signed_in(app).get(DESK).text)
    assert "The Special Rapporteur has read your letter." in shown
    assert "mandate@offices.internal" in shown
    box = rendering.prepare(row, row.created_at)
    assert box
    mail = message_from_bytes(box.content, policy=policy.default)
    assert (mail["To"], mail["Reply-To"]) == ("olga@example.org", "mandate@offices.internal")
    assert mail["Auto-Submitted"] == "auto-generated"
    assert "The Special Rapporteur has read your letter." in mail.get_content()
    assert not letters()[0].received_at


def test_a_reply_is_kept_for_the_desk_when_who_released_has_left(
    released: Digest, relay: Sink, olga: Organiser
) -> None:
    message = delivered(relay)
    session.execute(update(Organiser).where(Organiser.id == olga.id).values(disabled_at=CLOCK))
    session.commit()
    session.expire_all()
    answer(message)
    assert session.scalars(select(Message).where(Message.kind == digest_replying.KIND)).all() == []
    assert len(digest_replying.of(published().appeal)) == 1


def test_a_correspondence_has_an_end(released: Digest, relay: Sink) -> None:
    message = delivered(relay)
    for n in range(22):
        answer(message, **{"Thank you.": b"Number %d." % n})
    assert len(digest_replying.of(published().appeal)) == 20


@pytest.mark.parametrize("name", ["automatic/rfc3834.auto_reply.eml"])
def test_no_machine_s_answer_goes_on(released: Digest, relay: Sink, name: str) -> None:
    receiving.receive(filled(name, delivered(relay)))
    assert digest_replying.of(published().appeal) == []


@pytest.mark.parametrize("how", ["thirty days", "the appeal forgets"])
def test_the_words_are_forgotten_and_the_day_stays(released: Digest, relay: Sink, appeal: Appeal, how: str) -> None:
    answer(delivered(relay))
    if how == "thirty days":
        session.execute(update(DigestReply).values(received_at=DigestReply.received_at - timedelta(days=31)))
        session.commit()
        expiring.expire()
    else:
        ending.forget_everyone(appeal.id)
        session.commit()
    [left] = digest_replying.of(published().appeal)
    assert (left.said, bool(left.received_at)) == (None, True)
    row = session.scalars(select(Message).where(Message.kind == digest_replying.KIND)).one()
    assert digest_replying.passed_on(row, "") is None


def test_the_log_names_an_appeal_in_one_way(released: Digest, appeal: Appeal, olga: Organiser) -> None:
    gating.plan(appeal, finish_by=None, urgent=True, by=olga)
    gating.close_gate(appeal, by=olga)
    overtaking.overtake(appeal, office=None, reason="free", by=olga)
    deeds = {deed.action for deed in audit.listing(subject=f"appeal {SLUG}")}
    gate = {"letters.gate_opened", "letters.gate_closed", "letters.planned"}
    assert deeds >= gate | {"digest.released", "letters.overtaken"}
