"""Only organisers get to the desk: by a link that works once, in a session that ends."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from campaign import create_app, db
from campaign.db import session
from campaign.mail import draining
from campaign.organisers import accounts, sessions
from campaign.organisers.models import DeskSession, Organiser
from config import load_settings
from tests.conftest import link_in
from tests.desk import OLGA, link_for, press, signed_in, token_on

Mails = Callable[[], list[Path]]
Clock = Callable[[timedelta], None]


def ask(browser: FlaskClient, email: str) -> str:
    response = press(browser, "/desk/sign-in", "/desk/sign-in", email=email)
    assert response.status_code == 303
    return browser.get(response.location).text


def test_it_works(app: Flask, client: FlaskClient, mails: Mails) -> None:
    with app.app_context():
        accounts.add(OLGA)
        accounts.add("somebody.else@example.org")

    ask(client, OLGA)
    with app.app_context():
        draining.drain()
    (mail,) = mails()
    link = link_in(mail.read_text(), "/desk/enter/")
    response = press(client, link, link)

    assert "olga@example.org" in mail.read_text()
    assert response.status_code == 303
    assert client.get("/desk/").status_code == 200


def test_an_unknown_address_gets_the_same_answer_and_no_mail(app: Flask, client: FlaskClient, mails: Mails) -> None:
    with app.app_context():
        accounts.add(OLGA)

    known, unknown = ask(client, OLGA), ask(app.test_client(), "eve@example.org")
    with app.app_context():
        draining.drain()

    assert known == unknown
    assert len(mails()) == 1


def test_opening_the_link_uses_nothing_up(app: Flask, client: FlaskClient) -> None:
    link = link_for(app)

    for _scanner in range(3):
        assert app.test_client().get(link).status_code == 200

    assert press(client, link, link).status_code == 303


def test_a_link_works_once(app: Flask, client: FlaskClient) -> None:
    link = link_for(app)
    press(client, link, link)

    eve = app.test_client()
    assert press(eve, link, link).status_code == 410
    assert eve.get("/desk/").status_code == 303


@pytest.mark.parametrize(("after", "status"), [(timedelta(hours=23), 303), (timedelta(hours=25), 410)])
def test_a_printed_link_works_for_a_day(
    app: Flask, client: FlaskClient, move_clock: Clock, after: timedelta, status: int
) -> None:
    link = link_for(app)
    move_clock(after)

    assert press(client, link, link).status_code == status


@pytest.mark.parametrize(("after", "status"), [(timedelta(minutes=29), 303), (timedelta(minutes=31), 410)])
def test_a_mailed_link_works_for_half_an_hour(
    app: Flask, client: FlaskClient, mails: Mails, move_clock: Clock, after: timedelta, status: int
) -> None:
    with app.app_context():
        accounts.add(OLGA)
    ask(client, OLGA)
    with app.app_context():
        draining.drain()
    link = link_in(mails()[0].read_text(), "/desk/enter/")
    move_clock(after)

    assert press(client, link, link).status_code == status


def test_a_link_opens_one_session_however_many_press_at_once(app: Flask) -> None:
    link = link_for(app)
    browsers = [app.test_client() for _browser in range(12)]
    tokens = [token_on(browser, link) for browser in browsers]

    def use(pair: tuple[FlaskClient, str]) -> int:
        return pair[0].post(link, data={"csrf_token": pair[1]}).status_code

    with ThreadPoolExecutor(12) as pool:
        answers = sorted(pool.map(use, zip(browsers, tokens, strict=True)))

    assert answers == [303] + [410] * 11
    with app.app_context():
        assert session.query(DeskSession).count() == 1


def test_a_forged_link_opens_nothing(app: Flask, client: FlaskClient) -> None:
    link_for(app)

    assert press(client, "/desk/enter/forged", "/desk/enter/forged").status_code == 410


def test_a_disabled_organiser_does_not_get_in_and_is_put_out(app: Flask) -> None:
    olga, unused = signed_in(app), link_for(app)
    with app.app_context():
        session.execute(db.Base.metadata.tables["organiser"].update().values(disabled_at=text("clock()")))
        session.commit()

    assert olga.get("/desk/").status_code == 303
    assert press(app.test_client(), unused, unused).status_code == 410


def test_a_session_idles_out(app: Flask, move_clock: Clock) -> None:
    olga = signed_in(app)

    move_clock(timedelta(minutes=29))
    assert olga.get("/desk/").status_code == 200
    move_clock(timedelta(minutes=58))
    assert olga.get("/desk/").status_code == 200
    move_clock(timedelta(minutes=89))
    assert olga.get("/desk/").status_code == 303


def test_a_session_ends_after_twelve_hours_however_busy(app: Flask, move_clock: Clock) -> None:
    olga = signed_in(app)

    for half_hours in range(1, 26):
        move_clock(timedelta(minutes=29 * half_hours))
        if olga.get("/desk/").status_code == 303:
            break

    assert half_hours == 25  # 25 times 29 minutes is the first beyond 12 hours


def test_signing_out_ends_the_session_for_a_copied_cookie_too(app: Flask) -> None:
    olga, thief = signed_in(app), app.test_client()
    cookie = olga.get_cookie("desk")
    assert cookie
    thief.set_cookie("desk", cookie.value)
    assert thief.get("/desk/").status_code == 200

    press(olga, "/desk/", "/desk/sign-out")

    assert olga.get("/desk/").status_code == 303
    assert thief.get("/desk/").status_code == 303


def test_all_sessions_can_be_ended_at_once(app: Flask) -> None:
    browsers, other = [signed_in(app), signed_in(app)], signed_in(app, "other@example.org")

    press(browsers[0], "/desk/", "/desk/sign-out", everywhere="y")

    assert [browser.get("/desk/").status_code for browser in [*browsers, other]] == [303, 303, 200]


def test_neither_link_nor_session_lies_in_the_database(app: Flask, client: FlaskClient) -> None:
    link = link_for(app)
    secret = link.rsplit("/", 1)[1]
    press(client, link, link)

    with app.app_context():
        rows = [str(row) for table in ("sign_in_link", "desk_session", "organiser")
                for row in session.execute(text(f"SELECT {table}::text FROM {table}"))]  # fmt: skip
    assert secret not in "".join(rows)
    assert OLGA not in "".join(rows)


def test_adding_an_organiser_twice_is_adding_once(context: Flask) -> None:
    first, again = accounts.add(OLGA), accounts.add("Olga@Example.org")

    assert first.id == again.id
    assert session.query(Organiser).count() == 1
    assert accounts.email(first) == OLGA


def test_a_stranger_is_sent_to_sign_in_and_can_do_nothing(app: Flask, client: FlaskClient) -> None:
    response = client.get("/desk/")

    assert response.status_code == 303
    assert response.location.endswith("/desk/sign-in")
    token = token_on(client, "/desk/sign-in")
    assert client.post("/desk/outbox/pause", data={"csrf_token": token}).status_code == 404


@pytest.mark.parametrize(
    ("headers", "with_token", "status"),
    [
        ({}, False, 400),
        ({"Sec-Fetch-Site": "cross-site"}, True, 403),
        ({"Sec-Fetch-Site": "same-site"}, True, 403),
        ({"Sec-Fetch-Site": "same-origin"}, True, 303),
        ({}, True, 303),
    ],
)
def test_an_act_must_come_from_our_own_page(
    app: Flask, headers: dict[str, str], with_token: bool, status: int
) -> None:
    olga = signed_in(app)
    fields = {"what": "all"} | ({"csrf_token": token_on(olga, "/desk/outbox")} if with_token else {})

    assert olga.post("/desk/outbox/pause", data=fields, headers=headers).status_code == status


def test_a_nonsense_address_is_refused_with_what_was_typed(app: Flask, client: FlaskClient) -> None:
    response = press(client, "/desk/sign-in", "/desk/sign-in", email="olga at home")

    assert response.status_code == 422
    assert "olga at home" in response.text


def test_asking_again_and_again_is_slowed(app: Flask, client: FlaskClient) -> None:
    token = token_on(client, "/desk/sign-in")
    tries = [
        client.post("/desk/sign-in", data={"csrf_token": token, "email": "eve@example.org"}) for _try in range(6)
    ]

    assert [response.status_code for response in tries] == [303] * 5 + [429]


def test_one_visitor_cannot_ask_for_many(app: Flask, client: FlaskClient) -> None:
    token = token_on(client, "/desk/sign-in")
    tries = [
        client.post("/desk/sign-in", data={"csrf_token": token, "email": f"eve{n}@example.org"}) for n in range(11)
    ]

    assert [response.status_code for response in tries] == [303] * 10 + [429]


def test_visitors_of_the_onion_do_not_use_up_each_others_turns(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    onion = "http://abcdefghijklmnop.onion"
    monkeypatch.setitem(app.config, "ONION_URL", onion)
    monkeypatch.setitem(app.config, "TRUSTED_HOSTS", None)
    token = token_in(client.get("/desk/sign-in", base_url=onion).text)

    def ask_as(email: str) -> int:
        form = {"csrf_token": token, "email": email}
        return client.post("/desk/sign-in", base_url=onion, data=form).status_code

    assert [ask_as(f"eve{n}@example.org") for n in range(11)] == [303] * 11
    assert [ask_as("eve@example.org") for _try in range(6)] == [303] * 5 + [429]


@pytest.mark.parametrize(
    ("public_url", "name", "secure"),
    [
        ("https://appeal.example.org", "__Host-desk", True),
        ("http://abcdefghijklmnop.onion", "__Host-desk", True),
        ("http://127.0.0.1:8000", "desk", False),
        ("http://localhost:8000", "desk", False),
    ],
)
def test_the_cookie_is_as_safe_as_the_address_allows(
    app: Flask, servers: object, tmp_path: Path, public_url: str, name: str, secure: bool
) -> None:
    site = _site(app, tmp_path, public_url)
    browser = site.test_client()
    link = link_for(app)

    response = browser.get(link, base_url=public_url)
    token = token_in(response.text)
    response = browser.post(link, base_url=public_url, data={"csrf_token": token})

    cookie = response.headers["Set-Cookie"]
    assert response.status_code == 303
    assert cookie.startswith(f"{name}=")
    assert ("Secure" in cookie) is secure
    assert all(part in cookie for part in ("HttpOnly", "SameSite=Lax", "Path=/"))
    assert "Domain=" not in cookie
    assert browser.get("/desk/outbox", base_url=public_url).status_code == 200


def test_nobody_signs_in_over_plain_http_on_a_network(app: Flask, tmp_path: Path) -> None:
    site, link = _site(app, tmp_path, "http://appeal.example.org"), link_for(app)
    browser = site.test_client()

    for page in ("/desk/sign-in", link):
        said = browser.get(page, base_url="http://appeal.example.org")
        assert "plain http" in said.text
        assert "<form" not in said.text
    assert browser.post(link, base_url="http://appeal.example.org").status_code == 403


def test_another_hosts_name_gets_no_page(app: Flask, client: FlaskClient) -> None:
    assert client.get("/desk/sign-in", headers={"Host": "evil.example"}).status_code == 400


def test_a_session_is_noted_only_now_and_then(app: Flask, move_clock: Clock) -> None:
    olga = signed_in(app)

    def seen() -> object:
        with app.app_context():
            return session.query(DeskSession.seen_at).scalar()

    first = seen()
    olga.get("/desk/")
    assert seen() == first
    move_clock(timedelta(minutes=2))
    olga.get("/desk/")
    assert seen() != first
    assert timedelta(minutes=30) == sessions.IDLE


def token_in(page: str) -> str:
    return page.split('name="csrf_token" value="')[1].split('"')[0]


def _site(app: Flask, data: Path, public_url: str) -> Flask:
    """The same installation under another address."""
    config = app.config
    return create_app(
        load_settings(
            DATA_DIR=data,
            DATABASE_URL=config["DATABASE_URL"],
            REDIS_URL=config["REDIS_URL"],
            VAULT_KEY_FILE=config["VAULT_KEY_FILE"],
            PUBLIC_URL=public_url,
        )
    )
