"""A message exists exactly when its cause does, once, and leaves only by the way it was made for."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import func, select, text

from campaign.db import session
from campaign.errors import Refused
from campaign.i18n import speaking
from campaign.mail import captured, outbox, pausing
from campaign.mail.addresses import Address
from campaign.mail.models import Message, MessageEvent
from tests.post_office import ALICE, OFFICE, Post
from tests.sink import Sink


def test_it_works(post: Post, mails: Callable[[], list[Path]]) -> None:
    row = post.confirm()
    post.drain()
    assert post.story(row) == ["ready", "leased", "attempting", "accepted"]
    assert [path.stem for path in mails()] == [str(row)]
    mail = captured.read(str(row))
    assert mail
    assert (mail.recipient, mail.subject) == (ALICE, "Subject of confirm:1")
    assert mail.text.splitlines() == ["Text.", ".A line with a dot."]


def test_the_row_keeps_no_address_and_no_words_in_clear(post: Post) -> None:
    post.confirm()
    post.drain()
    whole = str(session.execute(text("SELECT message::text FROM message")).scalar_one()).lower()
    assert "alice" not in whole
    assert "people.internal" not in whole
    assert b"Subject of".hex() not in whole
    assert b"people.internal".hex() not in whole


def test_a_key_makes_one_message(post: Post) -> None:
    first = post.confirm("confirm:1")
    post.confirm("confirm:2")
    again = outbox.enqueue(kind="test_confirm", subject_id=None, address=ALICE, language="en", dedupe_key="confirm:1")
    session.commit()
    assert again is None
    assert session.scalar(select(func.count()).select_from(Message)) == 2
    assert post.story(first) == ["ready"]


def test_a_key_makes_one_message_however_many_ask_at_once(post: Post, app: Flask) -> None:
    def ask(_: int) -> bool:
        with app.app_context():
            key = {"kind": "test_confirm", "dedupe_key": "confirm:1"}
            row = outbox.enqueue(subject_id=None, address=ALICE, language="en", **key)
            session.commit()
            return row is not None

    with ThreadPoolExecutor(12) as pool:
        assert sum(pool.map(ask, range(24))) == 1
    assert session.scalar(select(func.count()).select_from(MessageEvent)) == 1


def test_a_message_goes_with_its_cause(post: Post) -> None:
    outbox.enqueue(kind="test_confirm", subject_id=None, address=ALICE, language="en", dedupe_key="confirm:1")
    session.rollback()
    assert outbox.state_of("confirm:1") is None


def test_a_mailbox_has_a_cap_that_aliases_do_not_escape(post: Post, move_clock: Callable[[timedelta], None]) -> None:
    def ask(key: str, to: str) -> bool:
        about = {"kind": "test_confirm", "dedupe_key": key, "address": to, "cap": 2}
        row = outbox.enqueue(subject_id=None, language="en", **about)
        session.commit()
        return row is not None

    post.letter("letter:noise", to="a.lice@gmail.com")  # another lane does not count
    assert ask("c:1", "alice@gmail.com")
    assert ask("c:2", "A.Lice+petition@googlemail.com")
    assert not ask("c:3", "ali.ce@gmail.com")
    assert ask("c:4", "bob@gmail.com")
    move_clock(timedelta(hours=25))
    assert ask("c:3", "ali.ce@gmail.com")


def test_what_has_not_begun_can_be_taken_back(post: Post, live: Sink) -> None:
    mine, other = post.confirm("confirm:mine"), post.confirm("confirm:other")
    assert outbox.cancel("confirm:mine") == 1
    session.commit()
    post.drain()
    assert post.state(mine) == "cancelled"
    assert post.state(other) == "accepted"
    assert outbox.cancel("confirm:other") == 0  # what has left has left
    session.commit()
    assert len(live.messages) == 1


def test_a_message_taken_back_while_claimed_never_leaves(post: Post, live: Sink) -> None:
    row = post.confirm()

    def take_back(message: Message, _to: str) -> object:
        outbox.cancel(message.dedupe_key)
        session.commit()
        return draft(message, _to)

    draft, post.write = post.write, take_back  # type: ignore[assignment]
    post.drain()
    assert post.state(row) == "cancelled"
    assert live.messages == []


def test_only_what_needs_it_is_sent_again_by_a_person(post: Post, live: Sink) -> None:
    live.answers["RCPT"] = ["554 5.5.0 no"]
    row, other = post.letter("letter:1"), post.letter("letter:2")
    post.drain()
    assert {post.state(row), post.state(other)} == {"failed", "accepted"}
    failed, sent = (row, other) if post.state(row) == "failed" else (other, row)
    outbox.retry(failed)
    post.drain()
    assert post.state(failed) == "accepted"
    with pytest.raises(Refused):
        outbox.retry(sent)
    with pytest.raises(Refused):
        outbox.retry(uuid4())
    with speaking("fr"), pytest.raises(Refused, match="peut être renvoyé"):
        outbox.retry(sent)


def test_status_counts_by_lane_kind_and_state(post: Post) -> None:
    post.confirm("c:1")
    post.confirm("c:2")
    post.letter()
    outbox.cancel("c:2")
    session.commit()
    counted = {(c["lane"], c["kind"], c["state"]): c["count"] for c in outbox.status()["counts"]}
    assert counted == {
        (0, "test_confirm", "ready"): 1,
        (0, "test_confirm", "cancelled"): 1,
        (1, "test_letter", "ready"): 1,
    }


@pytest.mark.parametrize(
    "given",
    [
        {"to": "desk@office.invalid"},
        {"to": "someone@mail.example.org"},
        {"to": "someone@example.com"},
        {"origin": "demo"},
        {"capture_only": True},
    ],
)
def test_what_may_only_be_captured_never_reaches_a_server(
    post: Post, live: Sink, mails: Callable[[], list[Path]], given: dict[str, object]
) -> None:
    kept, sent = post.letter("letter:kept", **given), post.letter("letter:sent")  # type: ignore[arg-type]
    post.drain()
    assert post.state(kept) == post.state(sent) == "accepted"
    assert [path.stem for path in mails()] == [str(kept)]
    assert [one.recipients for one in live.messages] == [[OFFICE]]


def test_what_was_made_in_rehearsal_stays_there(post: Post, app: Flask, sink: Sink, monkeypatch: object) -> None:
    rehearsed = post.confirm("confirm:rehearsed")
    with pytest.MonkeyPatch.context() as going_live:
        going_live.setitem(app.config, "MAIL_URL", sink.url)
        assert outbox.status()["waiting_for_mode"] == 1
        post.drain()
        assert post.state(rehearsed) == "ready"
        real = post.confirm("confirm:real", not_before=None)
    assert outbox.status()["waiting_for_mode"] == 1
    post.drain()
    assert post.state(rehearsed) == "accepted"
    assert post.state(real) == "ready"
    assert sink.messages == []


def test_erasing_a_person_empties_their_messages(post: Post, live: Sink) -> None:
    sent, noise = post.confirm("confirm:sent"), post.confirm("confirm:noise", to="bob@people.internal")
    post.drain()
    waiting = post.confirm("confirm:waiting")
    assert outbox.forget(Address.parse(ALICE).index()) == 2
    session.commit()
    post.drain()
    assert post.state(waiting) == "cancelled"
    assert post.row(sent).recipient is post.row(sent).content is None
    assert post.row(noise).content is not None
    assert len(live.messages) == 2


def test_a_pause_holds_at_the_next_claim_and_outlives_the_process(post: Post, app: Flask) -> None:
    of_appeal = post.letter("letter:1", pause_keys=["appeal:a"])
    of_office = post.letter("letter:2", budget_key="office:b")
    of_domain = post.confirm("confirm:1", to="alice@small.internal")
    free = post.confirm("confirm:2")
    for key in ("appeal:a", "office:b", "domain:small.internal"):
        pausing.pause(key)
    app.extensions["engine"].dispose()
    post.drain()
    assert [post.state(row) for row in (of_appeal, of_office, of_domain)] == ["ready"] * 3
    assert post.state(free) == "accepted"
    for key in ("appeal:a", "office:b", "domain:small.internal"):
        pausing.resume(key)
    post.drain()
    assert [post.state(row) for row in (of_appeal, of_office, of_domain)] == ["accepted"] * 3
    assert not pausing.paused()


def test_a_pause_of_all_stops_what_is_claimed_already(post: Post, live: Sink) -> None:
    rows = [post.confirm(f"confirm:{n}") for n in range(5)]
    draft = post.write

    def pause_at_third(message: Message, to: str) -> object:
        if len(post.rendered) == 3:
            pausing.pause(pausing.ALL, "wrong text")
        return draft(message, to)

    post.write = pause_at_third  # type: ignore[assignment]
    post.drain()
    left = len(live.messages)
    assert left in {1, 2}  # the second begins alone, or together with the third
    assert sorted(post.state(row) for row in rows) == ["accepted"] * left + ["ready"] * (5 - left)
    assert [(p.key, p.why) for p in pausing.paused()] == [("all", "wrong text")]


def test_who_changes_many_holds_none_while_it_waits_for_the_first(post: Post, app: Flask) -> None:
    first = post.confirm()
    while min(rows := session.scalars(select(Message.id)).all()) == first:
        post.confirm(f"confirm:{len(rows) + 1}", to=f"{len(rows)}@people.internal")
    held, *others = sorted(rows)
    keys = list(session.scalars(select(Message.dedupe_key)))
    session.commit()

    def cancel() -> int:
        with app.app_context():
            cancelled = outbox.cancel(*keys)
            session.commit()
            return cancelled

    waits = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
    with ThreadPoolExecutor(1) as pool, app.extensions["engine"].connect() as other:
        other.execute(text("SELECT FROM message WHERE id = :id FOR UPDATE"), {"id": held})
        cancelled = pool.submit(cancel)
        with app.extensions["at once"].connect() as looking:
            while not looking.scalar(waits):
                assert not cancelled.done()
        free = other.scalars(text("SELECT id FROM message ORDER BY id FOR UPDATE SKIP LOCKED")).all()
        other.commit()
        assert cancelled.result() == len(rows)
    assert list(free) == [held, *others]
