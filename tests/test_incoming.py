"""Mail comes in by pipe, maildir and LMTP, is handled exactly once, and an office's reply goes on to its writer."""

from __future__ import annotations

import hashlib
import os
import signal
import smtplib
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text, update

from campaign import tokens
from campaign.db import session
from campaign.letters import confirming, ending, expiring
from campaign.letters.models import LetterReply
from campaign.mail import draining, outbox, scrubbing
from campaign.mail.incoming import counting, maildir, receiving
from campaign.mail.incoming.judging import Sort
from campaign.mail.models import IncomingMail, Message
from tests import letter_stage
from tests.post_office import Post
from tests.postbag import files, filled, own_address
from tests.sink import Sink

Mails = Callable[[], list[Path]]
ROOT = Path(__file__).parent.parent
BOUNCE = "dsn/postfix.hard.eml"


@pytest.fixture
def sent(post: Post, live: Sink) -> Message:
    row = post.confirm()
    post.confirm("confirm:noise", to="bob@people.internal")
    post.drain()
    return post.row(row)


def noise() -> Message:
    session.rollback()
    return session.scalars(select(Message).where(Message.dedupe_key == "confirm:noise")).one()


@pytest.fixture
def environment(app: Flask, tmp_path: Path) -> dict[str, str]:
    """What a command needs to work on the installation of the tests."""
    named = {name: str(app.config[name]) for name in ("DATABASE_URL", "REDIS_URL", "VAULT_KEY_FILE")}
    mine = {"DATA_DIR": str(tmp_path / "data"), "MAIL_FROM": "campaign@appeal.internal"}
    return {**os.environ, **named, **mine}


def piped(raw: bytes, environment: dict[str, str], *words: str) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "campaign.cli", "mail", "receive", *words]
    return subprocess.run(command, input=raw, env=environment, cwd=ROOT, capture_output=True, timeout=60, check=False)


def put_down(home: Path, name: str, raw: bytes) -> Path:
    """A file as a mail server puts it into a maildir: written aside, then moved."""
    for part in ("tmp", "new", "cur"):
        (home / part).mkdir(parents=True, exist_ok=True)
    (home / "tmp" / name).write_bytes(raw)
    return (home / "tmp" / name).rename(home / "new" / name)


def left(home: Path) -> list[str]:
    return sorted(path.relative_to(home).as_posix() for path in home.rglob("*") if path.is_file())


def test_it_works(post: Post, sent: Message, environment: dict[str, str]) -> None:
    raw = filled(BOUNCE, sent)
    for _ in range(2):
        done = piped(raw, environment)
        assert (done.returncode, done.stdout) == (0, b"")
        assert b"alice" not in done.stderr
    assert post.story(sent.id).count("bounced") == 1
    assert counting.came_in() == {"hard": 1}


def test_the_pipe_is_told_its_recipient_by_postfix(post: Post, sent: Message, environment: dict[str, str]) -> None:
    raw = b"From: MAILER-DAEMON@x.example\nSubject: failure notice\n\nuser unknown\n"
    address = f"campaign+b.{sent.token}@appeal.internal"
    assert piped(raw, environment | {"ORIGINAL_RECIPIENT": address}).returncode == 0
    assert post.state(sent.id) == "bounced"


def test_with_the_database_down_the_mail_server_keeps_the_mail(sent: Message, environment: dict[str, str]) -> None:
    gone = environment | {"DATABASE_URL": "postgresql://nobody@127.0.0.1:9/none"}
    done = piped(filled(BOUNCE, sent), gone)
    assert (done.returncode, done.stdout) == (75, b"")
    assert b"alice" not in done.stderr


def test_a_maildir_is_emptied_and_nothing_of_it_stays(post: Post, sent: Message, tmp_path: Path) -> None:
    home = maildir.folder(tmp_path)
    put_down(home, "1.mx", filled(BOUNCE, sent))
    put_down(home, "2.mx", filled("automatic/rfc3834.auto_reply.eml", sent))
    put_down(home, "3.mx", b"\xff\x00 nonsense")
    assert maildir.fetch(tmp_path) == 3
    assert post.state(sent.id) == "bounced"
    assert left(home) == []
    assert maildir.fetch(tmp_path) == 0


def test_what_a_killed_worker_had_in_hand_is_handled_once(post: Post, sent: Message, tmp_path: Path) -> None:
    home = maildir.folder(tmp_path)
    put_down(home, "1.mx", filled(BOUNCE, sent)).rename(home / "cur" / "1.mx")
    assert maildir.fetch(tmp_path) == 0  # another may hold it
    receiving.receive(filled(BOUNCE, sent))  # killed after its commit, before it removed the file
    os.utime(home / "cur" / "1.mx", (time.time() - 3600,) * 2)
    assert maildir.fetch(tmp_path) == 1
    assert post.story(sent.id).count("bounced") == 1
    assert left(home) == []


def test_what_cannot_be_handled_now_lies_there_again(post: Post, sent: Message, tmp_path: Path) -> None:
    session.execute(update(Message).where(Message.id == sent.id).values(state="attempting"))
    session.commit()
    home = maildir.folder(tmp_path)
    put_down(home, "1.mx", filled(BOUNCE, sent))
    put_down(home, "2.mx", filled(BOUNCE, noise()))
    assert maildir.fetch(tmp_path) == 1
    assert left(home) == ["new/1.mx"]
    session.execute(update(Message).where(Message.id == sent.id).values(state="accepted"))
    session.commit()
    assert maildir.fetch(tmp_path) == 1
    assert post.state(sent.id) == "bounced"


def test_a_link_or_a_hidden_file_is_no_mail(tmp_path: Path, context: Flask) -> None:
    home, secret = maildir.folder(tmp_path), tmp_path / "secret"
    secret.write_text("kept")
    put_down(home, ".hidden", b"x")
    (home / "new" / "link").symlink_to(secret)
    assert maildir.fetch(tmp_path) == 0
    assert secret.read_text() == "kept"


def test_two_copies_at_the_same_moment_are_one(post: Post, sent: Message, app: Flask) -> None:
    raw = filled(BOUNCE, sent)

    def take(n: int) -> bool:
        with app.app_context():
            return receiving.take(b"Received: by host %d\r\n" % n + raw)

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(take, range(8)))
    assert post.story(sent.id).count("bounced") == 1
    assert counting.came_in() == {"hard": 1}


@pytest.fixture
def lmtp(environment: dict[str, str], tmp_path: Path) -> Iterator[Path]:
    """The socket of a running ``bin/campaign mail lmtp``; SIGTERM ends it and takes the socket away."""
    socket = tmp_path / "lmtp"
    command = [sys.executable, "-m", "campaign.cli", "mail", "lmtp", "--socket", str(socket)]
    process = subprocess.Popen(command, env=environment, cwd=ROOT, stderr=subprocess.PIPE)
    for _ in range(300):
        if socket.exists() or process.poll() is not None:
            break
        time.sleep(0.1)
    yield socket
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=20)
    assert (process.returncode, socket.exists()) == (0, False), said
    assert b"alice" not in said


def handed_in(socket: Path, raw: bytes, *recipients: str) -> list[int]:
    """What the door answers for each recipient (RFC 2033 4.2; smtplib itself listens to the first answer only)."""
    with smtplib.LMTP(str(socket)) as link:
        link.ehlo()
        assert link.docmd("MAIL FROM:<>")[0] == 250
        for recipient in recipients:
            assert link.docmd(f"RCPT TO:<{recipient}>")[0] == 250
        assert link.docmd("DATA")[0] == 354
        link.send(raw.replace(b"\n", b"\r\n") + b"\r\n.\r\n")
        return [link.getreply()[0] for _ in recipients]


def test_lmtp_answers_for_each_recipient(post: Post, sent: Message, lmtp: Path) -> None:
    raw = filled("dsn/yahoo.hard.eml", sent)
    other = noise()
    to = [f"campaign+b.{one.token}@appeal.internal" for one in (sent, other)]
    assert handed_in(lmtp, raw, *to) == [250, 250]
    assert handed_in(lmtp, raw, to[0]) == [250]
    assert handed_in(lmtp, b"Subject: x\n\n" + b"long " * 1000, "nobody@appeal.internal") == [250]
    assert post.story(sent.id).count("bounced") == post.story(other.id).count("bounced") == 1
    assert counting.came_in() == {"hard": 2, "ignored": 1}


def test_lmtp_says_later_for_a_message_that_is_still_sent(post: Post, sent: Message, lmtp: Path) -> None:
    session.execute(update(Message).where(Message.id == sent.id).values(state="attempting"))
    session.commit()
    to = [f"campaign+b.{one.token}@appeal.internal" for one in (sent, noise())]
    assert handed_in(lmtp, filled(BOUNCE, sent), *to) == [451, 250]


def test_traces_of_what_came_in_are_dropped(sent: Message, move_clock: Callable[[timedelta], None]) -> None:
    receiving.receive(filled(BOUNCE, sent))
    session.execute(update(IncomingMail).values(at=IncomingMail.at - timedelta(days=31)))
    session.commit()
    receiving.receive(b"Subject: noise\n\nnoise")
    scrubbing.scrub()
    assert counting.came_in() == {"ignored": 1}


# Replies of offices


@pytest.fixture
def letter(context: Flask, client: FlaskClient, mails: Mails, monkeypatch: pytest.MonkeyPatch) -> Message:
    """Bob's letter, delivered; another's beside it."""
    monkeypatch.setitem(context.config, "MAIL_FROM", "campaign@appeal.internal")
    letter_stage.the_appeal()
    letter_stage.send(client)
    letter_stage.send(client, f"{letter_stage.PATH}/hrc-president", email="noise@example.org", name="Noise Maker")
    for written in letter_stage.letters():
        confirming.confirm(written.submission_id, {written.id})
    letter_stage.deliver(mails)
    bobs = letter_stage.letters()[0]
    found = outbox.state_of(f"letter:{bobs.id}")
    assert found
    session.execute(update(Message).where(Message.kind == "letter").values(state="accepted"))
    session.commit()
    return found


def answered(name: str, letter: Message, **more: bytes) -> Sort:
    raw = filled(f"replies/{name}.reply.eml", letter, own_address(letter))
    for old, new in more.items():
        raw = raw.replace(old.encode(), new)
    return receiving.receive(raw)


def passed_on(mails: Mails) -> list[EmailMessage]:
    """What went on to writers so far."""
    session.rollback()
    draining.drain()
    read = [message_from_bytes(path.read_bytes(), policy=policy.default) for path in mails()]
    return [mail for mail in read if mail["Subject"] == "A reply to your letter"]  # type: ignore[misc]


def status_page(client: FlaskClient) -> str:
    session.rollback()
    return client.get(f"/letters/{tokens.make('letters', letter_stage.letters()[0].submission_id)}").text


def test_a_reply_goes_on_to_the_writer_once(letter: Message, client: FlaskClient, mails: Mails) -> None:
    assert "The office replied" not in status_page(client)
    assert [answered("plain", letter) for _ in range(2)] == [Sort.REPLY, Sort.REPLY]
    (mail,) = passed_on(mails)
    assert (mail["To"], mail["Reply-To"]) == ("bob@example.org", "mandate@offices.internal")
    assert mail["Auto-Submitted"] == "auto-generated"
    assert "The Special Rapporteur has read your letter." in mail.get_content()
    assert "The office replied" in status_page(client)
    assert [e.why for e in outbox.history(letter.id)].count("a reply") == 1


@pytest.mark.parametrize(
    ("name", "has", "has_not"),
    [
        ("html", ["Thank\u00a0you & regards.", "The secretariat"], ["<p>", "alert", "color"]),
        ("attachment", ["Veuillez trouver ci-joint la réponse.", "Attached files were left out."], ["JVBER"]),
    ],
)
def test_only_plain_words_go_on(letter: Message, mails: Mails, name: str, has: list[str], has_not: list[str]) -> None:
    answered(name, letter)
    (mail,) = passed_on(mails)
    assert not list(mail.iter_attachments())
    assert all(word in mail.get_content() for word in has)
    assert not [word for word in has_not if word in mail.get_content()]


def test_a_long_reply_is_cut_and_says_so(letter: Message, mails: Mails) -> None:
    answered("plain", letter, **{"Thank you.": ("پاسخ " * 20_000).encode()})
    (mail,) = passed_on(mails)
    assert len(mail.as_bytes()) < 20_000
    assert "It was long: we pass on its beginning." in mail.get_content()


@pytest.mark.parametrize("name", [*files("automatic"), *files("feedback")])
def test_no_machine_s_answer_goes_on(letter: Message, mails: Mails, name: str) -> None:
    receiving.receive(
        filled(name, letter).replace(b"b." + letter.token.encode(), own_address(letter, "l.{}").encode())
    )
    assert passed_on(mails) == []


def test_our_own_mail_does_not_come_round_again(letter: Message, mails: Mails) -> None:
    answered("plain", letter)
    (mail,) = passed_on(mails)
    again = mail.as_bytes().replace(b"To: bob@example.org", b"To: " + own_address(letter).encode())
    assert receiving.receive(again) is Sort.AUTO_REPLY
    answered("plain", letter, **{"mandate@offices.internal": b"campaign@appeal.internal"})
    assert len(passed_on(mails)) == 1


def test_a_letter_s_correspondence_has_an_end(letter: Message, mails: Mails) -> None:
    for n in range(25):
        answered("plain", letter, **{"Thank you.": b"Number %d." % n})
    assert len(passed_on(mails)) == 20


def test_nothing_goes_on_to_a_writer_who_was_forgotten(letter: Message, mails: Mails) -> None:
    answered("plain", letter)
    bobs = letter_stage.letters()[0].id
    session.rollback()
    ending.erase(bobs)
    answered("html", letter)
    assert passed_on(mails) == []
    assert session.scalars(select(LetterReply.sealed)).all() == [None]


def test_a_reply_is_kept_sealed_and_forgotten_after_a_month(letter: Message, mails: Mails) -> None:
    answered("plain", letter)
    everything = "SELECT coalesce(string_agg(t::text, ' '), '') FROM {} t"
    for table in ("letter_reply", "message", "message_event", "incoming_mail"):
        kept = session.scalar(text(everything.format(table)))
        assert "Rapporteur has read" not in kept
        assert b"Rapporteur has read".hex() not in kept
    session.execute(update(LetterReply).values(received_at=LetterReply.received_at - timedelta(days=31)))
    session.commit()
    expiring.expire()
    assert passed_on(mails) == []
    assert session.scalars(select(LetterReply.sealed)).all() == [None]


# Forgetting what has left


def test_what_left_a_month_ago_keeps_its_proof_only(
    post: Post, live: Sink, move_clock: Callable[[timedelta], None], app: Flask
) -> None:
    old, unknown = post.confirm("confirm:old"), post.letter("letter:unknown")
    live.answers["DOT"] = []
    post.drain()
    (bytes_,) = [one.content for one in live.messages if one.recipients == ["alice@people.internal"]]
    past = {"changed_at": outbox.CLOCK - timedelta(days=31)}
    session.execute(update(Message).where(Message.id == old).values(state="settled", **past))
    session.execute(update(Message).where(Message.id == unknown).values(state="unknown", **past))
    session.commit()
    fresh = post.confirm("confirm:fresh")
    post.drain()
    assert scrubbing.scrub() == 1
    row = post.row(old)
    assert (row.recipient, row.content, row.reply_text) == (None, None, None)
    assert row.content_digest == hashlib.sha256(bytes_).digest()
    assert row.message_id
    assert post.story(old) == ["ready", "leased", "attempting", "accepted"]
    for kept in (post.row(fresh), post.row(unknown)):
        assert kept.recipient is not None
        assert kept.content is not None
    assert scrubbing.scrub() == 0
