"""What somebody sees when something is wrong: a page of ours in their language that keeps what they typed."""

from __future__ import annotations

import re
import socket
import time
from html import unescape
from io import BytesIO
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.datastructures import MultiDict
from werkzeug.test import EnvironBuilder, run_wsgi_app

from campaign import create_app, limits
from config import load_settings
from tests import letter_stage
from tests.cast import SLUG, the_appeal
from tests.desk import signed_in

TYPED = {"name": "ALICE-CANARY", "email": "alice-canary@example.org"}


def test_it_works(client: FlaskClient) -> None:
    answer = client.get("/fr/nulle-part")
    assert answer.status_code == 404
    assert "nulle-part" not in answer.text
    assert '<html lang="fr"' in answer.text


def test_an_old_link_is_explained_in_the_language_of_the_browser(client: FlaskClient) -> None:
    for path, spoken in (("/confirm/x", "fa"), ("/desk/nowhere", "en"), ("/zh/x", "zh")):
        page = client.get(path, headers={"Accept-Language": "fa-IR, en;q=0.5"}).text
        assert f'<html lang="{spoken}"' in page
        assert ('/mine"' in page) == (spoken != "en")


@pytest.mark.parametrize("path", ["/fa/x", "/mine/x", "/confirm/x", "/letters/x", "/en/mine", "/en/mine/asked", "/"])
def test_a_page_that_may_tell_of_a_person_can_be_left_at_once(client: FlaskClient, path: str) -> None:
    assert 'class="leave"' in client.get(path, follow_redirects=True).text


def test_an_organiser_needs_no_way_out(app: Flask) -> None:
    for path in ("/desk/nowhere", "/desk/", "/desk/sign-in"):
        assert 'class="leave"' not in signed_in(app).get(path).text


@pytest.mark.parametrize("path", ["", "/letters", "/letters/sr-iran", "/data"])
def test_a_slash_too_many_is_no_other_page(context: Flask, client: FlaskClient, path: str) -> None:
    letter_stage.the_appeal()
    assert client.get(f"/en/{SLUG}{path}/").status_code == 200


@pytest.mark.parametrize(
    "path",
    ["/en/%00", "/api/v1/appeals/%00", f"/en/{SLUG}/letters/%00", "/desk/appeals/%00", "/desk/outbox?state=%00"],
)
def test_what_no_column_can_hold_is_a_request_we_cannot_read(context: Flask, path: str) -> None:
    the_appeal()
    assert signed_in(context).get(path).status_code == 400


@pytest.mark.parametrize("path", [f"/en/{SLUG}", f"/en/{SLUG}/letters", "/api/v1/appeals"])
def test_without_a_database_the_answer_is_for_a_while(tmp_path: Path, app: Flask, path: str) -> None:
    away = load_settings(
        DATA_DIR=tmp_path, DATABASE_URL="postgresql://127.0.0.1:1/x", REDIS_URL=app.config["REDIS_URL"]
    )
    answer = create_app(away).test_client().get(path)
    assert answer.status_code == 503
    assert answer.headers["Cache-Control"] == "no-store"
    assert "127.0.0.1" not in answer.text
    assert ("<a" in answer.text and f'href="{path}"' in answer.text) == path.startswith("/en")


@pytest.fixture(scope="module")
def away(tmp_path_factory: pytest.TempPathFactory, app: Flask) -> Flask:
    """The application while PostgreSQL is away."""
    data, url = tmp_path_factory.mktemp("away"), "postgresql://127.0.0.1:1/x"
    return create_app(load_settings(DATA_DIR=data, DATABASE_URL=url, REDIS_URL=app.config["REDIS_URL"]))


def sent_again(page: str) -> tuple[str, list[tuple[str, str]]]:
    """Where the form of a page goes, and what it holds, as a browser reads it."""
    action = re.search(r'<form method="post" action="([^"]+)"', page)
    assert action, page
    found = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', page)
    return unescape(action[1]), [(unescape(name), unescape(value)) for name, value in found]


@pytest.mark.parametrize(
    ("path", "says"),
    [
        (f"/en/{SLUG}/sign", "Nothing you typed is lost"),
        (f"/fr/{SLUG}/letters/sr-iran?then=sr-truth,hrc-president&in=fr", "n’est perdu"),
        (f"/fa/{SLUG}/organisations", 'dir="rtl"'),
    ],
)
def test_without_a_database_a_form_keeps_all_that_was_typed_and_the_log_nothing(
    away: Flask, capfd: pytest.CaptureFixture[str], path: str, says: str
) -> None:
    words = 'Two "lines",\r\n<b>of</b> زهرا & me'
    typed = [*TYPED.items(), ("words", words), ("many", "1"), ("many", "2"), ("empty", "")]
    answer = away.test_client().post(path, data=MultiDict(typed))
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10")
    assert says.lower() in answer.text.lower()
    assert sent_again(answer.text) == (path, typed)
    assert answer.headers["Cache-Control"] == "no-store"
    written = str(answer.headers) + "".join(capfd.readouterr())
    assert "canary" not in written.lower()


def test_a_failure_of_ours_keeps_it_too(context: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    the_appeal()

    def fail(**_: str) -> None:
        raise RuntimeError

    monkeypatch.setitem(context.view_functions, "petition.sign", fail)
    answer = context.test_client().post(f"/en/{SLUG}/sign", data=TYPED)
    assert answer.status_code == 500
    assert sent_again(answer.text) == (f"/en/{SLUG}/sign", list(TYPED.items()))


def test_what_would_be_refused_again_is_not_offered_to_be_sent_again(context: Flask, client: FlaskClient) -> None:
    answer = client.post("/en/no-such-appeal/sign", data=TYPED)
    assert answer.status_code == 404
    assert "canary" not in answer.text.lower()


@pytest.mark.parametrize("length", [True, False])
@pytest.mark.parametrize(("body", "status"), [(b"a=1", 503), (b"a&" * 5000, 413)])
def test_what_no_person_typed_is_not_given_back(away: Flask, body: bytes, status: int, length: bool) -> None:
    chunked = EnvironBuilder(f"/en/{SLUG}/sign", method="POST", content_type="application/x-www-form-urlencoded")
    given = chunked.get_environ() | {"wsgi.input": BytesIO(body), "wsgi.input_terminated": True}
    given["CONTENT_LENGTH"] = str(len(body)) if length else ""  # none of a chunked body
    assert run_wsgi_app(away.wsgi_app, given)[1].startswith(str(status))


def test_a_broker_that_hangs_holds_nobody_up(tmp_path: Path, app: Flask) -> None:
    """It takes the connection and never answers: what a stopped or swapping machine does."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
        settings = load_settings(DATA_DIR=tmp_path, DATABASE_URL=app.config["DATABASE_URL"], REDIS_URL=url)
        with create_app(settings).app_context():
            began = time.monotonic()
            assert limits.allows("1/minute", "sign", "alice")
            assert time.monotonic() - began < 0.45
