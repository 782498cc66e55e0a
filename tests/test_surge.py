"""Surge mode: switched by a person, by the command line or by load, and what it does to the page and the mail."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select

from campaign import create_app
from campaign.admission import Load
from campaign.appeals.models import Appeal
from campaign.db import clock, session
from campaign.organisers.models import AuditEvent
from campaign.petition import counting
from campaign.petition.models import Surge
from campaign.petition.surge import standing, switching, watching
from campaign.petition.surge.standing import surge_is_on
from config import load_settings
from tests.cast import a_signature, an_appeal

QUIET = Load(at_work=0, turns=8, given=0, refused=0, waited=0)


@pytest.fixture
def known(context: Flask) -> tuple[Appeal, UUID]:
    standing.forget()
    counting._kept.clear()
    return an_appeal()


@pytest.fixture
def appeal(known: tuple[Appeal, UUID]) -> Appeal:
    return known[0]


def deeds() -> list[tuple[str, str]]:
    rows = session.scalars(select(AuditEvent).where(AuditEvent.action.like("surge.%")).order_by(AuditEvent.id))
    return [(row.action, row.actor) for row in rows]


def calm_for(appeal: Appeal, so_long: timedelta) -> None:
    session.get_one(Surge, appeal.id).busy_at = clock() - so_long
    session.commit()


def test_it_works(appeal: Appeal) -> None:
    assert not surge_is_on(appeal)
    switching.switch(appeal, True, actor="command line")
    assert surge_is_on(appeal)
    switching.switch(appeal, False, actor="command line")
    assert not surge_is_on(appeal)
    assert deeds() == [("surge.began", "command line"), ("surge.ended", "command line")]


def test_another_process_agrees_within_two_seconds(
    appeal: Appeal, context: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ("DATA_DIR", "DATABASE_URL", "REDIS_URL")
    another = create_app(load_settings(**{name: context.config[name] for name in names}))
    with another.app_context():
        assert not surge_is_on(appeal)
    switching.switch(appeal, True)
    passed = standing.time.monotonic() + 2
    monkeypatch.setattr(standing.time, "monotonic", lambda: passed)
    with another.app_context():
        assert surge_is_on(appeal)
    another.extensions["engine"].dispose()


def test_countries_stand_as_they_were_when_it_began(known: tuple[Appeal, UUID]) -> None:
    appeal, wording = known
    for _ in range(counting.FEW):
        a_signature(appeal, wording, country="DE")
    switching.switch(appeal, True)
    for _ in range(counting.FEW):
        a_signature(appeal, wording, country="FR")
    counting._kept.clear()
    switching.switch(appeal, True)  # said twice, it is one surge
    assert counting.countries(appeal).named == (("DE", counting.FEW),)
    assert counting.countries(appeal).as_of == session.get_one(Surge, appeal.id).began_at
    assert counting.count(appeal) == 2 * counting.FEW
    switching.switch(appeal, False)
    assert [code for code, _ in counting.countries(appeal).named] == ["DE", "FR"]
    assert counting.countries(appeal).as_of is None


def test_load_begins_it_and_calm_ends_it(appeal: Appeal) -> None:
    switching.notice_load()
    assert surge_is_on(appeal)
    calm_for(appeal, switching.CALM - timedelta(seconds=5))
    switching.settle()
    assert surge_is_on(appeal)
    calm_for(appeal, switching.CALM)
    switching.settle()
    assert not surge_is_on(appeal)
    assert deeds() == [("surge.began", "system"), ("surge.ended", "system")]


def test_load_leaves_appeals_alone_that_take_no_signatures(appeal: Appeal) -> None:
    closed, _ = an_appeal("closed-appeal", state="closed")
    switching.notice_load()
    assert not surge_is_on(closed)


@pytest.mark.parametrize("on", [True, False])
def test_a_persons_word_stands_above_the_load(appeal: Appeal, on: bool) -> None:
    switching.switch(appeal, on)
    switching.notice_load()
    calm_for(appeal, switching.CALM)
    switching.settle()
    assert surge_is_on(appeal) == on
    assert len(deeds()) == 1


def test_what_is_left_to_the_load_again_ends_at_once_when_all_is_calm(appeal: Appeal) -> None:
    switching.switch(appeal, True)
    switching.leave_to_load(appeal)
    assert not surge_is_on(appeal)
    switching.switch(appeal, True)
    switching.notice_load()
    switching.leave_to_load(appeal)
    assert surge_is_on(appeal)
    assert session.get_one(Surge, appeal.id).began_by == "system"


@pytest.mark.parametrize(
    ("now", "full"),
    [
        (QUIET, False),
        (Load(8, 8, given=100, refused=0, waited=50), False),
        (Load(8, 8, given=100, refused=0, waited=51), True),
        (Load(8, 8, given=100, refused=1, waited=0), True),
    ],
)
def test_a_second_is_too_full_when_half_must_wait(now: Load, full: bool) -> None:
    assert watching.too_full(QUIET, now) == full


@pytest.mark.parametrize(("full", "said"), [(watching.FULL - 1, False), (watching.FULL, True)])
def test_a_surge_is_load_that_lasts(
    appeal: Appeal, context: Flask, monkeypatch: pytest.MonkeyPatch, full: int, said: bool
) -> None:
    class Door:
        looks = 0

        def load(self) -> Load:
            self.looks += 1
            return Load(8, 8, given=100 * self.looks, refused=min(self.looks, full + 1), waited=0)

    monkeypatch.setattr(watching, "SECOND", 0.001)
    watching.Watch(context, Door())._until_calm()  # type: ignore[arg-type] # a door that only tells its load
    assert surge_is_on(appeal) == said
