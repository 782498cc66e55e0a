"""Signing as a visitor does it: nothing typed is lost, everybody gets the same answer, and mail says nothing."""

from __future__ import annotations

import re
import statistics
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
import structlog
from flask import Flask
from flask.testing import FlaskClient
from redis import Redis
from sqlalchemy import text
from werkzeug.test import TestResponse

from campaign.appeals import queries, stamps
from campaign.db import session
from campaign.mail import draining, outbox
from campaign.petition import confirming, counting, ending
from campaign.petition.defence import proving
from campaign.petition.models import Signature
from campaign.petition.surge import standing
from campaign.petition.views import taking_in
from campaign.vault import current as vault
from tests.cast import PAGE, an_appeal, mails_of, the_appeal, typed
from tests.cast import sign as sign_as
from tests.conftest import link_in
from tests.statements import told


@pytest.fixture
def client(context: Flask) -> FlaskClient:
    """A visitor of the bundled appeal."""
    the_appeal()
    return context.test_client()


@pytest.fixture
def statements(context: Flask) -> Iterator[list[str]]:
    """The SQL that runs, in order."""
    seen: list[str] = []

    with told(context, lambda sql, _given, _connection: seen.append(sql)):
        yield seen


@pytest.fixture
def within_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    """No minute ends while a test presses twice."""

    class Now(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Now:
            return cls(2026, 11, 24, 12, tzinfo=tz)

    monkeypatch.setattr(taking_in, "datetime", Now)


def signatures() -> list[Any]:
    session.rollback()
    return list(session.execute(text("SELECT * FROM signature ORDER BY created_at")))


def test_it_works(client: FlaskClient) -> None:
    answer = sign_as(client, updates="y")
    assert answer.status_code == 303
    assert answer.location.startswith("/sent/")
    assert "alice" not in answer.location
    assert "Set-Cookie" not in answer.headers
    (row,) = signatures()
    assert (row.state, row.country, row.visibility, row.language) == ("pending", "FR", "counted", "en")
    assert row.updates
    assert vault().open(row.sealed, table="signature", row=row.id)["name"] == "Alice Moreau"
    assert mails_of("confirm") == 1
    page = client.get(answer.location)
    assert page.status_code == 200
    assert "Check your inbox" in page.text
    assert "Alice" not in page.text
    assert "alice@" not in page.text


def test_the_mail_names_nothing_that_was_typed(client: FlaskClient, mails: Callable[[], list[Path]]) -> None:
    sign_as(client, name="Buy Gold Now", email="somebody@example.org")
    draining.drain()
    (path,) = mails()
    mail = message_from_bytes(path.read_bytes(), policy=default)
    body = mail.get_body().get_content()
    assert mail["Subject"] == "Please confirm your email"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert link_in(body, "/confirm/")
    for word in ("Gold", "somebody", "France", "Iran", "sign", "appeal"):
        assert word not in body + mail["Subject"] + mail["From"]


@pytest.mark.parametrize("again", ["new", "repeat", "pending", "capped", "held"])
def test_every_outcome_looks_the_same(client: FlaskClient, again: str) -> None:
    plain = masked(client, sign_as(client, email="nobody@example.org"))
    if again == "repeat":
        sign_as(client)
        confirming.confirm(signatures()[-1].id, now=signatures()[-1].created_at)
    elif again == "pending":
        sign_as(client)
    elif again == "capped":
        for press in range(outbox.A_DAY):
            sign_as(client, name="Alice" + "e" * press)
        assert mails_of("confirm") == outbox.A_DAY + 1
    answer = sign_as(client, **({"website": "http://eve.example"} if again == "held" else {}))
    assert masked(client, answer) == plain


def masked(client: FlaskClient, answer: TestResponse) -> tuple[int, str, int, str, str]:
    """Everything a visitor can see of an answer and the page after it, its token and static bytes apart."""
    page = client.get(answer.location)
    resent = client.post(answer.location + "/resend")
    again = client.get(resent.location)
    token = answer.location.removeprefix("/sent/")
    said = [re.sub(re.escape(token), "TOKEN", text) for text in (answer.text, answer.location, page.text, again.text)]
    return answer.status_code, said[0] + said[1], len(token), said[2], said[3]


def test_the_same_statements_run_for_new_and_repeat(
    client: FlaskClient, statements: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # On a busy machine a second passes between two signatures.
    for remembers in (counting, queries, standing, proving):
        monkeypatch.setattr(remembers, "_FRESH", 60.0)

    def run_by(form: dict[str, str]) -> list[str]:
        statements.clear()
        client.post(PAGE + "/sign", data=form)
        return [statement.split(None, 1)[0] for statement in statements]

    sign_as(client, email="nobody@example.org")  # by now this process has read what never changes
    form = typed(client)
    new = run_by(form)
    confirming.confirm(signatures()[-1].id, now=signatures()[-1].created_at)
    assert run_by(form) == new == ["WITH"]
    assert mails_of("already_signed") == 1
    assert run_by(form | {"email": "eve@example.org", "website": "http://eve.example"}) == new
    assert signatures()[-1].held_reasons
    assert (mails_of("confirm"), mails_of("already_signed")) == (3, 1)


def test_being_held_takes_no_time_that_tells(client: FlaskClient) -> None:
    """Only printed: on a busy machine medians say little, and the statements are the same."""
    form = typed(client)
    took: dict[str, list[float]] = {"": [], "http://eve.example": []}
    for n in range(20):
        for website, seconds in took.items():
            began = time.perf_counter()
            client.post(PAGE + "/sign", data=form | {"email": f"p{n}@{len(website)}.example", "website": website})
            seconds.append(time.perf_counter() - began)
    free, held = (statistics.median(seconds) * 1000 for seconds in took.values())
    print(f"not held: {free:.1f} ms, held: {held:.1f} ms")


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("name", "", "Enter your name"),
        ("name", "=HYPERLINK(“x”)", "without web addresses"),
        ("name", "Visit www.eve.example", "without web addresses"),
        ("name", "Eve \u202egnp", "invisible characters"),
        ("email", "", "Enter your email address"),
        ("email", "not an address", "does not look like an email address"),
        ("country", "", "Choose a country"),
        ("country", "ZZ", "Not a valid choice"),
        ("visibility", "nobody", "Not a valid choice"),
        ("consent", "", "Tick the box if you agree"),
    ],
)
def test_a_mistake_is_named_and_nothing_typed_is_lost(client: FlaskClient, field: str, value: str, said: str) -> None:
    kept = {"name": "شهرزاد نوری‌زاده", "email": "s@example.org", "country": "SE", "visibility": "recipient"}
    answer = sign_as(client, **{**kept, "updates": "y", field: value})
    assert answer.status_code == 422
    assert "<title>Error:" in answer.text
    assert "There is a problem" in answer.text
    assert said in answer.text
    for name, typed_value in kept.items():
        if name != field:
            assert typed_value in answer.text
    assert re.search(r'name="updates" value="y" checked', answer.text)
    assert signatures() == []
    assert "no-store" in answer.headers["Cache-Control"]


def test_what_is_typed_comes_back_as_text(client: FlaskClient) -> None:
    answer = sign_as(client, name='"><script>alert(1)</script>')
    assert answer.status_code == 422
    assert "<script>alert" not in answer.text


@pytest.mark.parametrize("name", ["علی‌رضا نوری‌زاده", "李小龍", "Nguyễn Thị Minh Khai", "Sinéad O’Connor"])
def test_names_are_kept_as_people_write_them(client: FlaskClient, name: str) -> None:
    sign_as(client, name=name)
    (row,) = signatures()
    assert vault().open(row.sealed, table="signature", row=row.id)["name"] == name


def test_saying_no_country_is_an_answer(client: FlaskClient) -> None:
    assert sign_as(client, country="none").status_code == 303
    assert signatures()[0].country is None


def test_the_country_at_risk_is_not_kept(client: FlaskClient) -> None:
    sign_as(client, country="IR", visibility="public")
    (row,) = signatures()
    assert (row.country, row.visibility) == (None, "counted")


@pytest.mark.parametrize("stamp", ["", "forged", "W10.abc"])
def test_a_forged_stamp_shows_the_form_again(client: FlaskClient, stamp: str) -> None:
    answer = sign_as(client, stamp=stamp)
    assert answer.status_code == 422
    assert "Nothing you typed is lost" in answer.text
    assert "Alice Moreau" in answer.text
    assert signatures() == []
    fresh = re.search(r'name="stamp" value="([^"]+)"', answer.text)
    assert fresh
    assert sign_as(client, stamp=fresh[1]).status_code == 303


def test_an_old_stamp_shows_the_form_with_its_tick(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    old = typed(client)
    later = stamps.time.time() + timedelta(hours=25).total_seconds()
    monkeypatch.setattr(stamps.time, "time", lambda: later)
    answer = client.post(PAGE + "/sign", data=old)
    assert answer.status_code == 422
    assert "Nothing you typed is lost" in answer.text
    assert re.search(r'name="consent" value="y" checked', answer.text)


def test_the_stamp_of_another_appeals_wording_is_refused(client: FlaskClient) -> None:
    _, wording = an_appeal("another")
    assert sign_as(client, stamp=stamps.make(wording)).status_code == 422
    assert signatures() == []


def test_a_machine_is_held_and_sees_no_difference(client: FlaskClient) -> None:
    answer = sign_as(client, website="http://eve.example")
    assert answer.status_code == 303
    (row,) = signatures()
    assert row.held_at is not None
    assert row.held_reasons == ["trap", "no_browser"]
    assert mails_of("confirm") == 1


def test_a_crowd_that_is_alike_in_all_is_held_not_refused(client: FlaskClient) -> None:
    answers = [sign_as(client, email=f"person{n}@example.org").status_code for n in range(14)]
    assert set(answers) == {303}
    held = [row.held_reasons for row in signatures() if row.held_at]
    assert held == [["no_browser", "name_many", "network_minute", "domain_new"]] * 4
    assert mails_of("confirm") == 14


def test_signing_does_not_need_redis(client: FlaskClient, app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.extensions, "redis", Redis.from_url("redis://127.0.0.1:1/0"))
    monkeypatch.setitem(app.extensions, "network key", (b"", 0.0))
    with structlog.testing.capture_logs() as said:
        assert sign_as(client).status_code == 303
    assert {line["event"] for line in said} >= {"limits.open", "defence.open", "signatures.taken"}
    assert mails_of("confirm") == 1


def test_a_mistyped_domain_is_pointed_out_after_signing(client: FlaskClient) -> None:
    answer = sign_as(client, email="alice@gamil.com")
    assert "Did you mean gmail.com?" in client.get(answer.location).text
    assert "gmail" not in answer.location


def test_again_after_a_minute_three_times(client: FlaskClient, move_clock: Callable[[timedelta], None]) -> None:
    sent = sign_as(client).location
    client.post(sent + "/resend")
    assert mails_of("confirm") == 1
    for minute in range(1, 7):
        session.close()
        move_clock(timedelta(minutes=2 * minute))
        assert client.post(sent + "/resend").status_code == 303
    assert mails_of("confirm") == 4


def test_a_second_press_gets_no_second_mail_and_sees_no_difference(
    client: FlaskClient, move_clock: Callable[[timedelta], None], within_a_minute: None
) -> None:
    form = typed(client)
    first, second = (client.post(PAGE + "/sign", data=form).location for _press in range(2))
    assert (mails_of("confirm"), len(signatures())) == (1, 2)
    session.execute(text("UPDATE message SET state = 'bounced'"))
    session.commit()
    assert all("could not be delivered" in client.get(sent).text for sent in (first, second))
    client.post(second + "/resend")
    assert mails_of("confirm") == 1, "not within a minute of the first"
    session.close()
    move_clock(timedelta(minutes=2))
    client.post(second + "/resend")
    assert mails_of("confirm") == 2


@pytest.mark.parametrize("changed", [{"name": "Alice Moreaux"}, {"country": "DE"}, {"comment": "Free them."}])
def test_whoever_corrects_something_at_once_gets_a_mail_about_that(
    client: FlaskClient, changed: dict[str, str]
) -> None:
    sign_as(client)
    sign_as(client, **changed)
    assert mails_of("confirm") == 2


def test_whoever_says_it_was_not_me_and_signs_at_once_gets_a_mail(client: FlaskClient, within_a_minute: None) -> None:
    sign_as(client)
    ending.refuse(signatures()[0].id)
    sign_as(client)
    assert mails_of("confirm") == 2


def test_a_failed_delivery_is_said(client: FlaskClient) -> None:
    sent = sign_as(client).location
    assert "could not be delivered" not in client.get(sent).text
    session.execute(text("UPDATE message SET state = 'bounced'"))
    session.commit()
    assert "could not be delivered" in client.get(sent).text


def test_the_rehearsal_is_said(client: FlaskClient) -> None:
    assert "This is a rehearsal" in client.get(sign_as(client).location).text


def test_the_form_by_hand_leads_to_the_page(client: FlaskClient) -> None:
    answer = client.get(PAGE + "/sign")
    assert (answer.status_code, answer.location) == (302, PAGE + "#sign")


@pytest.mark.parametrize("path", ["/sent/nonsense", "/confirm/nonsense", "/confirmed/nonsense"])
def test_a_made_up_token_opens_nothing(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == 404


def test_a_token_opens_its_own_page_only(client: FlaskClient) -> None:
    token = sign_as(client).location.removeprefix("/sent/")
    assert client.get(f"/confirm/{token}").status_code == 404
    assert client.post(f"/confirm/{token}").status_code == 404
    assert signatures()[0].state == "pending"


def test_what_changed_a_moment_ago_is_seen_by_the_statement_that_stores(client: FlaskClient) -> None:
    form = typed(client)
    sign_as(client, email="nobody@example.org")  # this process now remembers the appeal for a second
    session.execute(text("UPDATE appeal SET country_at_risk = 'FR'"))
    session.commit()
    answer = client.post(PAGE + "/sign", data=form)
    assert (answer.status_code, len(signatures())) == (409, 1)
    assert "Alice Moreau" in answer.text  # nothing typed is lost
    session.execute(text("UPDATE appeal SET state = 'closed'"))
    session.commit()
    assert client.post(PAGE + "/sign", data=form).status_code == 409
    assert len(signatures()) == 1


def test_after_the_database_was_restarted_the_next_signature_is_taken(client: FlaskClient) -> None:
    form = typed(client)
    sign_as(client, email="nobody@example.org")
    session.rollback()
    session.execute(
        text("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
    )
    session.close()
    assert client.post(PAGE + "/sign", data=form).status_code == 303
    assert len(signatures()) == 2


@pytest.mark.parametrize("state", ["closed", "draft"])
def test_an_appeal_that_is_not_open_takes_nothing(client: FlaskClient, state: str) -> None:
    old = typed(client)
    session.execute(text("UPDATE appeal SET state = :state"), {"state": state})
    session.commit()
    assert client.post(PAGE + "/sign", data=old).status_code == (409 if state == "closed" else 404)
    assert session.query(Signature).count() == 0
