"""The gate: letters leave this machine when all of it is real and an organiser said so, and only then."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Callable, Iterator
from datetime import date, timedelta

import dns.message
import dns.rcode
import dns.resolver
import dns.rrset
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, text, update

from campaign.appeals import states
from campaign.appeals.models import Appeal
from campaign.db import session
from campaign.errors import Refused
from campaign.letters import bearing, confirming, fetching, gating, launching, leaving_by, sending, shutting
from campaign.letters.bearing import Receiver
from campaign.letters.models import Gate, TrialLetter
from campaign.mail import draining, looking_up, outbox, pacing, pausing
from campaign.mail.addresses import Address
from campaign.mail.looking_up import Records
from campaign.mail.models import Message
from campaign.mail.scheduling import DOMAIN, Pace
from campaign.offices import queries as offices
from campaign.offices.models import Office, OfficeAddress
from campaign.organisers import accounts
from campaign.organisers.models import AuditEvent, Organiser
from tests.desk import press, signed_in
from tests.letter_stage import PATH, SLUG, letters, send, the_appeal, the_office
from tests.sink import Sink

PAGE = f"/desk/appeals/{SLUG}/sending"
MANDATE = "mandate@office.internal"
Clock = Callable[[str], None]


class Names(socketserver.BaseRequestHandler):
    """A name server that knows some TXT records; a name above one of them exists and has none."""

    def handle(self) -> None:
        said, line = self.request
        query = dns.message.from_wire(said)
        name = query.question[0].name.to_text().rstrip(".")
        known: dict[str, str] = self.server.known  # type: ignore[attr-defined]
        answer = dns.message.make_response(query)
        if name in known:
            answer.answer.append(dns.rrset.from_text(query.question[0].name, 60, "IN", "TXT", f'"{known[name]}"'))
        elif not any(other.endswith(f".{name}") for other in known):
            answer.set_rcode(dns.rcode.NXDOMAIN)
        line.sendto(answer.to_wire(), self.client_address)


@pytest.fixture
def names() -> Iterator[Callable[..., dns.resolver.Resolver]]:
    """Ask a name server of our own."""
    servers = []

    def knowing(**known: str) -> dns.resolver.Resolver:
        server = socketserver.ThreadingUDPServer(("127.0.0.1", 0), Names)
        server.known = {name.replace("__", "."): said for name, said in known.items()}  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        resolver = dns.resolver.Resolver(configure=False)
        resolver.nameservers, resolver.port = ["127.0.0.1"], server.server_address[1]
        return resolver

    yield knowing
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def noon(context: Flask, move_clock: Callable[[timedelta], None]) -> None:
    """It is a Monday in Geneva, and offices are open."""
    there = "timestamp '2027-03-01 12:00' AT TIME ZONE 'Europe/Zurich'"
    seconds = session.scalar(text(f"SELECT extract(epoch FROM {there} - clock_timestamp())"))
    session.close()
    move_clock(timedelta(seconds=int(seconds) + 1))


@pytest.fixture
def appeal(noon: None) -> Appeal:
    return the_appeal(state="open")


@pytest.fixture
def olga(context: Flask) -> Organiser:
    return accounts.add("olga@example.org")


@pytest.fixture
def relay(live: Sink, monkeypatch: pytest.MonkeyPatch) -> Sink:
    """A relay, and a domain whose names nobody can be asked for."""
    monkeypatch.setattr(looking_up, "records_of", lambda domain: Records(True, None, True))
    return live


def checked(slug: str = "sr-iran", email: str = MANDATE, *, by: Organiser, ago: int = 0) -> None:
    """An address that a person checked."""
    session.add(
        OfficeAddress(
            office_id=the_office(slug).id, email=email, source="its page", status="verified",
            checked_on=offices.today() - timedelta(days=ago), checked_by=by.id,
        )
    )  # fmt: skip
    session.commit()
    session.expire_all()


def came(appeal: Appeal, *, by: Organiser) -> None:
    """An organiser received a test letter by the present relay."""
    row = {"appeal_id": appeal.id, "office_id": the_office().id, "language": "en", "received_by": by.id}
    session.add(TrialLetter(**row, **leaving_by.present_way(), received_at=func.clock()))
    session.commit()


def write(client: FlaskClient, office: str = "sr-iran", **changes: str) -> None:
    """Bob writes and confirms."""
    send(client, f"{PATH}/{office}", **changes)
    for letter in letters("pending"):
        confirming.confirm(letter.submission_id, {letter.id})


def message(office: str = "sr-iran") -> Message:
    session.rollback()
    query = select(Message).where(Message.kind == "letter", Message.budget_key == f"office:{office}")
    return session.scalars(query.execution_options(populate_existing=True)).one()


def how(office: str = "sr-iran") -> tuple[str, str, bool]:
    """State, mode and whether it may only be captured."""
    found = message(office)
    return found.state, found.mode, found.capture_only


def to_offices(sink: Sink) -> list[str]:
    """Who of the offices got a letter."""
    session.rollback()
    draining.drain()
    return [one.recipients[0] for one in sink.messages if "office.internal" in one.recipients[0]]


def test_it_works(appeal: Appeal, olga: Organiser, relay: Sink, client: FlaskClient) -> None:
    checked(by=olga)
    gating.open_gate(appeal, by=olga)
    write(client)
    write(client, "sr-truth", email="noise@people.internal")
    assert how() == ("ready", "live", False)
    assert how("sr-truth") == ("held", "capture", True)
    assert to_offices(relay) == [MANDATE]
    assert message().state == "accepted"


def test_what_was_held_leaves_once_the_gate_is_open(
    appeal: Appeal, olga: Organiser, relay: Sink, client: FlaskClient
) -> None:
    checked(by=olga)
    write(client)
    write(client, "sr-truth", email="noise@people.internal")
    assert how() == ("held", "capture", True)
    assert sending.release() == 0
    assert to_offices(relay) == []
    gating.open_gate(appeal, by=olga)
    assert sending.release() == 1
    assert sending.release() == 0
    assert how() == ("ready", "live", False)
    assert how("sr-truth") == ("held", "capture", True)
    assert to_offices(relay) == [MANDATE]
    assert [event.to_state for event in outbox.history(message().id)][:2] == ["held", "ready"]


def test_what_was_held_for_an_address_leaves_once_it_is_checked(
    appeal: Appeal, olga: Organiser, relay: Sink, client: FlaskClient
) -> None:
    gating.open_gate(appeal, by=olga)
    write(client)
    assert how() == ("held", "capture", True)
    checked(by=olga)
    assert sending.release() == 1
    assert to_offices(relay) == [MANDATE]
    assert "office.invalid" not in str(message().pause_keys)


@pytest.mark.parametrize("state", ["demonstration", "closed", "draft"])
def test_letters_of_an_appeal_that_is_not_open_never_leave(
    appeal: Appeal, olga: Organiser, relay: Sink, client: FlaskClient, state: str
) -> None:
    checked(by=olga)
    gating.open_gate(appeal, by=olga)
    send(client)
    session.execute(update(Appeal).values(state=state))
    session.commit()
    session.expire_all()
    [letter] = letters("pending")
    confirming.confirm(letter.submission_id, {letter.id})
    assert how() == ("ready", "capture", True)
    sending.release()
    assert to_offices(relay) == []
    assert message().state == "accepted"  # in a file


def test_without_a_relay_letters_are_captured_at_once(appeal: Appeal, olga: Organiser, client: FlaskClient) -> None:
    checked(by=olga)
    gating.open_gate(appeal, by=olga)
    write(client)
    assert how() == ("ready", "capture", True)


def test_what_was_captured_in_a_rehearsal_never_leaves(
    appeal: Appeal, olga: Organiser, client: FlaskClient, app: Flask, sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked(by=olga)
    gating.open_gate(appeal, by=olga)
    write(client)
    monkeypatch.setitem(app.config, "MAIL_URL", sink.url)
    gating.open_gate(appeal, by=olga)
    sending.release()
    assert to_offices(sink) == []
    assert how() == ("accepted", "capture", True)


@pytest.mark.parametrize("flaw", ["no person", "91 days", "retired", "takes cases only", "leads nowhere"])
def test_only_an_address_that_a_person_checked_lately_is_written_to(
    appeal: Appeal, olga: Organiser, relay: Sink, client: FlaskClient, flaw: str
) -> None:
    email = "mandate@office.invalid" if flaw == "leads nowhere" else MANDATE
    checked(by=olga, email=email, ago=91 if flaw == "91 days" else 0)
    gating.open_gate(appeal, by=olga)
    send(client)
    changes = {"no person": {"checked_by": None}, "retired": {"status": "retired"}}
    session.execute(update(OfficeAddress).values(changes.get(flaw, {"source": "x"})))
    session.execute(update(Office).where(Office.slug == "sr-iran").values(cases_only=flaw == "takes cases only"))
    session.commit()
    session.expire_all()
    [letter] = letters("pending")
    confirming.confirm(letter.submission_id, {letter.id})
    assert message().capture_only
    sending.release()
    assert message().capture_only
    assert to_offices(relay) == []


def test_an_address_checked_90_days_ago_still_holds(
    appeal: Appeal, olga: Organiser, relay: Sink, client: FlaskClient
) -> None:
    checked(by=olga, ago=90)
    gating.open_gate(appeal, by=olga)
    write(client)
    assert how() == ("ready", "live", False)


@pytest.mark.parametrize("change", ["retired", "too old", "replaced"])
@pytest.mark.parametrize("state", ["ready", "deferred"])
def test_a_queued_letter_never_goes_to_an_address_of_old(
    appeal: Appeal, olga: Organiser, relay: Sink, client: FlaskClient, change: str, state: str
) -> None:
    checked(by=olga, ago=1)
    checked("sr-truth", "noise@office.internal", by=olga)
    gating.open_gate(appeal, by=olga)
    write(client)
    write(client, "sr-truth", email="noise@people.internal")
    written = {"state": state, "content": b"To: of old", "message_id": "<old@x>", "date_header": func.clock()}
    session.execute(update(Message).where(Message.budget_key == "office:sr-iran").values(written))
    stale = {"status": "retired"} if change == "retired" else {"checked_on": offices.today() - timedelta(days=91)}
    if change != "replaced":
        session.execute(update(OfficeAddress).where(OfficeAddress.email == MANDATE).values(stale))
        session.commit()
        session.expire_all()
        assert sending.release() == 0
        assert how()[0] == "held"
        assert how("sr-truth") == ("ready", "live", False)
    checked(email="new@office.internal", by=olga)
    assert sending.release() == 1
    assert how() == ("ready", "live", False)
    assert (message().content, message().message_id, message().date_header) == (None, None, None)
    assert sending.release() == 0
    assert to_offices(relay) == ["new@office.internal"]  # of one domain, so the other has its turn later
    assert any(b"To: new@office.internal" in one.content for one in relay.messages)


@pytest.mark.parametrize("ago", [90, 91])
def test_the_link_to_what_waits_leaves_only_to_a_checked_address(
    appeal: Appeal, olga: Organiser, relay: Sink, client: FlaskClient, ago: int
) -> None:
    checked(by=olga)
    gating.open_gate(appeal, by=olga)
    write(client)
    session.execute(update(OfficeAddress).values(checked_on=offices.today() - timedelta(days=ago)))
    session.commit()
    session.expire_all()
    assert fetching.ask(the_office(), "en")
    link = session.scalars(select(Message).filter_by(kind=fetching.KIND)).one()
    fresh = ago == 90
    assert link.capture_only is not fresh
    address = MANDATE if fresh else "sr-iran@office.invalid"
    assert link.recipient_index == Address.parse(address).index()


def test_closing_the_gate_stops_what_waits(appeal: Appeal, olga: Organiser, relay: Sink, client: FlaskClient) -> None:
    checked(by=olga)
    gating.open_gate(appeal, by=olga)
    write(client)
    gating.close_gate(appeal, by=olga)
    assert not gating.is_open(appeal)
    assert to_offices(relay) == []
    own = (
        "The harvest came late that year, and her chair at our long table has stood empty ever since the trucks "
        "left, so I ask you here what became of her."
    )
    write(client, email="noise@people.internal", message=own)
    session.rollback()
    assert {m.state for m in session.scalars(select(Message).filter_by(kind="letter"))} == {"ready", "held"}
    gating.open_gate(appeal, by=olga)
    assert gating.is_open(appeal)
    assert to_offices(relay) == [MANDATE]


def test_closing_the_appeal_shuts_its_gate_also_once_it_is_open_again(
    appeal: Appeal, olga: Organiser, relay: Sink, client: FlaskClient
) -> None:
    checked(by=olga)
    gating.open_gate(appeal, by=olga)
    write(client)
    states.close_appeal(appeal)
    assert to_offices(relay) == []
    session.execute(update(Appeal).values(state="open"))
    session.commit()
    session.expire_all()
    assert not gating.is_open(appeal)
    assert to_offices(relay) == []


def test_a_person_cannot_send_past_the_gate(appeal: Appeal, relay: Sink, client: FlaskClient, app: Flask) -> None:
    write(client)
    row = message().id
    browser = signed_in(app)
    page = f"/desk/outbox/{row}"
    token = {"csrf_token": ""}
    browser.post(f"{page}/retry", data=token)
    pausing.pause(states.letters_key(appeal.id))
    press(browser, "/desk/outbox", "/desk/outbox/resume", key=states.letters_key(appeal.id))
    session.rollback()
    assert [pause.key for pause in pausing.paused()] == [states.letters_key(appeal.id)]
    assert how() == ("held", "capture", True)
    with pytest.raises(Exception, match="can be sent again"):
        outbox.retry(row)


@pytest.mark.parametrize("setting", ["relay", "account", "sender", "domain"])
def test_another_relay_or_sender_shuts_the_gate_before_a_letter_leaves(
    appeal: Appeal, olga: Organiser, relay: Sink, client: FlaskClient, app: Flask, monkeypatch: pytest.MonkeyPatch,
    setting: str,
) -> None:  # fmt: skip
    checked(by=olga)
    came(appeal, by=olga)
    browser = signed_in(app)
    press(browser, PAGE, f"{PAGE}/open")
    write(client)
    kept = {"content": b"From: of old", "message_id": "<old@x>", "date_header": func.clock(), "state": "deferred"}
    session.execute(update(Message).where(Message.kind == "letter").values(kept))
    session.commit()
    other = {
        "relay": ("MAIL_URL", f"smtp://localhost:{relay.port}"),
        "account": ("MAIL_URL", f"smtp://us@127.0.0.1:{relay.port}"),
        "sender": ("MAIL_FROM", "letters@appeal.internal"), "domain": ("LETTERS_DOMAIN", "letters.appeal.internal"),
    }  # fmt: skip
    monkeypatch.setitem(app.config, *other[setting])
    assert not gating.is_open(appeal)
    shown = browser.get(PAGE).text
    assert "The gate shut by itself" in shown
    assert f"opened for letters from appeal.internal by 127.0.0.1:{relay.port}" in shown
    assert to_offices(relay) == []
    assert shutting.shut() == 0  # the worker did it before it claimed
    assert (how(), message().content) == (("deferred", "live", False), None)
    assert "The gate shut by itself" in browser.get(PAGE).text
    assert "shut the gate for letters" in browser.get("/desk/log").text
    assert "than the one examined" in browser.get("/desk/outbox").text

    press(browser, PAGE, f"{PAGE}/open")
    assert not gating.is_open(appeal)  # a test letter by the new way comes first
    came(appeal, by=olga)
    press(browser, PAGE, f"{PAGE}/open")
    assert "shut by itself" not in browser.get(PAGE).text
    if setting in {"sender", "domain"}:
        assert to_offices(relay) == [MANDATE]
        [sent] = relay.messages
        assert b"From: of old" not in sent.content


def test_what_a_worker_has_in_hand_at_that_moment_is_written_anew_too(
    appeal: Appeal, olga: Organiser, relay: Sink, client: FlaskClient, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked(by=olga)
    gating.open_gate(appeal, by=olga)
    write(client)
    kept = {"content": b"From: of old", "state": "leased", "lease_until": func.clock() + timedelta(minutes=2)}
    session.execute(update(Message).where(Message.kind == "letter").values(kept))
    session.commit()
    monkeypatch.setitem(app.config, "MAIL_FROM", "letters@appeal.internal")
    assert shutting.shut() == 1
    assert message().content is None


def test_what_was_on_its_way_at_that_moment_and_was_put_off_is_written_anew_too(
    appeal: Appeal, olga: Organiser, relay: Sink, client: FlaskClient, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked(by=olga)
    gating.open_gate(appeal, by=olga)
    write(client)
    own, lease = "l.old@appeal.internal", func.clock() + timedelta(minutes=12)
    kept = {"content": f"From: {own}".encode(), "state": "attempting", "lease_until": lease}
    session.execute(update(Message).where(Message.kind == "letter").values(kept))
    session.commit()
    monkeypatch.setitem(app.config, "MAIL_FROM", "letters@appeal.internal")
    assert shutting.shut() == 1
    assert message().content is not None  # it may be arriving, and only the same bytes may arrive twice
    session.execute(update(Message).where(Message.kind == "letter").values(state="deferred", lease_until=None))
    session.commit()
    gating.open_gate(appeal, by=olga)
    assert to_offices(relay) == [MANDATE]
    assert b"letters+l." in relay.messages[0].content


def test_a_new_password_or_a_rehearsal_in_between_shuts_nothing(
    appeal: Appeal, olga: Organiser, relay: Sink, client: FlaskClient, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked(by=olga)
    monkeypatch.setitem(app.config, "MAIL_URL", f"smtp://us:first@127.0.0.1:{relay.port}")
    gating.open_gate(appeal, by=olga)
    for url in (f"smtp://us:second@127.0.0.1:{relay.port}", "capture:"):
        monkeypatch.setitem(app.config, "MAIL_URL", url)
        assert shutting.shut() == 0
        assert gating.is_open(appeal)


def test_olga_opens_and_closes_it_at_her_desk(
    appeal: Appeal, olga: Organiser, relay: Sink, client: FlaskClient, app: Flask
) -> None:
    checked(by=olga)
    came(appeal, by=olga)
    write(client)
    browser = signed_in(app)
    shown = browser.get(PAGE).text
    assert "the gate is closed" in shown
    assert "1 of 4 offices can be written to by us" in shown
    assert MANDATE in shown
    answer = press(browser, PAGE, f"{PAGE}/open")
    assert answer.status_code == 303
    assert "the gate is open" in browser.get(PAGE).text
    sending.release()
    assert to_offices(relay) == [MANDATE]
    press(browser, PAGE, f"{PAGE}/close")
    assert "the gate is closed" in browser.get(PAGE).text
    session.rollback()
    deeds = [event.action for event in session.scalars(select(AuditEvent).order_by(AuditEvent.id))]
    assert [deed for deed in deeds if deed.startswith("letters.")] == ["letters.gate_opened", "letters.gate_closed"]
    log = browser.get("/desk/log").text
    assert "opened the gate for letters" in log


@pytest.mark.parametrize(
    ("flaw", "said"),
    [
        ("demonstration", "The appeal is not open"),
        ("capture", "This is a rehearsal"),
        ("localhost", "nobody’s domain"),
        ("invalid", "nobody’s domain"),
        ("address", "No office has an address"),
        ("spf", "publishes no SPF"),
        ("dmarc", "publishes no DMARC"),
        ("test letter", "No organiser has received a test letter"),
    ],
)
def test_the_gate_stays_shut_while_something_stands_in_the_way(
    appeal: Appeal, olga: Organiser, relay: Sink, app: Flask, monkeypatch: pytest.MonkeyPatch, flaw: str, said: str
) -> None:
    if flaw != "address":
        checked(by=olga)
    if flaw == "demonstration":
        session.execute(update(Appeal).values(state=flaw))
        session.commit()
    if flaw == "capture":
        monkeypatch.setitem(app.config, "MAIL_URL", "capture:")
    if flaw in {"localhost", "invalid"}:
        monkeypatch.setitem(
            app.config, "MAIL_FROM", "campaign@localhost" if flaw == "localhost" else "campaign@a.invalid"
        )
    if flaw != "test letter":
        came(appeal, by=olga)
    monkeypatch.setattr(looking_up, "records_of", lambda domain: Records(flaw != "spf", False, flaw != "dmarc"))
    browser = signed_in(app)
    shown = browser.get(PAGE).text
    assert said in shown
    assert f"{PAGE}/open" not in shown
    press(browser, f"{PAGE}/sr-iran/pace", f"{PAGE}/open")
    assert said in browser.get(PAGE).text
    session.rollback()
    assert session.scalars(select(Gate)).all() == []


def test_a_name_server_that_is_silent_is_no_answer(
    appeal: Appeal, olga: Organiser, live: Sink, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked(by=olga)
    came(appeal, by=olga)
    monkeypatch.setattr(looking_up, "records_of", lambda domain: looking_up.NOT_CHECKED)
    browser = signed_in(app)
    shown = browser.get(PAGE).text
    assert "SPF of appeal.internal was not checked" in shown
    assert "DKIM of appeal.internal was not checked" in shown
    press(browser, PAGE, f"{PAGE}/open")
    assert "the gate is open" in browser.get(PAGE).text


def test_eve_opens_nothing(appeal: Appeal, olga: Organiser, relay: Sink, client: FlaskClient) -> None:
    checked(by=olga)
    assert client.get(PAGE).status_code == 303
    for deed in ("open", "close", "plan", "sr-iran/pace"):
        assert client.post(f"{PAGE}/{deed}").status_code == 404
    assert session.scalars(select(Gate)).all() == []


def test_a_form_of_another_site_opens_nothing(appeal: Appeal, olga: Organiser, relay: Sink, app: Flask) -> None:
    checked(by=olga)
    assert signed_in(app).post(f"{PAGE}/open").status_code in {400, 403}
    assert session.scalars(select(Gate)).all() == []


def test_how_much_an_office_bears_is_set_at_the_desk(appeal: Appeal, relay: Sink, app: Flask) -> None:
    browser = signed_in(app)
    page = f"{PAGE}/sr-iran/pace"
    assert 'value="6"' in browser.get(page).text
    press(browser, page, page, per_day="3", per_hour="1", opens="10", closes="16")
    session.rollback()
    standing = pacing.standings(["office:sr-iran", "office:sr-truth"])
    assert standing["office:sr-iran"].pace.per_day == 3
    assert standing["office:sr-truth"].pace.per_day == 6
    assert "3 a day" in browser.get(PAGE).text
    assert "Standard: 6" in browser.get(page).text
    right = {"per_day": "3", "per_hour": "1", "opens": "10", "closes": "16"}
    for wrong in ({"per_day": "0"}, {"per_day": "x"}, {"opens": "16"}, {"closes": "24"}):
        answer = press(browser, page, page, **right | wrong)
        assert "There is a problem" in answer.text
    assert browser.get(f"{PAGE}/wg-arbitrary-detention/pace").status_code == 404


def test_how_much_a_mail_domain_bears_is_set_at_the_desk_and_taken_back(
    appeal: Appeal, olga: Organiser, relay: Sink, app: Flask
) -> None:
    checked(by=olga)
    checked("sr-truth", "truth@office.internal", by=olga)
    browser = signed_in(app)
    page = f"{PAGE}/domains/office.internal"
    assert f'href="{page}"' in browser.get(PAGE).text
    assert "Standard: 15" in browser.get(page).text
    assert "Take this change back" not in browser.get(page).text
    right = {"per_day": "40", "per_hour": "8", "opens": "8", "closes": "18"}
    for wrong in ({"per_day": "0"}, {"per_day": "201"}, {"per_hour": "41"}, {"per_hour": ""}, {"closes": "8"}):
        assert "There is a problem" in press(browser, page, page, **right | wrong).text
    press(browser, page, page, **right)
    assert pace_of("office.internal") == Pace(40, 8, 8, 18)
    assert pace_of("other.internal") == DOMAIN
    assert "40 to all offices at one mail domain" in browser.get(PAGE).text
    assert "Before that: 15 a day, 4 an hour, from 9 to 17" in browser.get(page).text
    press(browser, page, f"{page}/undo")
    assert pace_of("office.internal") == DOMAIN
    press(browser, page, f"{page}/undo")  # taking back is a change as well
    assert pace_of("office.internal") == Pace(40, 8, 8, 18)
    session.rollback()
    deeds = session.scalars(select(AuditEvent.action).where(AuditEvent.subject == "domain office.internal"))
    assert sorted(deeds) == ["domain.pace_changed", "domain.pace_undone", "domain.pace_undone"]
    assert "changed how much a mail domain bears" in browser.get("/desk/log").text
    assert browser.get(f"{PAGE}/domains/nobody.internal").status_code == 404


def test_what_was_changed_again_is_not_taken_back(appeal: Appeal, olga: Organiser) -> None:
    office = Receiver("office", "sr-iran")
    with pytest.raises(Refused):
        bearing.undo(office, by=olga)
    bearing.change(office, Pace(3, 1), by=olga)
    with pytest.raises(Refused):
        bearing.change(office, Pace(3, 1), by=olga)
    pacing.set_budget(office.key, per_day=4)
    session.commit()
    with pytest.raises(Refused):
        bearing.undo(office, by=olga)
    assert office.pace == Pace(4, 1)


def pace_of(domain: str) -> Pace:
    session.rollback()
    return Receiver("domain", domain).pace


def test_a_flood_is_seen_before_it_starts(
    appeal: Appeal, olga: Organiser, relay: Sink, app: Flask, client: FlaskClient
) -> None:
    browser = signed_in(app)
    press(browser, PAGE, f"{PAGE}/plan", finish_by="2027-03-15", urgent="y")
    session.rollback()
    gate = gating.of(appeal)
    assert (gate.finish_by, gate.urgent) == (date(2027, 3, 15), True)
    assert "would come too late" not in browser.get(f"{PAGE}?people=10").text
    shown = browser.get(f"{PAGE}?people=100").text
    assert "letters would come too late" in shown
    assert "15 March 2027" in shown
    assert 'value="2027-03-15"' in shown
    assert "There is a problem" not in browser.get(f"{PAGE}?people=-5").text
    assert browser.get(f"{PAGE}?people=99999999999").status_code == 200


def test_the_appeal_s_page_says_when_the_last_letter_goes(
    appeal: Appeal, olga: Organiser, relay: Sink, app: Flask, client: FlaskClient
) -> None:
    write(client)
    shown = signed_in(app).get(f"/desk/appeals/{SLUG}").text
    assert "Last letter goes" in shown
    assert "1 March 2027" in shown


def test_a_writer_is_told_by_when_it_would_go(
    appeal: Appeal, olga: Organiser, relay: Sink, client: FlaskClient, app: Flask
) -> None:
    page = f"{PATH}/sr-iran"
    assert "waits until an organiser has opened the way" in client.get(page).text
    checked(by=olga)
    gating.open_gate(appeal, by=olga)
    pacing.set_budget("office:sr-iran", per_day=1)
    session.commit()
    app.wsgi_app._kept.clear()  # type: ignore[attr-defined]
    assert "yours would go by 1 March 2027" in client.get(page).text
    write(client)
    assert launching.goes_by(appeal, the_office(), offices.today()) == date(2027, 3, 2)


def test_in_a_rehearsal_nobody_is_promised_a_day(context: Flask, client: FlaskClient) -> None:
    the_appeal()
    shown = client.get(f"{PATH}/sr-iran").text
    assert "Now, in the rehearsal, it stays on this machine" in shown
    assert "would go by" not in shown


def test_records_are_looked_up(names: Callable[..., dns.resolver.Resolver]) -> None:
    ask = names(
        a__internal="v=spf1 -all", _dmarc__a__internal="v=DMARC1; p=none", s1___domainkey__a__internal="v=DKIM1; p=x",
        noise__internal="google-site-verification=1",
    )  # fmt: skip
    assert looking_up.records_of("a.internal", ask) == Records(True, True, True)
    assert looking_up.records_of("letters.a.internal", ask) == Records(False, False, True)  # DMARC from above
    assert looking_up.records_of("noise.internal", ask) == Records(False, False, False)


def test_nobody_who_answers_is_not_checked() -> None:
    ask = dns.resolver.Resolver(configure=False)
    ask.nameservers, ask.port = ["127.0.0.1"], 9
    assert looking_up.records_of("a.internal", ask) == looking_up.NOT_CHECKED


def test_an_office_that_takes_cases_only_is_blocked_when_the_directory_says_so(
    context: Flask,
) -> None:
    the_appeal()
    standings = pacing.standings(["office:wg-arbitrary-detention", "office:sr-iran"])
    assert standings["office:wg-arbitrary-detention"].blocked == "takes cases only"
    assert standings["office:sr-iran"].blocked is None
