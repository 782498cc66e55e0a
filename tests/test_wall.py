"""The public wall: only who chose it, a day late, ten at once, a hundred at most, in no order that tells anything."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from campaign import tokens
from campaign.appeals import danger
from campaign.appeals.models import Appeal
from campaign.db import session
from campaign.errors import Refused
from campaign.organisers import accounts
from campaign.organisers.models import Organiser
from campaign.petition import ending
from campaign.petition.models import Signature
from campaign.petition.wall import reading, releasing
from campaign.petition.wall.models import WallName
from campaign.rights import asking
from tests.cast import PAGE, SLUG, a_signature, the_appeal
from tests.desk import press, signed_in
from tests.test_public_page import wording_of

TODAY = date(2026, 11, 24)
LONG_AGO = datetime.now(UTC) - timedelta(days=2)


@pytest.fixture
def appeal(context: Flask) -> Appeal:
    return the_appeal(state="open", sensitive=False)


@pytest.fixture
def olga(appeal: Appeal) -> Organiser:
    return accounts.add("olga@example.org")


def signed(appeal: Appeal, many: int, **changes: object) -> list[Signature]:
    """So many people who chose to be seen, signed two days ago."""
    usual = {"visibility": "public", "confirmed_at": LONG_AGO}
    wording = wording_of(appeal)
    assert isinstance(wording, UUID)
    return [
        a_signature(appeal, wording, **{**usual, "public_name": f"Alice Number{n}", **changes}) for n in range(many)
    ]


def shown(client: FlaskClient) -> list[str]:
    return re.findall(r"<li><bdi>(Alice [^<]+)</bdi>", client.get(f"{PAGE}/wall?1").text)


def test_it_works(app: Flask, appeal: Appeal, client: FlaskClient) -> None:
    signed(appeal, 12)
    assert client.get(f"{PAGE}/wall").status_code == 404
    olga = signed_in(app)
    place = f"/desk/appeals/{SLUG}/wall"
    assert press(olga, place, place).status_code == 303
    assert len(shown(client)) == 12
    answer = client.get(f"{PAGE}/wall?2")
    assert answer.headers["X-Robots-Tag"] == "noindex"
    assert f"{PAGE}/wall" in client.get(f"{PAGE}?1").text
    assert press(olga, place, f"{place}/down").status_code == 303
    assert client.get(f"{PAGE}/wall?3").status_code == 404


@pytest.mark.parametrize(
    "changes",
    [
        {"visibility": "recipient"},
        {"visibility": "counted", "public_name": None},
        {"state": "pending", "confirmed_at": None},
        {"state": "withdrawn"},
        {"held_at": LONG_AGO},
        {"origin": "demo"},
        {"confirmed_at": datetime.now(UTC)},
    ],
)
def test_who_is_not_ripe_is_not_put_up(appeal: Appeal, olga: Organiser, changes: dict[str, object]) -> None:
    signed(appeal, 10)
    signed(appeal, 3, **{"public_name": "Eve Unseen", **changes})
    assert releasing.release(appeal, by=olga) == 10
    assert "Eve Unseen" not in reading.names(appeal, on=TODAY)


def test_nobody_stands_alone(appeal: Appeal, olga: Organiser) -> None:
    signed(appeal, 9)
    with pytest.raises(Refused, match="ten at a time"):
        releasing.release(appeal, by=olga)


@pytest.mark.parametrize("change", ["withdraw", "hide", "danger", "sensitive"])
def test_a_name_goes_at_once(appeal: Appeal, olga: Organiser, change: str) -> None:
    alice = signed(appeal, 10)[0]
    releasing.release(appeal, by=olga)
    name = alice.public_name
    assert name in reading.names(appeal, on=TODAY)
    match change:
        case "withdraw":
            ending.withdraw(alice.id)
        case "hide":
            alice.visibility, alice.public_name = "counted", None
        case "danger":
            danger.call(appeal, by=olga)
        case "sensitive":
            appeal.sensitive = True
    assert name not in reading.names(appeal, on=TODAY)


def test_a_hundred_a_day_and_never_in_the_order_of_signing(appeal: Appeal, olga: Organiser) -> None:
    everybody = [one.public_name for one in signed(appeal, 240)]
    releasing.release(appeal, by=olga)
    days = [reading.names(appeal, on=TODAY + timedelta(days=n)) for n in range(3)]
    assert all(len(set(day)) == reading.CAP for day in days)
    assert days[0] == reading.names(appeal, on=TODAY)
    assert len({tuple(day) for day in days}) == 3
    assert days[0] != [name for name in everybody if name in days[0]]


def test_alice_is_shown_with_an_initial_as_she_asks(appeal: Appeal, olga: Organiser, app: Flask) -> None:
    alice = signed(appeal, 10)[0]
    mine = f"/mine/{tokens.make(asking.PURPOSE, alice.id)}"
    visitor = app.test_client()
    assert visitor.post(f"{mine}/signatures/{alice.id}/name", data={"short": "1"}).status_code == 303
    releasing.release(appeal, by=olga)
    assert "Alice N." in reading.names(appeal, on=TODAY)
    assert "Alice Number0" not in reading.names(appeal, on=TODAY)
    visitor.post(f"{mine}/signatures/{alice.id}/name")
    assert "Alice Number0" in reading.names(appeal, on=TODAY)


def test_a_name_that_is_gone_leaves_nothing(appeal: Appeal, olga: Organiser) -> None:
    alice = signed(appeal, 10)[0]
    releasing.release(appeal, by=olga)
    session.delete(alice)
    session.commit()
    assert session.get(WallName, alice.id) is None


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("Alice Nyström", "Alice N."),
        ("Ana de la Cruz", "Ana C."),
        ("پروانه می‌آبادی", "پروانه م."),
        ("毛泽东", "毛."),
        (" X ", "X."),
    ],
)
def test_a_name_is_shortened(name: str, short: str) -> None:
    assert reading.shortened(name) == short


@given(st.lists(st.text(st.characters(categories=["L"]), min_size=2), min_size=1))
def test_shortening_leaves_no_last_name(words: list[str]) -> None:
    short = reading.shortened("  ".join(words))
    assert words[-1] not in short.removeprefix(words[0] if len(words) > 1 else "")
    assert len(short.split()) <= 2
