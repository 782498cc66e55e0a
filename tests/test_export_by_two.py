"""A file of a sensitive appeal takes two organisers: one asks, another allows, and it is good for one file."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text, update
from sqlalchemy.exc import IntegrityError
from werkzeug.test import TestResponse

from campaign.appeals.models import Appeal
from campaign.db import session
from campaign.errors import Refused
from campaign.exports import leave
from campaign.exports.models import ExportLeave
from campaign.organisers import accounts
from campaign.organisers.models import Organiser
from tests.cast import SLUG, the_appeal
from tests.desk import press, signed_in

PLACE = f"/desk/appeals/{SLUG}/export"
PETRA = "petra@example.org"


@pytest.fixture
def appeal(context: Flask) -> Appeal:
    return the_appeal(state="open")


@pytest.fixture
def olga(appeal: Appeal) -> Organiser:
    return accounts.add("olga@example.org")


@pytest.fixture
def petra(appeal: Appeal) -> Organiser:
    return accounts.add(PETRA)


def take(browser: FlaskClient, audience: str = "organisers") -> TestResponse:
    return press(browser, PLACE, PLACE, audience=audience)


def test_it_works(app: Flask, appeal: Appeal) -> None:
    olga, petra = signed_in(app), signed_in(app, PETRA)
    assert press(olga, PLACE, f"{PLACE}/ask", audience="organisers").status_code == 303
    assert take(olga).status_code == 409
    row = session.scalar(text("SELECT id FROM export_leave"))
    assert "olga@example.org" in petra.get(PLACE).text
    assert press(petra, PLACE, f"{PLACE}/{row}/allow").status_code == 303
    assert take(olga, "public").status_code == 409
    assert take(petra).status_code == 409
    assert take(olga).mimetype == "text/csv"
    assert take(olga).status_code == 409


def test_nobody_allows_their_own(appeal: Appeal, olga: Organiser, petra: Organiser) -> None:
    leave.ask(appeal, "organisers", by=olga)
    (row,) = leave.standing(appeal)
    with pytest.raises(Refused):
        leave.allow(row.id, appeal=appeal, by=olga)
    with pytest.raises(IntegrityError):
        session.execute(update(ExportLeave).values(given_by=olga.id))


def test_asking_twice_asks_once(appeal: Appeal, olga: Organiser) -> None:
    for _ in range(2):
        leave.ask(appeal, "organisers", by=olga)
    assert len(leave.standing(appeal)) == 1


def test_a_no_ends_it(appeal: Appeal, olga: Organiser, petra: Organiser) -> None:
    leave.ask(appeal, "organisers", by=olga)
    (row,) = leave.standing(appeal)
    leave.refuse(row.id, appeal=appeal, by=petra)
    assert leave.standing(appeal) == []
    with pytest.raises(Refused):
        leave.allow(row.id, appeal=appeal, by=petra)


def test_a_leave_lapses_after_a_day(
    appeal: Appeal, olga: Organiser, petra: Organiser, move_clock: Callable[[timedelta], None]
) -> None:
    leave.ask(appeal, "organisers", by=olga)
    (row,) = leave.standing(appeal)
    leave.allow(row.id, appeal=appeal, by=petra)
    assert leave.may_use(appeal, by=olga) == {"organisers"}
    session.close()
    move_clock(timedelta(hours=25))
    assert leave.may_use(appeal, by=olga) == set()


def test_the_only_organiser_waits_a_day(
    appeal: Appeal, olga: Organiser, move_clock: Callable[[timedelta], None]
) -> None:
    leave.ask(appeal, "organisers", by=olga)
    assert leave.may_use(appeal, by=olga) == set()
    session.close()
    move_clock(timedelta(hours=25))
    assert leave.may_use(appeal, by=olga) == {"organisers"}


def test_a_demonstration_and_a_harmless_appeal_take_one(context: Flask) -> None:
    assert not leave.needed(the_appeal())
    assert not leave.needed(the_appeal(state="open", sensitive=False))
