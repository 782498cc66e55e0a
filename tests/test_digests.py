"""Letters much like others go together: gathered, looked at, released by a named organiser, one PDF for an office."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from html import unescape
from pathlib import Path
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from campaign import tokens
from campaign.appeals import queries
from campaign.appeals.models import Appeal
from campaign.appeals.queries import Published
from campaign.db import session
from campaign.errors import Refused
from campaign.letters import confirming, digests, ending, fetching, following, gating, office_links, papers, wishes
from campaign.letters.models import Digest
from campaign.letters.papers import Block, Paper, Section
from campaign.mail import outbox, rendering
from campaign.mail.models import Message, MessageEvent
from campaign.mail.states import State
from campaign.organisers import accounts, audit
from campaign.organisers.models import Organiser
from tests.desk import OLGA, press, signed_in
from tests.letter_stage import PATH, SLUG, WORDS, deliver, letters, send, the_appeal, the_office
from tests.test_office_page import OTHER, states

Mails = Callable[[], list[Path]]
Move = Callable[[timedelta], None]
DESK = f"/desk/appeals/{SLUG}/digests"
WEEK = timedelta(days=7, minutes=1)
LINK = "http://127.0.0.1:8000/office/x"
MARKUP = ['#panic("x")', '#read("/etc/passwd")', "]] #{ \\", "$ x $ *b* _", "@a <b>", "#let text = 1"]


@pytest.fixture
def appeal(context: Flask) -> Appeal:
    return the_appeal()


@pytest.fixture
def gathered(appeal: Appeal, client: FlaskClient) -> UUID:
    """Six near-identical letters to one office, one with a name; Bob's own goes alone, and another office has one."""
    send(client)
    for n in range(5):
        send(client, email=f"writer{n}@example.org", name=f"Writer {n}", country="FR", message="Please act.")
    send(client, email="anna@example.org", name="Anna Agreed", country="CL", message="Act, please!", digest_name="y")
    send(client, f"{PATH}/sr-truth", email="noise@example.org", name="Noise Maker", message="Noise.")
    confirm_all()
    return the_digest().id


def confirm_all() -> None:
    for letter in letters("pending"):
        confirming.confirm(letter.submission_id, {letter.id})


def the_digest(slug: str = "sr-iran") -> Digest:
    session.rollback()
    session.expire_all()
    found = session.scalars(select(Digest).where(Digest.office_id == the_office(slug).id))
    return found.first() or pytest.fail("no digest")


def published() -> Published:
    return queries.published(SLUG) or pytest.fail("no appeal")


def olga() -> Organiser:
    return accounts.add(OLGA)


def everything(paper: Paper) -> str:
    return repr(paper)


def test_it_works(app: Flask, gathered: UUID, client: FlaskClient, mails: Mails, move_clock: Move) -> None:
    assert sorted(states()) == ["folded"] * 6 + ["ready"]
    session.rollback()
    move_clock(WEEK)
    browser = signed_in(app)
    page = unescape(browser.get(DESK).text)
    assert "6 letters" in page
    preview = browser.get(f"{DESK}/{gathered}/letters.pdf")
    assert (preview.mimetype, preview.data[:5]) == ("application/pdf", b"%PDF-")
    assert press(browser, DESK, f"{DESK}/{gathered}/release").status_code == 303

    went = [mail for mail in deliver(mails) if mail.get_content_type() == "multipart/mixed"]
    [mail] = went
    assert mail["To"] == "sr-iran@office.invalid"
    assert "Letters from 6 people" in mail["Subject"]
    body = mail.get_body(("plain",))
    assert body
    assert "/office/" in body.get_content()
    [attached] = mail.iter_attachments()
    assert attached.get_content()[:5] == b"%PDF-"
    assert following.settle() == 1
    assert sorted(states()) == ["accepted"] + ["settled"] * 6
    assert the_digest().state == "delivered"
    assert states("sr-truth") == ["folded"]
    [deed] = audit.listing(action="digest.released")
    assert deed.details == {"office": "sr-iran", "letters": 6}
    assert deed.organiser_id == olga().id


def test_what_it_says_points_at_nobody_who_did_not_agree(gathered: UUID) -> None:
    paper = digests.held_now(the_digest(), published()).paper()
    said = everything(paper)
    assert ("People", "6") in paper.facts
    assert ("Countries", "France 5, elsewhere or not said 1") in paper.facts
    assert "Writer" not in said
    assert "@" not in said.replace(paper.link, "")
    assert "Noise" not in said
    assert "uncle" not in said
    ask, own = paper.sections
    assert "follow up the findings" in ask.blocks[0].words
    assert [(block.words, block.by) for block in own.blocks] == [
        ("Please act.", "Name withheld"), ("Act, please!", "Anna Agreed"),
    ]  # fmt: skip
    assert "4 more" in paper.note
    assert "/office/" in paper.link


def test_the_writer_sees_where_the_letter_is(
    gathered: UUID, client: FlaskClient, mails: Mails, move_clock: Move
) -> None:
    anna = letters()[6]
    page = f"/letters/{tokens.make('letters', anna.submission_id)}"
    assert "waits for the digest" in client.get(page).get_data(as_text=True)
    session.rollback()
    move_clock(WEEK)
    digests.release(gathered, published(), by=olga())
    deliver(mails)
    following.settle()
    session.execute(update(Message).where(Message.kind == "letter").values(mode="live"))
    session.commit()
    assert "It was delivered in the digest of" in unescape(client.get(page).get_data(as_text=True))


def test_it_gathers_a_week_and_waits_for_a_person(gathered: UUID, mails: Mails, move_clock: Move) -> None:
    with pytest.raises(Refused, match="gathers until"):
        digests.release(gathered, published(), by=olga())
    session.rollback()
    move_clock(timedelta(days=30))
    deliver(mails)
    assert following.settle() == 0
    assert states().count("folded") == 6


def test_an_urgent_appeal_gathers_a_day_unless_the_office_chose_weekly(
    gathered: UUID, appeal: Appeal, move_clock: Move
) -> None:
    gating.plan(appeal, finish_by=None, urgent=True, by=olga())
    session.rollback()
    move_clock(timedelta(days=1, minutes=1))
    wishes.choose(the_office(), wishes.WEEKLY)
    with pytest.raises(Refused, match="gathers until"):
        digests.release(gathered, published(), by=olga())
    wishes.choose(the_office(), wishes.EACH)
    digests.release(gathered, published(), by=olga())
    assert the_digest().state == "released"


def test_letting_it_wait_adds_a_week(app: Flask, gathered: UUID, move_clock: Move) -> None:
    session.rollback()
    move_clock(WEEK)
    browser = signed_in(app)
    press(browser, DESK, f"{DESK}/{gathered}/wait")
    with pytest.raises(Refused, match="gathers until"):
        digests.release(gathered, published(), by=olga())
    assert audit.listing(action="digest.postponed")


@pytest.mark.parametrize("choice", ["none", "stop"])
def test_an_office_that_wants_nothing_gets_no_digest(gathered: UUID, move_clock: Move, choice: str) -> None:
    wishes.stop(the_office()) if choice == "stop" else wishes.choose(the_office(), choice)
    session.rollback()
    move_clock(WEEK)
    with pytest.raises(Refused, match="wants nothing"):
        digests.release(gathered, published(), by=olga())


def test_it_goes_once(gathered: UUID, mails: Mails, move_clock: Move) -> None:
    session.rollback()
    move_clock(WEEK)
    digests.release(gathered, published(), by=olga())
    for act in (digests.release, digests.wait):
        with pytest.raises(Refused, match="released already"):
            act(gathered, published(), by=olga())
        session.rollback()
    assert len([mail for mail in deliver(mails) if mail.get_content_type() == "multipart/mixed"]) == 1


def test_who_took_a_letter_back_is_not_in_it(gathered: UUID, move_clock: Move) -> None:
    anna = letters()[6]
    assert ending.withdraw(anna.id)
    paper = digests.held_now(the_digest(), published()).paper()
    assert "Anna" not in everything(paper)
    assert ("People", "5") in paper.facts


def test_what_was_released_cannot_be_taken_back_but_erased(
    gathered: UUID, client: FlaskClient, mails: Mails, move_clock: Move
) -> None:
    session.rollback()
    move_clock(WEEK)
    digests.release(gathered, published(), by=olga())
    anna = letters()[6]
    page = client.get(f"/letters/{tokens.make('letters', anna.submission_id)}").get_data(as_text=True)
    assert "on its way in a digest" in page
    assert "Withdraw this letter" not in page
    assert not ending.withdraw(anna.id)
    assert ending.erase(anna.id)
    [mail] = [mail for mail in deliver(mails) if mail.get_content_type() == "multipart/mixed"]
    assert "Letters from 5 people" in mail["Subject"]


@pytest.mark.parametrize("everyone", [False, True])
def test_erased_words_do_not_leave_in_a_digest_that_was_put_off(
    gathered: UUID, appeal: Appeal, mails: Mails, move_clock: Move, everyone: bool
) -> None:
    session.rollback()
    move_clock(WEEK)
    digests.release(gathered, published(), by=olga())
    kept_as_written("deferred")
    ending.forget_everyone(appeal.id) if everyone else ending.erase(letters()[6].id)
    session.commit()
    went = [mail for mail in deliver(mails) if mail.get_content_type() == "multipart/mixed"]
    assert [mail["Subject"].rpartition(": ")[2] for mail in went] == ([] if everyone else ["Letters from 5 people"])


@pytest.mark.parametrize("doubt", ["attempting", "was unknown", "leased"])
def test_the_bytes_of_a_digest_that_may_have_arrived_stay(gathered: UUID, move_clock: Move, doubt: str) -> None:
    session.rollback()
    move_clock(WEEK)
    digests.release(gathered, published(), by=olga())
    row = kept_as_written("ready" if doubt == "was unknown" else doubt)
    if doubt == "was unknown":
        session.add(MessageEvent(message_id=row.id, from_state="attempting", to_state="unknown", epoch=1, why="x"))
        session.commit()
    before = row.epoch
    assert ending.erase(letters()[6].id)
    session.refresh(row)
    mine = doubt == "leased"  # nothing of it was sent, and whoever holds it holds it no more
    assert (row.content is None, row.epoch) == (mine, before + mine)


def kept_as_written(state: str) -> Message:
    """The digest's message, rendered already, in this state."""
    row = session.scalars(select(Message).where(Message.kind == "digest")).one()
    box = rendering.prepare(row, row.created_at)
    assert box
    session.execute(update(Message).where(Message.id == row.id).values(state=state, **box.kept))
    session.commit()
    session.refresh(row)
    return row


def test_a_digest_without_letters_does_not_go(gathered: UUID, move_clock: Move) -> None:
    for letter in letters("confirmed"):
        ending.withdraw(letter.id)
    session.rollback()
    move_clock(WEEK)
    with pytest.raises(Refused, match="no letter"):
        digests.release(gathered, published(), by=olga())


@pytest.mark.parametrize("end", [State.FAILED, State.BOUNCED, State.EXPIRED, State.SUPPRESSED, State.CANCELLED])
def test_letters_of_a_digest_that_came_to_nothing_gather_anew(gathered: UUID, move_clock: Move, end: State) -> None:
    session.rollback()
    move_clock(WEEK)
    digests.release(gathered, published(), by=olga())
    session.execute(update(Message).where(Message.kind == "digest").values(state=end))
    session.commit()
    assert following.settle() == 1
    assert states().count("folded") == 6
    again = session.scalars(select(Digest).where(Digest.state == "gathering", Digest.id != gathered)).all()
    assert {the_office().id} <= {one.office_id for one in again}
    held = {letter.digest_id for letter in letters() if letter.own_words < 25 and letter.office_id == the_office().id}
    assert gathered not in held


def test_a_digest_that_failed_cannot_be_sent_again_once_its_letters_gather_anew(
    gathered: UUID, mails: Mails, move_clock: Move
) -> None:
    session.rollback()
    move_clock(WEEK)
    digests.release(gathered, published(), by=olga())
    row = select(Message).where(Message.kind == "digest")
    session.execute(update(Message).where(Message.kind == "digest").values(state="failed", content=b"as it was"))
    session.commit()
    following.settle()
    outbox.retry(session.scalars(row).one().id)
    assert not [mail for mail in deliver(mails) if mail.get_content_type() == "multipart/mixed"]
    session.expire_all()
    assert session.scalars(row).one().state == "cancelled"
    assert states().count("folded") == 6


@pytest.mark.parametrize("state", [State.UNKNOWN, State.ATTEMPTING, State.DEFERRED, State.HELD])
def test_its_letters_follow_only_an_end(gathered: UUID, move_clock: Move, state: State) -> None:
    session.rollback()
    move_clock(WEEK)
    digests.release(gathered, published(), by=olga())
    session.execute(update(Message).where(Message.kind == "digest").values(state=state))
    session.commit()
    assert following.settle() == 0
    assert states().count("folded") == 6


def test_later_letters_gather_for_the_next_one(gathered: UUID, client: FlaskClient, move_clock: Move) -> None:
    session.rollback()
    move_clock(WEEK)
    digests.release(gathered, published(), by=olga())
    send(client, email="late@example.org", message="Late.")
    confirm_all()
    assert letters()[-1].digest_id not in {None, gathered}


def test_eve_releases_nothing(gathered: UUID, client: FlaskClient) -> None:
    for act in ("release", "wait"):
        assert client.post(f"{DESK}/{gathered}/{act}").status_code == 404
    assert client.get(f"{DESK}/{gathered}/letters.pdf").status_code == 303
    assert the_digest().state == "gathering"


def test_the_desk_replaces_a_link_and_lets_letters_go_again(app: Flask, gathered: UUID, client: FlaskClient) -> None:
    old = f"/office/{office_links.make(office_links.PAGE, the_office())}"
    wishes.stop(the_office())
    browser = signed_in(app)
    press(browser, DESK, f"{DESK}/offices/sr-iran/link")
    press(browser, DESK, f"{DESK}/offices/sr-iran/again")
    session.rollback()
    assert client.get(old).status_code == 404
    assert wishes.of(the_office().id).stopped_at is None


def test_an_office_fetches_what_waits_through_its_own_mailbox(
    gathered: UUID, client: FlaskClient, mails: Mails
) -> None:
    page = f"/office/{office_links.make(office_links.PAGE, the_office())}"
    for _ in range(3):
        assert client.post(page, data={"step": "fetch"}).status_code == 303
    [mail] = [mail for mail in deliver(mails) if mail["Subject"] == "Letters that wait for your office"]
    assert mail["To"] == "sr-iran@office.invalid"
    link = next(line for line in mail.get_content().splitlines() if "/office/waiting/" in line)
    answer = client.get(link.removeprefix("http://127.0.0.1:8000"))
    assert (answer.mimetype, answer.data[:5]) == ("application/pdf", b"%PDF-")
    assert client.get(page.replace("/office/", "/office/waiting/")).status_code == 404


def test_what_is_fetched_names_nobody_who_would_go_unnamed(gathered: UUID, client: FlaskClient) -> None:
    said = everything(fetching.paper(the_office(), "en"))
    assert "bob@example.org" in said  # goes alone: the letter says so itself
    assert WORDS in said
    assert "anna@example.org" in said
    assert "Writer" not in said
    assert "writer0@example.org" not in said
    assert "Noise" not in said


@settings(max_examples=40, deadline=None)
@given(words=st.text(max_size=300) | st.sampled_from(MARKUP))
def test_whatever_somebody_wrote_is_text(words: str) -> None:
    paper = Paper("en", words, words, ((words, words),), (Section(words, (Block(words, words),)),), words, LINK)
    assert papers.typeset(paper)[:5] == b"%PDF-"


def test_the_same_paper_gives_the_same_bytes() -> None:
    paper = Paper("fr", "a", "b", (), (Section("c", (Block(f"{OTHER}\n\nمادرم\nمی‌پرسد", "علی"),)),))
    assert papers.typeset(paper) == papers.typeset(paper)
