"""The doors: what a server says, and where a link breaks, is never mistaken; captured files are whole and ours."""

from __future__ import annotations

import ssl
import stat
from pathlib import Path
from uuid import UUID

import pytest
from flask import Flask

from campaign.errors import TemporaryFailure
from campaign.mail import captured, transports
from campaign.mail.rendering import Letterbox
from campaign.mail.replies import Outcome, Why, outcome
from campaign.mail.smtp import Closed, Locked, Relay, Smtp
from tests import sink as sinks
from tests.sink import DROP, Sink

ROW = UUID("6f1c7a1e-5d1b-4b39-9d6e-0c8a7a5a2f10")
CONTENT = b"Message-ID: <1@x>\r\n\r\nHello\r\n.\r\n..\r\n.end\r\n"
BOX = Letterbox("b.token@appeal.internal", "alice@people.internal", CONTENT, {})


def door(sink: Sink, *, user: str = "", password: str = "") -> Smtp:
    door = Smtp(Relay(sink.host, sink.port, user, password))
    door.open()
    return door


def yes() -> bool:
    return True


def test_it_works(sink: Sink) -> None:
    way = door(sink)
    result = way.send(BOX, ROW, yes)
    way.close()
    assert result == Outcome(Why.ACCEPTED, 250, "2.0.0", "2.0.0 Ok: queued as Q00001", "Q00001")
    (taken,) = sink.messages
    assert taken.content == BOX.content  # lines of dots arrive as they were
    assert (taken.sender, taken.recipients) == (BOX.sender, [BOX.recipient])


@pytest.mark.parametrize(
    ("phase", "why"),
    [("MAIL", Why.LINK_LOST), ("RCPT", Why.LINK_LOST), ("DATA", Why.LINK_LOST), ("DOT", Why.NO_REPLY)],
)
def test_where_the_link_broke_is_known(sink: Sink, phase: str, why: Why) -> None:
    sink.answers[phase] = [DROP]
    way = door(sink)
    assert way.send(BOX, ROW, yes).why is why
    way.open()  # a new link
    assert way.send(BOX, ROW, yes).why is Why.ACCEPTED
    assert sink.connections == 2


def test_what_went_well_before_does_not_blur_where_the_link_broke(sink: Sink) -> None:
    way = door(sink)
    assert way.send(BOX, ROW, yes).why is Why.ACCEPTED
    sink.answers["RCPT"] = [DROP]
    assert way.send(BOX, ROW, yes).why is Why.LINK_LOST


def test_a_link_that_breaks_in_the_body_left_nothing(sink: Sink) -> None:
    sink.answers["body"] = [DROP]
    large = Letterbox(BOX.sender, BOX.recipient, b"Message-ID: <1@x>\r\n\r\n" + b"x" * 70 + b"\r\n" * 8_000_000, {})
    assert door(sink).send(large, ROW, yes).why is Why.LINK_LOST
    assert sink.messages == []


def test_without_a_yes_at_the_last_moment_there_is_no_data(sink: Sink) -> None:
    way = door(sink)
    assert way.send(BOX, ROW, lambda: False).why is Why.NOT_OURS
    assert sink.messages == []
    assert way.send(BOX, ROW, yes).why is Why.ACCEPTED
    assert sink.connections == 1


def test_the_yes_is_asked_after_the_recipient_was_taken(sink: Sink) -> None:
    sink.answers["RCPT"] = ["450 4.2.0 later"]
    asked: list[bool] = []
    assert door(sink).send(BOX, ROW, lambda: bool(asked.append(True)) or True).why is Why.BUSY
    assert asked == []


def test_a_refusal_leaves_the_link_fit_for_the_next(sink: Sink) -> None:
    sink.answers["RCPT"] = ["550 5.1.1 who?"]
    way = door(sink)
    assert way.send(BOX, ROW, yes).why is Why.NO_SUCH_ADDRESS
    assert way.send(BOX, ROW, yes).why is Why.ACCEPTED
    assert sink.connections == 1
    assert [one.recipients for one in sink.messages] == [[BOX.recipient]]


@pytest.mark.parametrize(
    ("phase", "why"),
    [("MAIL", Why.BUSY), ("RCPT", Why.BUSY), ("DATA", Why.BUSY), ("DOT", Why.NO_REPLY)],
)
@pytest.mark.parametrize("nonsense", ["hello, world", "199 wait", "999 no"])
def test_nonsense_is_no_acceptance(sink: Sink, phase: str, why: Why, nonsense: str) -> None:
    sink.answers[phase] = [nonsense]
    way = door(sink)
    result = way.send(BOX, ROW, yes)
    assert result.why is why
    assert result.text  # what it said is in the ledger
    way.open()
    assert way.send(BOX, ROW, yes).why is Why.ACCEPTED
    assert len(sink.messages) == 1


def test_a_server_out_of_step_is_left(sink: Sink) -> None:
    sink.answers["RCPT"] = ["550 5.5.0 no\r\n550 5.5.0 no"]  # two answers to one question
    way = door(sink)
    assert way.send(BOX, ROW, yes).why is Why.REFUSED
    way.open()
    assert way.send(BOX, ROW, yes).why is Why.ACCEPTED  # nobody else is refused by an answer that was not theirs
    assert sink.connections == 2


@pytest.mark.parametrize("goodbye", ["421 4.3.2 no", DROP])
def test_goodbye_decides_nothing(sink: Sink, goodbye: str) -> None:
    sink.answers["QUIT"] = [goodbye]
    way = door(sink)
    assert way.send(BOX, ROW, yes).why is Why.ACCEPTED
    way.close()
    way.close()


def test_a_link_is_renewed_after_a_hundred_messages(sink: Sink) -> None:
    way = door(sink)
    for _ in range(101):
        way.open()
        assert way.send(BOX, ROW, yes).why is Why.ACCEPTED
    assert sink.connections == 2


def test_a_password_never_travels_in_clear(sink: Sink) -> None:
    with pytest.raises(Closed):
        door(sink, user="us", password="secret")
    assert sink.commands == ["EHLO"]


def test_starttls_is_used_when_offered_and_a_password_asks_who_is_there(tmp_path: Path) -> None:
    with sinks.listening(tls=sinks.certificate(tmp_path)) as sink:
        way = door(sink)
        assert way.send(BOX, ROW, yes).why is Why.ACCEPTED
        assert sink.encrypted
        with pytest.raises(Closed):  # its certificate proves nothing
            door(sink, user="us", password="secret")
    assert sink.logins == []


def test_login_and_what_a_wrong_password_means(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate = sinks.certificate(tmp_path)
    trusted = ssl.create_default_context(cafile=str(certificate[0]))
    monkeypatch.setattr("campaign.mail.smtp.ssl.create_default_context", lambda: trusted)
    with sinks.listening(tls=certificate, password="right") as sink:
        assert door(sink, user="us", password="right").send(BOX, ROW, yes).why is Why.ACCEPTED
        with pytest.raises(Locked, match="535"):
            door(sink, user="us", password="wrong")


def test_a_relay_that_is_not_there_is_a_temporary_failure() -> None:
    with pytest.raises(TemporaryFailure):
        Smtp(Relay("127.0.0.1", 1)).open()


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtp://relay.internal", ("relay.internal", 25, "", "", False)),
        ("smtp://u%40x:p%3Aw@relay.internal", ("relay.internal", 587, "u@x", "p:w", False)),
        ("smtps://u:p@relay.internal", ("relay.internal", 465, "u", "p", True)),
        ("smtp://[::1]:2525", ("::1", 2525, "", "", False)),
    ],
)
def test_a_mail_url_names_the_relay(url: str, expected: tuple[object, ...]) -> None:
    relay = Relay.parse(url, "appeal.internal")
    assert (relay.host, relay.port, relay.user, relay.password, relay.tls_from_start) == expected
    assert "p:w" not in repr(relay)


@pytest.mark.parametrize(
    ("code", "said", "why"),
    [
        (250, "OK", Why.ACCEPTED),
        (251, "2.1.5 will forward", Why.ACCEPTED),
        (450, "4.7.1 try again", Why.GREYLISTED),
        (451, "Greylisted, please come back", Why.GREYLISTED),
        (421, "4.7.0 too many messages", Why.POLICY),
        (421, "4.7.28 rate limited", Why.POLICY),
        (452, "4.2.2 over quota", Why.MAILBOX_FULL),
        (552, "5.2.2 over quota", Why.MAILBOX_FULL),
        (552, "exceeded storage", Why.MAILBOX_FULL),
        (552, "5.3.4 message too big", Why.REFUSED),
        (550, "5.2.121 hot", Why.TOO_MUCH),
        (554, "5.2.122 hot", Why.TOO_MUCH),
        (550, "5.1.1 who", Why.NO_SUCH_ADDRESS),
        (550, "5.1.10 null mx", Why.NO_SUCH_ADDRESS),
        (550, "5.1.8 bad sender domain", Why.REFUSED),
        (550, "5.7.1 no", Why.POLICY_REFUSED),
        (535, "5.7.8 bad credentials", Why.OURSELVES),
        (530, "authentication required", Why.OURSELVES),
        (450, "", Why.BUSY),
        (500, "what", Why.REFUSED),
    ],
)
def test_temporary_failures_are_told_apart(code: int, said: str, why: Why) -> None:
    assert outcome(code, said).why is why


@pytest.mark.parametrize(
    "said",
    [
        "5.1.1 <alice@people.internal>: no such user",
        "5.1.1 alice@people.internal: no such user",
        "5.1.1 (alice@people.internal) \r\n <alice@people.internal>",
        '5.1.1 "alice@people.internal"',
        "5.1.1 to=alice@people.internal,relay=x",
    ],
)
def test_an_answer_is_kept_without_addresses(said: str) -> None:
    kept = outcome(550, said.encode()).text
    assert "people" not in kept
    assert "alice" not in kept
    assert kept.startswith("5.1.1 ")
    assert len(outcome(550, "x" * 5000).text) == 300


@pytest.mark.parametrize(
    ("said", "queue_id"),
    [
        ("2.0.0 Ok: queued as 4FzK3t1Yz9", "4FzK3t1Yz9"),
        ("OK id=1rXYZ-0002ab-3C", "1rXYZ-0002ab-3C"),
        ("2.6.0 <1@x> Queued mail for delivery", ""),
        ("OK", ""),
    ],
)
def test_the_relay_s_name_for_a_message_is_kept(said: str, queue_id: str) -> None:
    assert outcome(250, said).queue_id == queue_id


def test_a_captured_message_is_whole_private_and_one_file(context: Flask, tmp_path: Path) -> None:
    way = transports.Capture(tmp_path / "mail")
    way.open()
    for _ in range(2):
        assert way.send(BOX, ROW, yes).why is Why.ACCEPTED
    (path,) = (tmp_path / "mail").iterdir()
    assert path.read_bytes() == BOX.content
    assert path.name == f"{ROW}.eml"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_capture_without_a_yes_leaves_nothing(tmp_path: Path) -> None:
    way = transports.Capture(tmp_path / "mail")
    way.open()
    assert way.send(BOX, ROW, lambda: False).why is Why.NOT_OURS
    assert list((tmp_path / "mail").iterdir()) == []


@pytest.mark.parametrize("name", ["../vault", "x", "", "..%2f", f"{ROW}/../{ROW}", str(ROW)])
def test_only_the_id_of_a_row_names_a_captured_file(context: Flask, name: str) -> None:
    assert captured.read(name) is None


def test_only_capture_stands_open_in_a_rehearsal(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    assert [way.mode for way in transports.doors(app)] == ["capture"]
    monkeypatch.setitem(app.config, "MAIL_URL", "smtp://relay.internal")
    assert [way.mode for way in transports.doors(app)] == ["live", "capture"]
