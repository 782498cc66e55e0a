"""Mail that came back is understood whoever wrote it, and is about the right message; no more follows than should."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text, update

from campaign.db import session
from campaign.mail import outbox, pacing, pausing, sweeping
from campaign.mail.addresses import Address
from campaign.mail.incoming import counting, health, matching, parsing, receiving, replies, sorting
from campaign.mail.incoming.judging import BOUNCES, Report, Sort, judge
from campaign.mail.models import AddressReport, Message, Suppression
from tests.post_office import ALICE, OFFICE, Post
from tests.postbag import CORPUS, files, filled, own_address, sort_of
from tests.sink import Sink

EVERYTHING = [name for folder in ("dsn", "feedback", "automatic", "replies") for name in files(folder)]
BOUNCE_NAMES = {sort.name.lower() for sort in BOUNCES}


@pytest.fixture
def sent(post: Post, live: Sink) -> Message:
    """A mail to Alice that her server accepted, and beside it one to Bob, which must never be touched."""
    row = post.confirm()
    post.confirm("confirm:noise", to="bob@people.internal")
    post.drain()
    return post.row(row)


def noise() -> Message:
    session.rollback()
    return session.scalars(select(Message).where(Message.dedupe_key == "confirm:noise")).one()


def a_letter(post: Post, key: str = "letter:1") -> Message:
    """A letter that an office's server accepted; it had its turn, so no pace matters any more."""
    row = post.letter(key)
    post.drain()
    assert post.state(row) == "accepted"
    session.execute(update(Message).where(Message.id == row).values(budget_key="office:test"))
    session.commit()
    return post.row(row)


def paused() -> list[str]:
    session.rollback()
    return [pause.key for pause in pausing.paused()]


def suppressions() -> list[Suppression]:
    session.rollback()
    return list(session.scalars(select(Suppression)))


@pytest.mark.parametrize("name", [*files("dsn"), *files("feedback"), *files("automatic")])
def test_it_works(post: Post, sent: Message, name: str) -> None:
    raw, expected = filled(name, sent), sort_of(name)
    assert receiving.receive(raw).name.lower() == expected
    now = post.row(sent.id)
    assert now.state == ("bounced" if expected in BOUNCE_NAMES else "accepted")
    assert noise().state == "accepted"
    assert counting.came_in() == {expected: 1}
    assert receiving.receive(raw).name.lower() == expected
    assert post.story(sent.id).count("bounced") == (expected in BOUNCE_NAMES)
    assert counting.came_in() == {expected: 1}


def test_what_the_other_server_said_is_kept_without_addresses(post: Post, sent: Message) -> None:
    receiving.receive(filled("dsn/postfix.hard.eml", sent))
    now = post.row(sent.id)
    assert (now.reply_code, now.reply_enhanced) == (550, "5.1.1")
    assert now.reply_text == "550 5.1.1 <address>: Recipient address rejected: User unknown in virtual mailbox table"
    assert outbox.history(sent.id)[-1].why == "no such address: 5.1.1"


def test_a_dead_address_is_not_written_to_and_nobody_else_minds(post: Post, sent: Message) -> None:
    receiving.receive(filled("dsn/qmail.hard.eml", sent))
    again, other = post.confirm("confirm:2"), post.confirm("confirm:3", to="bob@people.internal")
    post.drain()
    sweeping.sweep()
    assert (post.state(again), post.state(other)) == ("suppressed", "accepted")
    (row,) = suppressions()
    assert (row.reason, row.updates_only) == ("no such address", False)
    assert row.expires_at is not None


def test_what_was_settled_long_ago_may_still_come_back(post: Post, sent: Message) -> None:
    session.execute(update(Message).where(Message.id == sent.id).values(changed_at=outbox.CLOCK - timedelta(days=7)))
    session.commit()
    sweeping.sweep()
    assert post.state(sent.id) == "settled"
    receiving.receive(filled("dsn/exim.hard.eml", sent))
    assert post.state(sent.id) == "bounced"


def test_what_came_back_had_left(post: Post, live: Sink) -> None:
    live.answers["DOT"] = ["drop"]
    row = post.letter()
    post.drain()
    assert post.state(row) == "unknown"
    receiving.receive(filled("dsn/zimbra.full.eml", post.row(row)))
    assert post.story(row)[-2:] == ["accepted", "bounced"]


def test_a_report_that_overtakes_the_answer_comes_again(post: Post, sent: Message) -> None:
    session.execute(update(Message).where(Message.id == sent.id).values(state="attempting"))
    session.commit()
    raw = filled("dsn/postfix.hard.eml", sent)
    assert not receiving.take(raw)
    session.execute(update(Message).where(Message.id == sent.id).values(state="accepted"))
    session.commit()
    assert receiving.take(raw)
    assert post.state(sent.id) == "bounced"


def test_a_third_soft_bounce_gives_an_address_a_rest(post: Post, live: Sink) -> None:
    for n, name in enumerate(["postfix-expired.soft", "gmail-quota.full", "postfix-expired.soft"]):
        assert suppressions() == []
        row = post.confirm(f"confirm:{n}")
        post.due()
        post.drain()
        receiving.receive(filled(f"dsn/{name}.eml", post.row(row)))
        assert post.state(row) == "bounced"
    assert [row.reason for row in suppressions()] == ["fails again and again"]


def test_soft_bounces_of_long_ago_are_forgiven(
    post: Post, live: Sink, move_clock: Callable[[timedelta], None]
) -> None:
    for n in range(3):
        row = post.confirm(f"confirm:{n}")
        post.drain()
        receiving.receive(filled("dsn/postfix-expired.soft.eml", post.row(row)))
        session.execute(update(AddressReport).values(at=AddressReport.at - timedelta(days=16)))
        session.commit()
    assert suppressions() == []


def test_what_waits_for_a_full_mailbox_waits_longer(post: Post, sent: Message) -> None:
    waiting, other = post.confirm("confirm:2"), post.confirm("confirm:3", to="bob@people.internal")
    receiving.receive(filled("dsn/zimbra.full.eml", sent))
    post.drain()
    assert (post.state(waiting), post.state(other)) == ("ready", "accepted")
    assert suppressions() == []


def test_a_policy_pauses_a_small_domain_but_never_a_large_provider(post: Post, sent: Message) -> None:
    receiving.receive(filled("dsn/exchange-policy.policy.eml", sent))
    assert paused() == [f"domain:{sent.recipient_domain}"]
    pausing.resume(paused()[0])
    large = post.confirm("confirm:large", to="alice@gmail.com")
    post.drain()
    receiving.receive(filled("dsn/exchange-policy.policy.eml", post.row(large)))
    assert post.state(large) == "bounced"
    assert paused() == []  # whoever has a mailbox there can write such a report


def test_a_dead_address_of_an_office_makes_its_letters_wait(post: Post, live: Sink) -> None:
    letter = a_letter(post)
    receiving.receive(filled("dsn/office365.hard.eml", letter))
    assert post.state(letter.id) == "bounced"
    assert paused() == ["office:test"]
    assert suppressions() == []


@pytest.mark.parametrize(
    ("name", "hours"),
    [("postfix.delayed", 4), ("postfix-expired.soft", 6), ("zimbra.full", 24), ("exchange-hot.full", 24)],
)
def test_an_office_whose_server_has_trouble_is_spared(post: Post, live: Sink, name: str, hours: int) -> None:
    letter = a_letter(post)
    raw = filled(f"dsn/{name}.eml", letter)
    for _ in range(2):
        receiving.receive(raw)
    standing = pacing.standings(["office:test"])["office:test"]
    assert standing.slowed_until
    assert timedelta(0) <= timedelta(hours=hours) - (standing.slowed_until - standing.now) < timedelta(minutes=1)
    assert pacing.standings(["office:other"])["office:other"].slowed_until is None
    assert health.of_offices(["office:test", "office:other"]) == {"office:test": {name.rpartition(".")[2]: 1}}
    assert (paused(), suppressions()) == ([], [])


def test_a_second_notice_of_one_delay_does_not_count(post: Post, live: Sink) -> None:
    letter = a_letter(post)
    for n in range(2):
        receiving.receive(filled("dsn/postfix.delayed.eml", letter).replace(b"Subject: ", b"Subject: %d " % n))
    assert health.of_offices(["office:test"]) == {"office:test": {"delayed": 1}}
    assert post.state(letter.id) == "accepted"


def test_an_office_whose_letters_come_back_three_times_waits_for_a_person(post: Post, live: Sink) -> None:
    for n, name in enumerate(["postfix-expired.soft", "zimbra.full", "postfix-expired.soft"]):
        assert paused() == []
        receiving.receive(filled(f"dsn/{name}.eml", a_letter(post, f"letter:{n}")))
    assert paused() == ["office:test"]
    assert suppressions() == []


@pytest.mark.parametrize("name", ["postfix.delayed", "zimbra.full"])
def test_who_only_knows_a_letter_s_own_address_slows_no_office(post: Post, live: Sink, name: str) -> None:
    letter = a_letter(post)
    own = own_address(letter, "l.{}").encode()
    receiving.receive(filled(f"dsn/{name}.eml", letter).replace(f"b.{letter.token}".encode(), own))
    assert pacing.standings(["office:test"])["office:test"].slowed_until is None
    assert health.of_offices(["office:test"]) == {"office:test": {name.rpartition(".")[2]: 1}}


def test_who_only_knows_a_letter_s_message_id_stops_no_office(post: Post, live: Sink) -> None:
    letter = a_letter(post)
    receiving.receive(filled("dsn/message-id-only.hard.eml", letter))
    assert post.state(letter.id) == "bounced"
    assert paused() == []
    other = a_letter(post, "letter:2")
    forged = filled("dsn/postfix.hard.eml", other).replace(
        f"b.{other.token}".encode(), own_address(other, "l.{}").encode()
    )
    receiving.receive(forged)
    assert paused() == []


def test_a_complaint_ends_news_and_nothing_else(post: Post, sent: Message) -> None:
    receiving.receive(filled("feedback/isp.complaint.eml", sent))
    receiving.receive(filled("feedback/opt-out.complaint.eml", sent))
    (row,) = suppressions()
    assert (row.reason, row.updates_only, row.expires_at) == ("complained", True, None)
    confirm = post.confirm("confirm:2")
    news = post.confirm("news:1", lane=outbox.UPDATES)
    post.drain()
    sweeping.sweep()
    assert (post.state(confirm), post.state(news)) == ("accepted", "suppressed")
    assert [e.why for e in outbox.history(sent.id)].count("reported as unwanted") == 1


def test_a_dead_address_that_had_complained_gets_nothing_at_all(post: Post, sent: Message) -> None:
    receiving.receive(filled("feedback/isp.complaint.eml", sent))
    receiving.receive(filled("dsn/postfix.hard.eml", sent))
    (row,) = suppressions()
    assert (row.reason, row.updates_only) == ("no such address", False)


def test_a_complaint_of_an_office_makes_its_letters_wait(post: Post, live: Sink) -> None:
    letter = a_letter(post)
    receiving.receive(filled("feedback/isp.complaint.eml", letter))
    assert paused() == ["office:test"]
    assert suppressions() == []


def test_an_unknown_token_is_counted_and_changes_nothing(post: Post, sent: Message) -> None:
    stranger = filled("dsn/postfix.hard.eml", sent).replace(sent.token.encode(), b"a" * 16)
    stranger = stranger.replace(sent.id.hex.encode(), b"0" * 32)
    assert receiving.receive(stranger) is Sort.IGNORED
    assert post.state(sent.id) == "accepted"
    assert counting.came_in() == {"ignored": 1}


def test_the_envelope_says_whom_it_is_about_before_any_header_does(post: Post, sent: Message) -> None:
    other = noise()
    raw = filled("dsn/postfix.hard.eml", other)
    receiving.receive(raw, f"campaign+b.{sent.token}@appeal.internal")
    assert (post.state(sent.id), noise().state) == ("bounced", "accepted")


@pytest.mark.parametrize("to", ["CAMPAIGN+B.{}@Appeal.Internal", '"Campaign" <campaign+b.{}@appeal.internal>'])
def test_a_token_is_found_however_its_address_is_written(post: Post, sent: Message, to: str) -> None:
    raw = b"From: MAILER-DAEMON@x.example\r\nSubject: failure notice\r\n\r\nuser unknown\r\n"
    receiving.receive(b"To: " + to.format(sent.token.upper()).encode() + b"\r\n" + raw)
    assert post.state(sent.id) == "bounced"


def test_a_domain_for_letters_has_addresses_of_its_own(
    post: Post, live: Sink, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "LETTERS_DOMAIN", "letters.appeal.internal")
    letter = a_letter(post)
    (taken,) = live.messages
    raw = filled("dsn/sendmail.hard.eml", letter)
    raw = raw.replace(f"campaign+b.{letter.token}@appeal.internal".encode(), taken.sender.encode())
    assert receiving.receive(raw) is Sort.HARD
    assert paused() == ["office:test"]


def test_erasing_a_person_erases_how_their_address_fared(post: Post, sent: Message) -> None:
    receiving.receive(filled("dsn/postfix.hard.eml", sent))
    receiving.receive(filled("dsn/postfix.hard.eml", noise()))
    outbox.forget(sent.recipient_index)
    session.commit()
    assert session.scalars(select(AddressReport.message_id)).all() == [noise().id]


@pytest.mark.parametrize("to", ["campaign+b.{}@appeal.internal.evil.example", "eve+b.{}@appeal.internal", "b.{}@x.y"])
def test_another_s_address_with_our_token_is_not_ours(post: Post, sent: Message, to: str) -> None:
    raw = b"From: MAILER-DAEMON@x.example\r\nSubject: failure notice\r\n\r\nuser unknown\r\n"
    assert receiving.receive(b"To: " + to.format(sent.token).encode() + b"\r\n" + raw) is Sort.IGNORED


@pytest.mark.parametrize(
    ("action", "status", "words", "sort"),
    [
        ("failed", "5.1.1", "", Sort.HARD),
        ("failed", "5.0.0", "550 5.7.1 rejected", Sort.POLICY),
        ("failed", "5.0.0", "550 Mailbox quota exceeded", Sort.FULL),
        ("failed", "", "554 delivery error: dd This user doesn't have an account", Sort.HARD),
        ("failed", "5.1.8", "sender domain not found", Sort.POLICY),
        ("failed", "4.4.7", "550 5.1.1 no such user", Sort.HARD),
        ("failed", "4.4.7", "451 user unknown, try again", Sort.SOFT),
        ("failed", "5.3.4", "message too large", Sort.SOFT),
        ("failed", "", "", Sort.SOFT),
        ("delayed", "4.2.2", "quota", Sort.DELAYED),
        ("relayed", "", "", Sort.DELIVERED),
    ],
)
def test_codes_decide_and_words_help_out(action: str, status: str, words: str, sort: Sort) -> None:
    assert judge(Report(action, status, words)) is sort


def test_one_mail_from_outside_cannot_fill_a_message_s_history(post: Post, sent: Message) -> None:
    for n in range(60):
        receiving.receive(filled("automatic/rfc3834.auto_reply.eml", sent) + f"\n{n}".encode())
    assert len(outbox.history(sent.id)) <= 30


mutations = st.lists(
    st.tuples(st.sampled_from(["cut", "double", "put", "flip"]), st.integers(0, 5000), st.binary(max_size=40)),
    min_size=1,
    max_size=8,
)


def mutated(raw: bytes, changes: list[tuple[str, int, bytes]]) -> bytes:
    for how, where, what in changes:
        at = where % (len(raw) + 1)
        end = at + len(what)
        middle = {"cut": b"", "double": raw[at:end] * 2, "put": what, "flip": bytes(b ^ 0x80 for b in raw[at:end])}
        raw = raw[:at] + middle[how] + raw[at if how == "put" else end :]
    return raw


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.sampled_from(EVERYTHING), changes=mutations)
def test_no_mutilated_mail_raises_or_is_about_another_message(
    two: tuple[UUID, Message], name: str, changes: list[tuple[str, int, bytes]]
) -> None:
    ours, message = two
    look_at(mutated(filled(name, message, own_address(message)), changes), ours)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(raw=st.binary(max_size=2000))
def test_no_bytes_raise_or_are_about_a_message(two: tuple[UUID, Message], raw: bytes) -> None:
    look_at(raw, None)


@pytest.fixture
def two(post: Post, sent: Message) -> tuple[UUID, Message]:
    """The message that the corpus is about, and that there is another."""
    assert noise().id != sent.id
    return sent.id, sent


def look_at(raw: bytes, ours: UUID | None) -> None:
    mail = parsing.read(raw)
    assert sorting.sort(mail).sort in Sort
    replies.reply(mail)
    found = matching.find(mail, "")
    session.rollback()
    assert found is None or found.message.id == ours


HUGE = {
    "one header of 300 kB": b"Subject: " + b"x " * 150_000 + b"\r\n\r\nText",
    "parameters without end": b"Content-Type: multipart/mixed; " + b"a=b; " * 60_000 + b"\r\n\r\nText",
    "folded for ever": b"To: a@b.example" + b",\r\n <c@d.example>" * 20_000 + b"\r\n\r\nText",
    "encoded words": b"Subject: " + b"=?utf-8?b?4pyT?= " * 20_000 + b"\r\n\r\nText",
    "nested a thousand deep": b"".join(
        b'Content-Type: multipart/x; boundary="%d"\r\n\r\n--%d\r\n' % (n, n) for n in range(1000)
    ),
    "ten thousand parts": b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n' + b"--b\r\n\r\nx\r\n" * 10_000,
    "mails within mails": b"Content-Type: message/rfc822\r\n\r\n" * 500,
    "one long word": b"From: MAILER-DAEMON@x.example\r\nSubject: failure\r\n\r\n" + b"b." * 500_000,
}


@pytest.mark.parametrize("what", HUGE)
def test_a_monster_takes_no_longer_than_a_mail(context: Flask, what: str) -> None:
    began = time.process_time()  # what others do on this machine is not its fault
    assert receiving.receive(HUGE[what]) is Sort.IGNORED
    assert time.process_time() - began < 5


def test_nobody_s_address_is_written_down(sent: Message, capsys: pytest.CaptureFixture[str]) -> None:
    for name in EVERYTHING:
        receiving.receive(filled(name, sent))
    said = capsys.readouterr()
    assert "mail.came_in" in said.out + said.err
    for word in ("alice", "bob", "people.internal", OFFICE):
        assert word not in (said.out + said.err).lower()
    kept = session.scalars(text("SELECT to_jsonb(m)::text FROM message_event m")).all()
    assert not [row for row in kept if "@" in row]
    assert Address.parse(ALICE).index() == sent.recipient_index


def test_the_corpus_is_of_many_systems() -> None:
    assert len(files("dsn")) >= 20
    assert all(b"{" not in filled(n, Message(id=UUID(int=1), token="a" * 16)) for n in files("dsn"))
    assert (CORPUS / "dsn").is_dir()
