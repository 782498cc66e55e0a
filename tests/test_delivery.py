"""A message is never lost and never sent twice by our guess: seen from a real server that misbehaves."""

from __future__ import annotations

import time
from base64 import b32encode
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, func, select, text, update

from campaign import db
from campaign.db import session
from campaign.errors import PermanentFailure
from campaign.mail import claiming, draining, holding, outbox, pausing, suppressing, sweeping, transports
from campaign.mail.addresses import Address
from campaign.mail.models import Message, Suppression
from campaign.mail.rendering import Draft
from campaign.mail.states import LETTERS, PEOPLE, State
from tests.post_office import ALICE, OFFICE, Post
from tests.sink import DROP, Sink


def claim_one(row_or_lane: int = PEOPLE) -> claiming.Claim:
    (claim,) = claiming.claim(row_or_lane, transports.LIVE, 1)
    return claim


def test_it_works(post: Post, live: Sink) -> None:
    row = post.confirm()
    post.drain()
    (taken,) = live.messages
    message = post.row(row)
    assert (message.state, message.queue_id, message.reply_code) == ("accepted", "Q00001", 250)
    assert taken.recipients == [ALICE]
    assert taken.sender == f"campaign+b.{message.token}@appeal.internal"
    assert live.order == [message.message_id]
    assert post.story(row) == ["ready", "leased", "attempting", "accepted"]


def test_one_connection_carries_many_messages_to_one_recipient_each(post: Post, live: Sink) -> None:
    for n in range(10):
        post.letter(f"letter:{n}", to=f"o{n}@offices.internal")
    post.drain()
    assert len(live.messages) == 10
    assert all(len(one.recipients) == 1 for one in live.messages)
    assert live.connections == 1


def test_people_who_wait_in_numbers_are_served_by_several_links(post: Post, live: Sink) -> None:
    for n in range(100):
        post.confirm(f"confirm:{n}", to=f"p{n}@people.internal")
    draft = post.write

    def slowly(message: Message, to: str) -> Draft | None:
        time.sleep(0.03)
        return draft(message, to)

    post.write = slowly
    post.drain()
    assert len(live.messages) == len(live.taken) == 100
    assert live.connections == 4


@pytest.mark.parametrize("phase", ["MAIL", "RCPT", "DATA"])
def test_a_link_lost_before_the_dot_is_tried_again(post: Post, live: Sink, phase: str) -> None:
    live.answers[phase] = [DROP]
    row = post.letter()
    post.drain()
    assert post.state(row) == "deferred"
    assert live.messages == []
    post.due()
    post.drain()
    assert post.state(row) == "accepted"
    assert len(live.messages) == 1


def test_a_link_lost_while_the_dot_is_under_way_is_never_called_unsent(post: Post, live: Sink) -> None:
    live.answers["body"] = [DROP]  # the kernel took body and dot before the loss was seen: we cannot know
    row = post.letter()
    post.drain()
    assert post.state(row) in {"unknown", "deferred"}
    assert live.messages == []


def test_a_link_lost_after_the_dot_is_unknown_and_a_letter_waits_for_a_person(post: Post, live: Sink) -> None:
    live.answers["DOT"] = [DROP]
    row = post.letter()
    post.drain()
    assert post.state(row) == "unknown"
    later(hours=1)
    sweeping.sweep()
    post.drain()
    assert post.state(row) == "unknown"
    outbox.retry(row)
    post.drain()
    assert post.state(row) == "accepted"
    first, second = live.messages
    assert first.content == second.content
    assert len(live.taken) == 1


def test_an_unknown_confirmation_is_sent_again_twice_at_most_with_the_same_bytes(post: Post, live: Sink) -> None:
    live.answers["DOT"] = [DROP, DROP, DROP]
    row, epochs = post.confirm(), []
    for _ in range(5):
        post.drain()
        epochs.append(post.row(row).epoch)
        later(minutes=2)
        sweeping.sweep()
    assert post.state(row) == "unknown"
    assert post.rendered == [row]
    assert len(live.messages) == 3
    assert len({one.content for one in live.messages}) == len(live.taken) == 1
    assert epochs == sorted(epochs)


def test_421_to_quit_decides_nothing(post: Post, live: Sink) -> None:
    live.answers["QUIT"] = ["421 4.3.2 shutting down"]
    row = post.letter()
    post.drain()
    assert post.state(row) == "accepted"
    assert len(live.messages) == 1


def test_a_slow_answer_is_waited_for(post: Post, live: Sink) -> None:
    live.answers["DOT"] = [0.5]
    row = post.letter()
    post.drain()
    assert post.state(row) == "accepted"


def test_an_answer_in_hand_survives_a_database_that_goes_away(post: Post, live: Sink, app: Flask) -> None:
    waiting = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    live.answers["DOT"] = [0.3]
    row = post.letter()

    def cut_off_whoever_writes_it_down() -> bool:
        live.reached.wait(10)
        engine = app.extensions["engine"]
        with engine.begin() as holder, engine.connect().execution_options(isolation_level="AUTOCOMMIT") as killer:
            holder.execute(select(Message.id).where(Message.id == row).with_for_update())
            for _ in range(100):
                if killer.scalar(text(waiting)):
                    return True
                time.sleep(0.05)
        return False

    with ThreadPoolExecutor(1) as pool:
        cut = pool.submit(cut_off_whoever_writes_it_down)
        post.drain()
        assert cut.result()
    assert post.state(row) == "accepted"
    assert len(live.messages) == 1


@pytest.mark.parametrize(
    ("phase", "reply", "state", "why"),
    [
        ("MAIL", "421 4.3.2 come back", "deferred", "the server cannot take it now"),
        ("RCPT", "450 4.7.1 greylisted", "deferred", "asked to come again (greylisting)"),
        ("RCPT", "452 4.2.2 over quota", "deferred", "mailbox full"),
        ("DOT", "552 5.2.2 mailbox full", "deferred", "mailbox full"),
        ("DATA", "451 4.3.0 oops", "deferred", "the server cannot take it now"),
        ("DATA", "250 2.0.0 what?", "deferred", "the server cannot take it now"),
        ("DOT", "421 4.3.2 going down", "deferred", "the server cannot take it now"),
        ("DOT", "554 5.6.0 no", "failed", "refused by the server"),
        ("RCPT", "550 no", "failed", "refused by the server"),
    ],
)
def test_every_answer_has_its_consequence(
    post: Post, live: Sink, phase: str, reply: str, state: str, why: str
) -> None:
    live.answers[phase] = [reply]
    refused = post.confirm("confirm:1")
    post.drain()
    assert post.state(refused) == state
    assert outbox.history(refused)[-1].why == why
    assert post.row(refused).reply_code == max(int(reply[:3]), 400)
    assert live.messages == []
    noise = post.confirm("confirm:2", to="bob@people.internal")
    post.drain()
    assert post.state(noise) == "accepted"


def test_greylisting_waits_longer_each_time_and_keeps_the_first_bytes(post: Post, live: Sink) -> None:
    live.answers["RCPT"] = ["450 4.7.1 later"] * 3
    row, waits = post.confirm(), []
    for _ in range(3):
        post.drain()
        message = post.row(row)
        waits.append(message.not_before - message.changed_at)
        post.due()
    post.drain()
    assert timedelta(minutes=3) < waits[0] < waits[1] < waits[2] < timedelta(minutes=25)
    assert post.rendered == [row]
    assert post.row(row).attempts == 4


def test_a_dead_address_of_a_person_is_not_written_to(post: Post, live: Sink) -> None:
    live.answers["RCPT"] = [f"550 5.1.1 <{ALICE}>: no such user alice@people.internal"]
    row = post.confirm("confirm:1")
    post.drain()
    again = post.confirm("confirm:2")
    post.drain()
    sweeping.sweep()
    assert (post.state(row), post.state(again)) == ("failed", "suppressed")
    assert post.row(row).reply_text == "5.1.1 <address>: no such user <address>"
    session.execute(delete(Suppression))
    session.commit()
    third = post.confirm("confirm:3")
    post.drain()
    assert post.state(third) == "accepted"


def test_a_policy_pauses_the_domain_and_says_so(post: Post, live: Sink) -> None:
    live.answers["DOT"] = ["550 5.7.515 not authenticated"]
    row = post.confirm("confirm:1", to="alice@outlook.com")
    other = post.confirm("confirm:2", to="alice@people.internal")
    post.drain()
    waiting = post.confirm("confirm:3", to="bob@outlook.com")
    post.drain()
    assert [post.state(r) for r in (row, other, waiting)] == ["failed", "accepted", "ready"]
    (paused,) = pausing.paused()
    assert (paused.key, paused.why) == ("domain:outlook.com", "refused by the receiver's policy: 550 5.7.515")


def test_a_relay_that_does_not_let_us_in_stops_everything(post: Post, live: Sink) -> None:
    live.answers["MAIL"] = ["530 5.7.0 authentication required"]
    row, other = post.confirm("confirm:1"), post.confirm("confirm:2", to="bob@people.internal")
    post.drain()
    assert {post.state(row), post.state(other)} == {"deferred", "ready"}
    (paused,) = pausing.paused()
    assert (paused.key, paused.why) == ("all", "the relay does not let us in: 530 5.7.0")


def test_without_a_relay_nothing_is_claimed(post: Post, live: Sink, app: Flask) -> None:
    app.config["MAIL_URL"] = "smtp://127.0.0.1:1"
    row = post.confirm()
    post.drain()
    assert post.story(row) == ["ready"]


def test_two_workers_never_share_a_row(post: Post, live: Sink, app: Flask) -> None:
    for n in range(200):
        post.confirm(f"confirm:{n}", to=f"p{n}@people.internal")

    def work(_: int) -> list[str]:
        with app.app_context():
            mine = []
            while claims := claiming.claim(PEOPLE, transports.LIVE, 7):
                mine += [str(claim.id) for claim in claims]
            return mine

    with ThreadPoolExecutor(6) as pool:
        taken = [row for rows in pool.map(work, range(6)) for row in rows]
    assert len(taken) == len(set(taken)) == 200


def test_a_claim_passes_over_what_another_holds_and_waits_for_nobody(post: Post, live: Sink, app: Flask) -> None:
    held, free = post.confirm("confirm:held"), post.confirm("confirm:free")
    with app.extensions["engine"].begin() as another:
        another.execute(select(Message.id).where(Message.id == held).with_for_update())
        session.execute(text("SET LOCAL lock_timeout = '200ms'"))
        assert [claim.id for claim in claiming.claim(PEOPLE, transports.LIVE, 10)] == [free]
    assert [claim.id for claim in claiming.claim(PEOPLE, transports.LIVE, 10)] == [held]


def test_a_hundred_bells_send_each_message_once(post: Post, live: Sink, app: Flask) -> None:
    def ring(n: int) -> None:
        with app.app_context():
            outbox.enqueue(
                kind="test_confirm",
                subject_id=None,
                address=f"p{n}@people.internal",
                language="en",
                dedupe_key=f"confirm:{n}",
            )
            session.commit()
            draining.drain()

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(ring, range(100)))
    assert len(live.messages) == len(live.taken) == 100  # no bell was missed, none doubled
    assert live.connections < 50


def test_a_worker_that_wakes_after_its_lease_says_no_data(post: Post, live: Sink) -> None:
    row = post.letter()
    sleeping = claim_one(LETTERS)
    later(minutes=3)
    assert not holding.go_on((), [(sleeping, {})])
    sweeping.sweep()
    assert post.state(row) == "ready"
    awake = claim_one(LETTERS)
    assert awake.epoch == sleeping.epoch + 1
    assert not holding.go_on((), [(sleeping, {})])
    assert not holding.finish([(sleeping, {})], State.ACCEPTED, "stale")
    holding.release(sleeping, why="stale")
    assert post.state(row) == "leased"
    assert holding.go_on((), [(awake, {})])


def test_a_late_reply_of_the_same_epoch_still_counts_and_another_s_does_not(post: Post, live: Sink) -> None:
    row = post.letter()
    slow = claim_one(LETTERS)
    assert holding.go_on((), [(slow, {})])
    later(minutes=13)
    sweeping.sweep()
    assert post.state(row) == "unknown"
    assert holding.finish([(slow, {})], State.ACCEPTED, "late reply")
    assert post.state(row) == "accepted"

    other = post.letter("letter:2")
    slow = claim_one(LETTERS)
    assert holding.go_on((), [(slow, {})])
    later(minutes=13)
    sweeping.sweep()
    outbox.retry(other)
    assert not holding.finish([(slow, {})], State.ACCEPTED, "late reply of an old epoch")
    assert post.state(other) == "ready"


def test_ten_thousand_letters_do_not_delay_a_confirmation(post: Post, live: Sink) -> None:
    model = post.letter()
    copies = (
        "INSERT INTO message (id, kind, lane, dedupe_key, language, recipient_index, mailbox_index, recipient_domain,"
        " mode, expires_at, token) SELECT gen_random_uuid(), kind, lane, 'copy:' || n, language, recipient_index,"
        " mailbox_index, recipient_domain, mode, expires_at, n::text FROM message, generate_series(1, 10000) n"
    )
    session.connection().exec_driver_sql(copies)
    session.commit()
    confirms: list[str] = []
    draft = post.write

    def someone_signs(message: Message, to: str) -> Draft | None:
        if not confirms:
            confirms.append(str(post.confirm()))
        if message.kind == "test_confirm":
            draining.stopping.set()  # seen enough
        return draft(message, to)

    post.write = someone_signs
    session.execute(update(Message).where(Message.id == model).values(not_before=soon() - timedelta(days=1)))
    session.commit()
    post.drain()
    assert str(post.rendered[0]) != confirms[0]
    assert [str(row) for row in post.rendered].index(confirms[0]) <= 10
    assert post.state(post.rendered[-1]) == "accepted"


def test_who_stops_finishes_the_message_in_hand_and_gives_the_rest_back(post: Post, live: Sink) -> None:
    rows = [post.confirm(f"confirm:{n}") for n in range(5)]
    draft = post.write

    def sigterm_at_second(message: Message, to: str) -> Draft | None:
        if len(post.rendered) == 2:
            draining.stopping.set()
        return draft(message, to)

    post.write = sigterm_at_second
    post.drain()
    assert sorted(post.state(row) for row in rows) == ["accepted"] * 2 + ["ready"] * 3
    assert post.rendered == rows[:2]  # oldest first
    draining.stopping.clear()
    post.drain()
    assert [post.state(row) for row in rows] == ["accepted"] * 5


def test_suppression_and_expiry_are_asked_until_the_last_moment(post: Post, live: Sink) -> None:
    rows = [post.confirm("confirm:1"), post.confirm("confirm:2", to="bob@people.internal")]
    draft = post.write

    def object_meanwhile(message: Message, to: str) -> Draft | None:
        suppressing.suppress(Address.parse(to).index(), "objected")
        session.execute(update(Message).where(Message.id == rows[1]).values(expires_at=soon() - timedelta(days=1)))
        session.commit()
        return draft(message, to)

    post.write = object_meanwhile
    post.drain()
    sweeping.sweep()
    assert [post.state(row) for row in rows] == ["suppressed", "expired"]
    assert live.messages == []


@pytest.mark.parametrize(
    ("fault", "state"),
    [(RuntimeError("x"), "deferred"), (PermanentFailure("no text"), "failed"), (None, "cancelled")],
)
def test_one_kind_s_fault_does_not_stop_the_others(
    post: Post, live: Sink, fault: Exception | None, state: str
) -> None:
    broken, fine = post.confirm("confirm:broken"), post.confirm("confirm:fine")
    draft = post.write

    def fail(message: Message, to: str) -> Draft | None:
        if message.id != broken:
            return draft(message, to)
        if fault:
            raise fault
        return None

    post.write = fail
    post.drain()
    assert (post.state(broken), post.state(fine)) == (state, "accepted")


def test_a_kind_that_nobody_renders_fails_and_says_so(post: Post, live: Sink) -> None:
    post.confirm("confirm:noise")
    row = outbox.enqueue(kind="stranger", subject_id=None, address=ALICE, language="en", dedupe_key="x")
    session.commit()
    assert row
    post.drain()
    assert outbox.history(row)[-1].why == "cannot be written: nobody renders stranger"


def test_a_letter_is_from_our_domain_in_the_writer_s_name(
    post: Post, live: Sink, monkeypatch: pytest.MonkeyPatch, app: Flask
) -> None:
    monkeypatch.setitem(app.config, "LETTERS_DOMAIN", "letters.appeal.internal")
    post.write = lambda *_: Draft(
        "Subject", "Text", sender_name="Bob Ö.", reply_to="bob@free.internal", automatic=False
    )
    row = post.letter()
    post.drain()
    (taken,) = live.messages
    token, own = post.row(row).token, b32encode(row.bytes).decode().rstrip("=").lower()
    parsed = message_from_bytes(taken.content, policy=policy.default)
    assert parsed["From"] == f'"Bob Ö. via Undersigned" <l.{own}@letters.appeal.internal>'
    assert (parsed["Reply-To"], parsed["To"]) == ("bob@free.internal", OFFICE)
    assert taken.sender == f"b.{token}@letters.appeal.internal"
    assert token.encode() not in taken.content  # the return path is known to servers only
    assert parsed["Auto-Submitted"] is None  # replies must come
    assert parsed["List-Unsubscribe"] is None


def test_the_log_names_rows_and_states_only(post: Post, live: Sink, capsys: pytest.CaptureFixture[str]) -> None:
    live.answers["RCPT"] = [f"450 4.2.0 <{ALICE}> busy", f"550 5.1.1 <{ALICE}> gone"]
    post.confirm("confirm:1")
    post.letter()
    post.drain()
    post.write = lambda *_: (_ for _ in ()).throw(ValueError(f"cannot render {ALICE}"))
    post.confirm("confirm:2", to="bob@people.internal")
    post.drain()
    printed = "".join(capsys.readouterr())
    assert "mail.attempted" in printed
    assert "mail.not_rendered" in printed
    assert "people.internal" not in printed
    assert "alice" not in printed.lower()


def test_capture_leaves_one_file_whatever_is_repeated(post: Post, context: Flask) -> None:
    row = post.confirm()
    post.drain()
    session.execute(update(Message).values(state="unknown"))
    session.commit()
    outbox.retry(row)
    before = read(context)
    post.drain()
    assert read(context) == before
    assert len(before) == 1


def test_a_bell_during_the_last_look_is_not_missed() -> None:
    stile = draining.Turnstile()
    assert stile.enter()
    assert not stile.enter()
    assert not stile.leave()
    assert stile.leave()
    assert stile.enter()


def read(app: Flask) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (Path(app.config["DATA_DIR"]) / "mail").iterdir()}


def soon() -> datetime:
    return datetime.now(UTC) + timedelta(minutes=5)


def later(**by: int) -> None:
    """Age every row instead of the clock, so that threads with open connections see it too."""
    span = timedelta(**by)
    aged = {"changed_at": Message.changed_at - span, "lease_until": Message.lease_until - span}
    session.execute(update(Message).values(**aged))
    session.commit()


def test_letters_in_numbers_go_by_several_links_and_of_each_link_one_is_in_doubt(
    post: Post, live: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(120):
        post.letter(f"letter:{n}", to=f"o{n}@offices.internal")
    doubt, go_on = [], holding.go_on

    def counted(*args: Any, **kwargs: Any) -> Any:
        doubt.append(in_doubt())  # what a kill just before these answers are written would leave
        return go_on(*args, **kwargs)

    monkeypatch.setattr(holding, "go_on", counted)
    live.answers["DOT"] = [0.02] * 120
    post.drain()
    assert len(live.messages) == len(live.taken) == 120
    assert set(session.scalars(select(Message.state))) == {"accepted"}
    assert 1 < live.open_at_most <= 8  # one that has served a hundred is hung up, and another opened
    assert 1 < max(doubt) <= 8


def in_doubt() -> int:
    """How many letters began and have no written answer, as another connection sees it."""
    with db.engine().connect() as apart:
        return apart.scalars(select(func.count()).where(Message.state == "attempting")).one()
