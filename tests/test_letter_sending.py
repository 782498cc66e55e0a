"""A letter on its way: one message, from our domain, replies to its writer, greeting whoever holds the office."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import parseaddr
from html import unescape
from pathlib import Path
from threading import Barrier

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, select, update

from campaign.appeals import versions
from campaign.appeals.models import Appeal
from campaign.db import session
from campaign.letters import confirming, ending, mails, queries
from campaign.mail import outbox, pausing
from campaign.mail.models import Message
from campaign.offices.models import Office, OfficeTerm
from tests.letter_stage import (
    PATH,
    WORDS,
    a_checked_address,
    deliver,
    letters,
    messages,
    preview,
    send,
    the_appeal,
    the_office,
)

Mails = Callable[[], list[Path]]


@pytest.fixture
def appeal(context: Flask) -> Appeal:
    return the_appeal()


def confirm_all() -> None:
    for letter in letters("pending"):
        confirming.confirm(letter.submission_id, {letter.id})


def sent(client: FlaskClient, mails: Mails, **changes: str) -> EmailMessage:
    """The one letter that an office got, after Bob wrote and confirmed."""
    send(client, **changes)
    confirm_all()
    [letter] = [mail for mail in deliver(mails) if mail["Reply-To"]]
    return letter


def test_it_works(appeal: Appeal, client: FlaskClient, mails: Mails) -> None:
    letter = sent(client, mails)
    name, address = parseaddr(letter["From"])
    assert name == "Bob Okafor via Undersigned"
    assert address.endswith("@localhost.invalid")
    assert "bob" not in address
    assert letter["Reply-To"] == "bob@example.org"
    assert letter["To"] == "sr-iran@office.invalid"
    assert letter["Subject"] == "Iran: following up the findings of July 2024 on 1981-82 and 1988"
    assert letter["Auto-Submitted"] is None
    assert letter["List-Unsubscribe"] is None
    assert letter.get_content_type() == "text/plain"
    body = letter.get_content().replace("\r\n", "\n")
    assert body.startswith("Dear ")
    assert WORDS in body
    assert "I ask you to follow up the findings of 2024" in body
    assert "\n\nBob Okafor\nGermany\n\n-- \n" in body
    assert "This is a rehearsal: nobody has been named as the publisher" in body


def test_what_goes_is_what_the_preview_showed(appeal: Appeal, client: FlaskClient, mails: Mails) -> None:
    words = f"{WORDS}\n\n  <b>& “quotes”</b>, مادرم می‌پرسد\n.\n--\nend"
    html = preview(client, message=words).get_data(as_text=True)
    shown = unescape(html[html.index("<pre") : html.index("</pre>")]).partition(">")[2]
    letter = sent(client, mails, message=words)
    went = letter.get_content().replace("\r\n", "\n").rstrip("\n")
    assert re.sub(r"http://\S+/office/\S+", "[a private link that only the office gets]", went) == shown
    assert letter["To"] in html


def test_a_checked_address_is_written_to_and_still_only_captured(
    appeal: Appeal, client: FlaskClient, mails: Mails, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_checked_address("sr-iran", "mandate@office.internal")
    a_checked_address("sr-truth", "noise@office.internal")
    monkeypatch.setitem(app.config, "MAIL_URL", "smtp://127.0.0.1:9")
    send(client)
    confirm_all()
    session.rollback()
    message = session.scalars(select(Message).filter_by(kind="letter")).one()
    assert (message.mode, message.capture_only) == ("capture", True)
    monkeypatch.undo()
    [letter] = [mail for mail in deliver(mails) if mail["Reply-To"]]
    assert letter["To"] == "mandate@office.internal"


def test_the_greeting_is_of_the_day_it_goes(appeal: Appeal, client: FlaskClient, mails: Mails) -> None:
    send(client)
    confirm_all()
    office = the_office()
    today = datetime.now(UTC).date()
    session.execute(delete(OfficeTerm).where(OfficeTerm.office_id == office.id))
    session.add(
        OfficeTerm(
            office_id=office.id, position=0, name="Jane Doe", honorific="Ms.", family_name="Doe",
            starts="2020-01-01", verified=True, checked_on=today,
        )
    )  # fmt: skip
    session.commit()
    session.expire_all()
    [letter] = [mail for mail in deliver(mails) if mail["Reply-To"]]
    assert letter.get_content().startswith("Dear Ms. Doe,")


def test_all_but_the_greeting_is_frozen(appeal: Appeal, client: FlaskClient, mails: Mails) -> None:
    send(client)
    confirm_all()
    content = versions.newest(session, appeal)
    drafts = {
        office: {
            code: letter.model_copy(update={"facts": "Eve.", "subject": "Eve"}) for code, letter in drafted.items()
        }
        for office, drafted in content.letters.items()
    }
    eve = content.publisher.model_copy(update={"name": "Eve"})
    versions.publish(session, content.model_copy(update={"letters": drafts, "publisher": eve}))
    session.commit()
    [letter] = [mail for mail in deliver(mails) if mail["Reply-To"]]
    assert "Eve" not in letter.get_content()
    assert "Eve" not in letter["Subject"]


def test_french_and_persian_words_arrive(appeal: Appeal, client: FlaskClient, mails: Mails) -> None:
    words = "مادرم می‌پرسد او کجاست. 😢 " * 5 + "او می‌پرسد و هیچ‌کس پاسخ نمی‌دهد."
    send(client, f"{PATH}/sr-iran?in=fr", name="علی رضایی", message=words)
    confirm_all()
    [letter] = [mail for mail in deliver(mails) if mail["Reply-To"]]
    assert parseaddr(str(letter["From"]))[0] == "علی رضایی via Undersigned"
    body = letter.get_content().replace("\r\n", "\n")
    assert words in body
    assert "علی رضایی\nAllemagne" in body


@pytest.mark.parametrize("name", ['Bob "The" Okafor', "Bob, Okafor", "Bob; Okafor", "Bob (Okafor)", "Bob: Okafor"])
def test_a_name_cannot_become_a_header_or_a_second_sender(
    appeal: Appeal, client: FlaskClient, mails: Mails, name: str
) -> None:
    letter = sent(client, mails, name=name)
    assert len(letter["From"].addresses) == 1
    assert letter["From"].addresses[0].display_name == f"{name} via Undersigned"
    assert letter["Bcc"] is None


def test_letters_never_delay_confirmations(appeal: Appeal, client: FlaskClient, mails: Mails) -> None:
    send(client)
    session.rollback()
    lanes = {m.kind: m.lane for m in session.scalars(select(Message))}
    confirm_all()
    lanes |= {m.kind: m.lane for m in session.scalars(select(Message))}
    assert lanes == {"letter_confirm": outbox.PEOPLE, "letter": outbox.LETTERS}


@pytest.mark.parametrize("key", ["office:sr-iran", "appeal"])
def test_a_pause_holds_it(appeal: Appeal, client: FlaskClient, mails: Mails, key: str) -> None:
    send(client)
    send(client, f"{PATH}/sr-truth", email="noise@example.org", name="Noise Maker")
    confirm_all()
    deliver_first = key if key != "appeal" else f"appeal:{appeal.id}"
    pausing.pause(deliver_first)
    recipients = {str(mail["To"]) for mail in deliver(mails) if mail["Reply-To"]}
    assert "sr-iran@office.invalid" not in recipients
    assert ("sr-truth@office.invalid" in recipients) == (key != "appeal")
    pausing.resume(deliver_first)
    assert len([mail for mail in deliver(mails) if mail["Reply-To"]]) == 2


def test_a_withdrawn_letter_never_leaves(appeal: Appeal, client: FlaskClient, mails: Mails) -> None:
    send(client)
    send(client, f"{PATH}/sr-truth", email="noise@example.org", name="Noise Maker")
    confirm_all()
    bobs = letters()[0]
    assert ending.withdraw(bobs.id)
    assert not ending.withdraw(bobs.id)
    assert [str(mail["To"]) for mail in deliver(mails) if mail["Reply-To"]] == ["sr-truth@office.invalid"]
    withdrawn, other = letters()
    assert (withdrawn.state, other.state) == ("withdrawn", "confirmed")
    assert (withdrawn.sealed, withdrawn.writer_index, withdrawn.country) == (None, None, None)


def test_what_has_left_cannot_be_withdrawn(appeal: Appeal, client: FlaskClient, mails: Mails) -> None:
    sent(client, mails)
    [letter] = letters()
    assert not ending.withdraw(letter.id)
    assert letters()[0].state == "confirmed"


def test_after_withdrawing_one_may_write_again(appeal: Appeal, client: FlaskClient, mails: Mails) -> None:
    send(client)
    confirm_all()
    ending.withdraw(letters()[0].id)
    send(client)
    confirm_all()
    assert sorted(letter.state for letter in letters()) == ["confirmed", "withdrawn"]


def test_erasing_forgets_writer_and_words_everywhere(appeal: Appeal, client: FlaskClient, mails: Mails) -> None:
    sent(client, mails)
    send(client, f"{PATH}/sr-truth", email="noise@example.org", name="Noise Maker")
    [bobs] = letters("confirmed")
    assert any(b"My uncle" in path.read_bytes() for path in mails())
    assert ending.erase(bobs.id)
    assert not ending.erase(bobs.id)
    assert not any(b"My uncle" in path.read_bytes() for path in mails())
    erased, other = letters("erased")[0], letters("pending")[0]
    assert (erased.sealed, erased.writer_index, erased.person_index, erased.country) == (None, None, None, None)
    assert other.sealed is not None
    message = outbox.state_of(f"letter:{bobs.id}")
    assert message is not None
    session.refresh(message)
    assert message.content is None
    assert message.state == "accepted"


def test_two_letters_of_one_writer_race_and_one_wins(appeal: Appeal, client: FlaskClient, app: Flask) -> None:
    for _ in range(6):
        send(client)
    pairs = [(letter.submission_id, letter.id) for letter in letters("pending")]
    assert len(pairs) == 6
    gate = Barrier(len(pairs))
    session.rollback()

    def press(pair: tuple[object, object]) -> int:
        with app.app_context():
            gate.wait()
            return confirming.confirm(pair[0], {pair[1]})  # type: ignore[arg-type]

    with ThreadPoolExecutor(len(pairs)) as pool:
        assert sum(pool.map(press, pairs)) == 1
    assert sorted(letter.state for letter in letters()) == ["confirmed"] + ["lapsed"] * 5
    assert messages("letter") == 1


def test_one_address_gets_five_mails_a_day(appeal: Appeal, client: FlaskClient) -> None:
    for _ in range(7):
        assert send(client).status_code == 303
    assert messages("letter_confirm") == 5


def test_nothing_is_rendered_for_a_letter_that_ended(appeal: Appeal, client: FlaskClient) -> None:
    send(client)
    [letter] = letters()
    message = Message(kind="letter", subject_id=letter.id, language="en")
    assert mails.letter(message, "office@example.org") is None
    asking = Message(kind="letter_confirm", subject_id=letter.submission_id, language="en")
    assert mails.letter_confirm(asking, "bob@example.org") is not None
    confirm_all()
    assert mails.letter_confirm(asking, "bob@example.org") is None
    assert mails.letter(message, "office@example.org") is not None
    ending.withdraw(letter.id)
    assert mails.letter(message, "office@example.org") is None


def test_the_desk_counts_by_office_and_state(appeal: Appeal, client: FlaskClient, mails: Mails) -> None:
    sent(client, mails)
    send(client, f"{PATH}/sr-truth", email="noise@example.org", name="Noise Maker")
    session.rollback()
    counted = {(slug, state): letters for slug, _title, state, letters in queries.by_office(appeal.id)}
    assert counted == {("sr-iran", "accepted"): 1, ("sr-truth", "pending"): 1}


def test_an_office_that_takes_cases_only_from_today_gets_no_letter(
    appeal: Appeal, client: FlaskClient, mails: Mails
) -> None:
    send(client)
    send(client, f"{PATH}/sr-truth", email="noise@example.org", name="Noise Maker")
    confirm_all()
    session.execute(update(Office).where(Office.slug == "sr-iran").values(cases_only=True))
    session.commit()
    session.expire_all()
    assert [str(mail["To"]) for mail in deliver(mails) if mail["Reply-To"]] == ["sr-truth@office.invalid"]
    states = {slug: state for slug, _title, state, _letters in queries.by_office(appeal.id)}
    assert states == {"sr-iran": "cancelled", "sr-truth": "accepted"}
