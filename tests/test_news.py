"""News goes to who asked for it, once a month, and to nobody twice, whoever dies on the way or runs beside it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text, update

from campaign import vault
from campaign.appeals.models import Appeal, ConsentWording
from campaign.db import session
from campaign.errors import Refused
from campaign.mail import draining, outbox, suppressing
from campaign.mail.addresses import Address
from campaign.mail.composing import LARGEST
from campaign.organisers import accounts
from campaign.organisers.models import Organiser
from campaign.petition import ending
from campaign.petition.models import Signature
from campaign.petition.news import audience, carrying_out, releasing, seconding, writing
from campaign.petition.news.models import News
from tests import cast
from tests.desk import OLGA

WORDS: writing.Texts = {"en": {"title": "The Council answered", "body": "First.\n\nSecond\nline."}}
Mails = Callable[[], list[Path]]


@pytest.fixture
def appeal(context: Flask) -> Appeal:
    return cast.the_appeal(sensitive=False)


@pytest.fixture
def olga(context: Flask) -> Organiser:
    return accounts.add(OLGA)


def a_signer(appeal: Appeal, name: str, **changes: object) -> UUID:
    """A signer who asked for news, with an address that can be opened."""
    wording = session.scalars(select(ConsentWording.id).filter_by(appeal_id=appeal.id, purpose="sign")).first()
    assert wording
    row = cast.a_signature(appeal, wording, **{"updates": True, "confirmed_at": outbox.CLOCK, **changes})
    address = Address.parse(f"{name}@example.org")
    record = {"name": name, "email": address.exact}
    row.sealed = vault.current().seal(record, table="signature", row=row.id)
    row.person_index = address.index()
    session.commit()
    return row.id


def released(appeal: Appeal, olga: Organiser, words: writing.Texts = WORDS) -> UUID:
    row = writing.write(appeal, words, by=olga)
    second = accounts.add("omar@example.org") if appeal.sensitive else olga
    releasing.release(row, appeal=appeal, by=second, seen=seconding.version(session.get_one(News, row)))
    return row


def keys() -> list[str]:
    session.rollback()
    return list(session.scalars(text("SELECT dedupe_key FROM message WHERE kind = 'update' ORDER BY 1")))


def states() -> set[str]:
    session.rollback()
    return set(session.scalars(text("SELECT state FROM message WHERE kind = 'update'")))


def read(path: Path) -> str:
    return (
        message_from_bytes(path.read_bytes(), policy=policy.default)
        .get_body(("plain",))
        .get_content()
        .replace("\r\n", "\n")
    )  # type: ignore[union-attr, attr-defined] # EmailMessage


def test_it_works(appeal: Appeal, olga: Organiser, mails: Mails, client: FlaskClient) -> None:
    alice = a_signer(appeal, "alice")
    for name, changes in [("did-not-ask", {"updates": False}), ("waits", {"state": "pending"}),
                          ("held", {"held_at": outbox.CLOCK}), ("gone", {"state": "withdrawn"})]:  # fmt: skip
        a_signer(appeal, name, **changes)
    news = released(appeal, olga)
    assert carrying_out.carry_out() == 1
    draining.drain()
    (path,) = mails()
    mail = message_from_bytes(path.read_bytes(), policy=policy.default)
    assert (mail["To"], mail["Subject"]) == ("alice@example.org", "The Council answered")
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail["Auto-Submitted"] is None
    assert [part.get_content_type() for part in mail.walk()][1:] == ["text/plain", "text/html"]
    assert "First.\n\nSecond\nline." in read(path)
    assert keys() == [f"update:{news}:{alice}"]
    assert "The Council answered" in client.get(f"/en/{cast.SLUG}/news").text
    link = str(mail["List-Unsubscribe"]).strip("<>").removeprefix("http://127.0.0.1:8000")
    client.get(link)
    assert session.scalar(text("SELECT updates FROM signature WHERE id = :id"), {"id": alice})
    client.post(link, data={"List-Unsubscribe": "One-Click"})
    session.rollback()
    assert not session.scalar(text("SELECT updates FROM signature WHERE id = :id"), {"id": alice})


def test_nobody_gets_two_in_a_month(appeal: Appeal, olga: Organiser, move_clock: Callable[[timedelta], None]) -> None:
    a_signer(appeal, "alice")
    released(appeal, olga)
    carrying_out.carry_out()
    told = audience.audience(appeal.id)
    assert (told.gets, told.had_some, told.next_at is not None) == (0, 1, True)
    with pytest.raises(Refused):
        released(appeal, olga)
    appeal_id = appeal.id
    session.rollback()
    session.close()
    move_clock(timedelta(days=32))
    assert audience.audience(appeal_id).gets == 1


def test_a_second_signature_of_the_same_person_gets_no_second_mail(appeal: Appeal, olga: Organiser) -> None:
    alice = a_signer(appeal, "alice")
    released(appeal, olga)
    carrying_out.carry_out()
    ending.withdraw(alice)
    a_signer(appeal, "alice")
    assert audience.audience(appeal.id).gets == 0


def test_two_workers_and_two_pieces_of_news_meet_once(
    app: Flask, appeal: Appeal, olga: Organiser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(carrying_out, "AT_ONCE", 3)
    signers = {str(a_signer(appeal, f"signer-{n}")) for n in range(20)}
    released(appeal, olga)
    released(appeal, olga)

    def work(_: int) -> None:
        with app.app_context():
            carrying_out.carry_out()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    assert sorted(key.rpartition(":")[2] for key in keys()) == sorted(signers)


def test_killed_half_way_it_goes_on_where_it_was(
    appeal: Appeal, olga: Organiser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(carrying_out, "AT_ONCE", 3)
    signers = {str(a_signer(appeal, f"signer-{n}")) for n in range(10)}
    released(appeal, olga)
    made, whole = [], carrying_out._enqueue

    def dies(news: News, signature: Signature) -> None:
        whole(news, signature)
        made.append(signature.id)
        if len(made) == 5:
            raise KeyboardInterrupt

    monkeypatch.setattr(carrying_out, "_enqueue", dies)
    with pytest.raises(KeyboardInterrupt):
        carrying_out.carry_out()
    session.rollback()
    assert len(keys()) == 3
    carrying_out.carry_out()
    assert sorted(key.rpartition(":")[2] for key in keys()) == sorted(signers)
    assert session.scalars(select(News)).one().state == "sent"


def test_stopped_it_is_taken_back_and_the_turn_with_it(appeal: Appeal, olga: Organiser) -> None:
    a_signer(appeal, "alice")
    news = released(appeal, olga)
    carrying_out.carry_out()
    releasing.stop(news, appeal=appeal, by=olga)
    carrying_out.carry_out()
    assert states() == {"cancelled"}
    assert audience.audience(appeal.id).gets == 1


@pytest.mark.parametrize("end", [ending.withdraw, ending.erase, ending.stop_updates])
def test_who_leaves_gets_no_mail_that_waited(
    appeal: Appeal, olga: Organiser, mails: Mails, end: Callable[[UUID], object]
) -> None:
    alice, _noise = a_signer(appeal, "alice"), a_signer(appeal, "noise")
    released(appeal, olga)
    carrying_out.carry_out()
    end(alice)
    draining.drain()
    assert [message_from_bytes(path.read_bytes())["To"] for path in mails()] == ["noise@example.org"]


def test_a_test_goes_to_the_organiser_alone(appeal: Appeal, olga: Organiser, mails: Mails) -> None:
    a_signer(appeal, "alice")
    news = session.get_one(News, writing.write(appeal, WORDS, by=olga))
    releasing.test(news, "fa", by=olga)
    draining.drain()
    assert [message_from_bytes(path.read_bytes())["To"] for path in mails()] == [OLGA]
    assert audience.audience(appeal.id).gets == 1


def test_a_sensitive_appeal_says_nothing_in_the_mail(appeal: Appeal, olga: Organiser, mails: Mails) -> None:
    session.execute(update(Appeal).values(sensitive=True))
    session.commit()
    a_signer(appeal, "alice")
    released(appeal, olga)
    carrying_out.carry_out()
    draining.drain()
    (path,) = mails()
    assert "Council" not in read(path)
    assert message_from_bytes(path.read_bytes())["Subject"] == "The news you asked for"


@pytest.mark.parametrize("language", ["en", "fr", "es", "ar", "fa", "ru", "zh"])
def test_the_longest_is_under_20_kb_and_says_when_it_is_in_another_language(
    appeal: Appeal, olga: Organiser, mails: Mails, language: str
) -> None:
    a_signer(appeal, "alice", language=language)
    longest = {"title": "ن" * writing.LONGEST_TITLE, "body": "ن" * (writing.LONGEST // 2)}
    released(appeal, olga, {"fa": {"title": longest["title"], "body": longest["body"]}})
    carrying_out.carry_out()
    draining.drain()
    (path,) = mails()
    assert len(path.read_bytes()) < LARGEST
    assert ("فارسی" in read(path)) == (language != "fa")


def test_who_is_not_written_to_is_counted_as_such(appeal: Appeal) -> None:
    a_signer(appeal, "alice")
    suppressing.suppress(Address.parse("alice@example.org").index(), suppressing.COMPLAINED, updates_only=True)
    session.commit()
    told = audience.audience(appeal.id)
    assert (told.gets, told.not_written_to) == (0, 1)


@pytest.mark.parametrize("words", [{}])
def test_nothing_is_no_news(appeal: Appeal, olga: Organiser, words: writing.Texts) -> None:
    with pytest.raises(Refused):
        writing.write(appeal, words, by=olga)
