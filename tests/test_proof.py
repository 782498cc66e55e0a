"""Proof of work: asked of everybody on an appeal while a switch is on, counted once, and never a door."""

from __future__ import annotations

import base64
import json
from typing import Any

import altcha
import pytest
from flask import Flask
from flask.testing import FlaskClient
from redis.exceptions import RedisError
from sqlalchemy import select

from campaign import limits
from campaign.db import session
from campaign.organisers import accounts
from campaign.petition.defence import proving
from campaign.petition.models import Signature
from campaign.petition.surge import switching
from tests import cast
from tests.desk import press, signed_in, token_on

ATTACK = f"/desk/appeals/{cast.SLUG}/attack"


@pytest.fixture
def attacked(context: Flask) -> Any:
    """The appeal, with work asked of everybody."""
    appeal = cast.the_appeal()
    proving.switch(appeal, True, by=accounts.add("olga@example.org"))
    return appeal


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sums that take no time."""
    monkeypatch.setattr(proving, "_TRIES", 4)


def solved(client: FlaskClient, **changes: Any) -> str:
    """What a browser hands in."""
    given = client.get(f"/proof/{cast.SLUG}").json
    assert given
    given["parameters"] |= changes
    challenge = altcha.Challenge.from_dict(given)
    found = altcha.solve_challenge(challenge)
    assert found
    return base64.b64encode(json.dumps({"challenge": given, "solution": found.to_dict()}).encode()).decode()


def reasons(client: FlaskClient, crowd: int) -> list[str]:
    """Why the last of a crowd from everywhere that sends no solution waits; none when it counts."""
    for n in range(crowd):
        person = {"name": f"Person {chr(97 + n % 26)}{chr(97 + n // 26)}", "email": f"p{n}@gmail.com"}
        typed, base = cast.typed(client, **person), {"REMOTE_ADDR": f"192.0.{n}.1"}
        answer = client.post(
            f"{cast.PAGE}/sign", data=typed, headers={"Sec-Fetch-Site": "same-origin"}, environ_base=base
        )
        assert answer.status_code == 303
    newest = select(Signature.held_reasons).order_by(Signature.created_at.desc()).limit(1)
    return list(session.scalars(newest).one())


def test_it_works(attacked: Any, client: FlaskClient) -> None:
    solution = solved(client)

    assert proving.proved(attacked.id, solution)
    assert not proving.proved(attacked.id, solution), "a solution counts once"


def test_on_a_quiet_day_nobody_is_asked(context: Flask, client: FlaskClient) -> None:
    appeal = cast.the_appeal()

    assert not proving.asked(appeal)
    assert "altcha" not in client.get(cast.PAGE).text


def test_while_it_is_on_everybody_gets_the_same_page_with_it(attacked: Any, client: FlaskClient) -> None:
    one = client.get(cast.PAGE)
    other = client.get(cast.PAGE, headers={"X-Forwarded-For": "203.0.113.9", "User-Agent": "curl"})

    assert "appeal.js" in one.text
    assert f'data-from="/proof/{cast.SLUG}"' in one.text
    assert one.text == other.text


def test_surge_mode_asks_too(context: Flask) -> None:
    appeal = cast.the_appeal()
    switching.switch(appeal, True, actor="command line")

    assert proving.asked(appeal)


@pytest.mark.parametrize(
    "solution",
    ["", "x", "e30=", "bnVsbA==", "W10=", "\u0660", "A" * 3000, base64.b64encode(b'{"challenge":{}}').decode()],
    ids=lambda solution: solution[:12] or "none",
)
def test_what_is_no_solution_is_none(attacked: Any, solution: str) -> None:
    assert not proving.proved(attacked.id, solution)


@pytest.mark.parametrize("changes", [{"data": {"appeal": "0" * 32}}, {"expiresAt": 2**40}, {"cost": 1}])
def test_a_sum_that_was_changed_is_not_ours(attacked: Any, client: FlaskClient, changes: dict[str, Any]) -> None:
    given = json.loads(base64.b64decode(solved(client)))
    given["challenge"]["parameters"] |= changes

    assert not proving.proved(attacked.id, base64.b64encode(json.dumps(given).encode()).decode())


def test_a_sum_ends(attacked: Any, client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proving, "LIVES", -1)

    assert not proving.proved(attacked.id, solved(client))


def test_a_sum_for_another_appeal_counts_there_only(attacked: Any, client: FlaskClient) -> None:
    other, _wording = cast.an_appeal()

    assert not proving.proved(other.id, solved(client))


def test_with_redis_down_a_solution_is_believed(
    attacked: Any, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Down:
        def set(self, *_words: object, **_more: object) -> None:
            raise RedisError

    solution = solved(client)
    monkeypatch.setattr(limits, "redis", Down)
    assert proving.proved(attacked.id, solution)


def test_who_comes_without_is_taken_and_counts(attacked: Any, client: FlaskClient) -> None:
    assert reasons(client, crowd=20) == []


def test_very_many_who_come_without_wait_for_a_look(attacked: Any, client: FlaskClient) -> None:
    assert reasons(client, crowd=34) == ["unproved", "unproved_minute"]


def test_organisers_switch_it_on_the_page_of_the_attack(context: Flask) -> None:
    appeal = cast.the_appeal()
    olga = signed_in(context)

    assert press(olga, ATTACK, f"{ATTACK}/proof", what="on").status_code == 303
    assert proving.is_on(appeal)
    press(olga, ATTACK, f"{ATTACK}/proof", what="off")
    session.rollback()
    assert not proving.is_on(appeal)
    assert olga.post(f"{ATTACK}/proof", data={"csrf_token": token_on(olga, ATTACK)}).status_code == 400
