"""A signature in which nothing is wrong passes Flask by, and nobody can tell; all else goes the long way."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask, request, request_started
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from werkzeug.datastructures import MultiDict

from campaign.db import session
from campaign.petition import forms, signing
from tests.cast import PAGE, the_appeal, typed

NAMES = ["Alice Moreau", "زهرا محمدی", "a", "", "=1+1", "Eve https://eve.example", " Bob  Lee ", "x" * 200]
EMAILS = ["alice@example.org", "ALICE+x@Gmail.com", "alice@", "", "a@b", " bob@example.org ", "ü@example.org"]
TICKS = st.sampled_from([None, "y", "", "false", "on", "1"])
TYPED = st.fixed_dictionaries(
    {
        "name": st.sampled_from(NAMES),
        "email": st.sampled_from(EMAILS),
        "country": st.sampled_from(["FR", "IR", "none", "", "XX", "fr"]),
        "visibility": st.sampled_from([None, "counted", "recipient", "public", "all", ""]),
        "consent": TICKS,
        "updates": TICKS,
    }
)


@pytest.fixture
def client(context: Flask) -> FlaskClient:
    """A visitor of the bundled appeal."""
    the_appeal()
    return context.test_client()


@pytest.fixture
def long_way(context: Flask) -> Iterator[list[str]]:
    """The addresses that came to Flask itself."""
    seen: list[str] = []

    def note(_app: Flask, **_: Any) -> None:
        seen.append(request.path)

    with request_started.connected_to(note, context):
        yield seen


@pytest.fixture
def posted(client: FlaskClient) -> Any:
    """Send the form as a browser does."""
    form = typed(client)

    def post(**how: Any) -> Any:
        changes = how.pop("changes", {})
        return client.post(f"{PAGE}/sign", **{"data": {**form, **changes}, **how})

    return post


def stored() -> int:
    session.rollback()
    return int(session.scalar(text("SELECT count(*) FROM signature")) or 0)


def test_it_works(long_way: list[str], posted: Any) -> None:
    long_way.clear()
    answer = posted()
    assert answer.status_code == 303
    assert answer.location.startswith("/sent/")
    assert stored() == 1
    assert long_way == []


def test_both_ways_answer_alike(long_way: list[str], posted: Any) -> None:
    long_way.clear()
    short, long = posted(), posted(query_string="a=b")
    assert len(long_way) == 1
    assert short.status == long.status
    own = {"Content-Length", "Content-Type", "Location"}  # a redirect's page, which nobody sees
    assert {k: v for k, v in short.headers if k not in own} == {k: v for k, v in long.headers if k not in own}
    assert stored() == 2


@pytest.mark.parametrize(
    ("how", "status"),
    [
        ({"changes": {"name": ""}}, 422),
        ({"changes": {"stamp": "forged"}}, 422),
        ({"changes": {"consent": ""}}, 422),
        ({"changes": {"website": "x" * 9000}}, 303),
        ({"content_type": "multipart/form-data"}, 303),
        ({"data": b"name=%ff%fe&name=twice"}, 422),
        ({"headers": {"Host": "eve.example"}}, 400),
        ({"headers": {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}}, 303),
    ],
)
def test_whatever_is_unusual_goes_the_long_way(
    long_way: list[str], posted: Any, how: dict[str, Any], status: int
) -> None:
    long_way.clear()
    assert posted(**how).status_code == status
    assert stored() == (status == 303)


def test_a_language_that_the_appeal_lacks_leads_on(client: FlaskClient) -> None:
    assert client.post("/en/no-such-appeal/sign", data=typed(client)).status_code == 404


def test_without_the_database_it_says_so(posted: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: Any, **_more: Any) -> None:
        raise OperationalError("", None, ValueError())

    monkeypatch.setattr(signing.together, "done", away)
    answer = posted()
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10")
    assert "We cannot answer just now" in answer.text


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # on a busy machine
@given(TYPED)
def test_it_never_takes_what_the_form_would_not(app: Flask, fields: dict[str, str | None]) -> None:
    sent = {name: value for name, value in fields.items() if value is not None}
    with app.test_request_context():
        quick = forms.quick(sent, language="en")
        form = forms.SignForm(MultiDict(sent), language="en")
        if quick is not None:
            assert form.validate()
            assert form.signer() == quick
        plain = sent.get("consent") == "y" and sent.get("updates") in {None, "y"} and sent.get("visibility")
        if quick is None and plain:
            assert not form.validate()
