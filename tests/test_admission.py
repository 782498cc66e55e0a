"""Four times as many as can be served: everybody is answered within 5 s, and who gets no turn loses nothing."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError
from werkzeug.test import EnvironBuilder

from campaign import admission, at_once, patience
from campaign.running.processes import THREADS
from tests.cast import PAGE, the_appeal, typed

FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def slow(context: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Every request that gets a turn is worked on until the event is set."""
    the_appeal()
    door, ended = context.extensions["admission"], threading.Event()
    beyond = door._beyond

    def wait(environ: Any, start_response: Any) -> Any:
        ended.wait(10)
        return beyond(environ, start_response)

    monkeypatch.setattr(door, "_beyond", wait)
    yield ended
    ended.set()


def taken(app: Flask, crowd: ThreadPoolExecutor) -> list[Any]:
    """All turns are taken by people who look at a page that does not exist."""
    asked = [crowd.submit(app.test_client().get, "/en/none") for _ in range(admission.TURNS)]
    until = time.monotonic() + 5
    while app.extensions["admission"].load().at_work < admission.TURNS and time.monotonic() < until:
        time.sleep(0.01)
    return asked


def test_it_works(context: Flask, slow: threading.Event) -> None:
    slow.set()
    form = typed(context.test_client())
    slow.clear()
    with ThreadPoolExecutor(admission.TURNS) as crowd:
        asked = taken(context, crowd)
        began = time.monotonic()
        answer = context.test_client().post(f"{PAGE}/sign", data={**form, "name": 'Alice "<b>"'})
        assert time.monotonic() - began < 1
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["Cache-Control"] == "no-store"
        kept = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', answer.text))
        assert kept == {**form, "name": "Alice &#34;&lt;b&gt;&#34;"}
        assert f'action="{PAGE}/sign"' in answer.text
        load = context.extensions["admission"].load()
        assert (load.at_work, load.refused) == (admission.TURNS, 1)
        slow.set()
        assert [one.result().status_code for one in asked] == [404] * admission.TURNS
    assert context.extensions["admission"].load().at_work == 0


def test_who_comes_when_it_flows_again_is_served(context: Flask, slow: threading.Event) -> None:
    with ThreadPoolExecutor(admission.TURNS) as crowd:
        taken(context, crowd)
        assert context.test_client().get("/fa/none").status_code == 503
        slow.set()
    assert context.test_client().get("/fa/none").status_code == 404


def test_the_page_speaks_the_language_of_the_address(context: Flask, slow: threading.Event) -> None:
    with ThreadPoolExecutor(admission.TURNS) as crowd:
        taken(context, crowd)
        assert 'dir="rtl"' in context.test_client().get("/fa/none").text
        assert 'lang="en"' in context.test_client().get(f"/{quote('<script>')}/none").text
        slow.set()


def test_who_runs_the_appeal_always_gets_in(context: Flask, slow: threading.Event) -> None:
    with ThreadPoolExecutor(admission.TURNS + 1) as crowd:
        taken(context, crowd)
        organiser = crowd.submit(context.test_client().get, "/desk")
        time.sleep(0.5)
        assert not organiser.done(), "it is worked on, not refused"
        slow.set()
        assert organiser.result().status_code != 503


def test_an_organiser_waits_longer_for_a_database_that_hangs_and_not_for_ever(
    context: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    door, asleep = context.extensions["admission"], select(func.pg_sleep(0.3))
    monkeypatch.setattr(patience, "WITHIN", 0.1)
    monkeypatch.setattr(patience, "_LAST", 0.0)
    monkeypatch.setattr(door, "_beyond", lambda *_request: at_once.execute(asleep, {}))
    assert door({"PATH_INFO": "/desk"}, None) == [""]
    monkeypatch.setattr(admission, "_A_MINUTE", 0.2)
    for address in ("/desk", "/en/iran-detainees"):
        with pytest.raises(OperationalError):
            door({"PATH_INFO": address}, None)


def test_a_turn_is_given_back_after_a_failure(context: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    door = context.extensions["admission"]

    def fail(*_: Any) -> Any:
        raise RuntimeError

    monkeypatch.setattr(door, "_beyond", fail)
    browser: FlaskClient = context.test_client()
    for _ in range(admission.TURNS + 1):
        with pytest.raises(RuntimeError):
            browser.get("/en/none")
    assert door.load().at_work == 0


def test_the_web_server_has_threads_left_to_say_so() -> None:
    assert THREADS >= 2 * admission.TURNS


def test_no_load_balancer_takes_signing_down_for_a_rush(context: Flask, slow: threading.Event) -> None:
    with ThreadPoolExecutor(admission.TURNS + 2) as crowd:
        taken(context, crowd)
        asked = [crowd.submit(context.test_client().get, path) for path in ("/readyz", "/healthz")]
        time.sleep(0.7)  # longer than anybody waits for a turn
        slow.set()
        assert [one.result().status_code for one in asked] == [200, 200]


def test_where_a_form_came_from_is_where_it_goes_again(context: Flask, slow: threading.Event) -> None:
    """With the offices that a writer chose to write to next; a form of files is not offered, since none is kept."""
    path = f"{PAGE}/letters/sr-iran?then=sr-truth,hrc-president&in=fr"
    with ThreadPoolExecutor(admission.TURNS) as crowd:
        taken(context, crowd)
        page = context.test_client().post(path, data={"name": "Bob"}).text
        files = context.test_client().post(path, data={"file": (BytesIO(b"x"), "x")}).text
        slow.set()
    assert f'action="{path.replace("&", "&amp;")}"' in page
    assert "<form" not in files


@pytest.mark.parametrize("path", ["//eve.example/en/sign", "", "*"])
def test_a_strange_address_is_answered_and_leads_nowhere_else(
    context: Flask, slow: threading.Event, path: str
) -> None:
    said: list[Any] = []
    body = b"name=/-action-"
    environ = EnvironBuilder(method="POST", input_stream=BytesIO(body)).get_environ()
    environ |= {"PATH_INFO": path, "CONTENT_LENGTH": str(len(body)), "CONTENT_TYPE": FORM}
    with ThreadPoolExecutor(admission.TURNS) as crowd:
        taken(context, crowd)
        page = b"".join(context.extensions["admission"](environ, lambda *a, **_: said.extend(a))).decode()
        slow.set()
    assert said[0].startswith("503")
    assert 'action="//' not in page
    assert 'value="/-action-"' in page
