"""Surge mode: switched by a person, by the command line or by load, and what it does to the page and the mail."""

from __future__ import annotations

from datetime import UTC, timedelta
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from campaign import create_app
from campaign.admission import TURNS, Load
from campaign.appeals.models import Appeal, ConsentWording
from campaign.db import clock, session
from campaign.organisers.models import AuditEvent
from campaign.petition import counting
from campaign.petition.models import Signature
from campaign.petition.surge import standing, switching, watching
from campaign.petition.surge.models import Surge
from campaign.petition.surge.standing import surge_is_on
from config import load_settings
from tests.cast import PAGE, SLUG, a_signature, an_appeal, sign, the_appeal
from tests.desk import OLGA, press, signed_in
from tests.test_cli import Run, run  # noqa: F401 - a fixture

DESK = f"/desk/appeals/{SLUG}"
WORDING = select(ConsentWording.id).where(ConsentWording.purpose == "sign")
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
        (Load(8, 8, given=0, refused=0, waited=1), True),
        (Load(8, 8, given=100, refused=1, waited=0), True),
    ],
)
def test_a_second_is_too_full_when_most_find_no_turn(now: Load, full: bool) -> None:
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


def test_the_command_line_switches_it(run: Run, appeal: Appeal) -> None:  # noqa: F811 - the fixture
    for what, on, said in (("on", True, "until you switch it off"), ("off", False, "whatever the load")):
        done = run("surge", what, appeal.slug)
        assert done.exit_code == 0
        assert said in done.output
        standing.forget()
        assert surge_is_on(appeal) == on
    assert "begins and ends by itself" in run("surge", "auto", appeal.slug).output
    assert {actor for _, actor in deeds()} == {"command line"}
    assert run("surge", "on", "nothing").exit_code == 1


def test_olga_switches_it_at_her_desk(context: Flask) -> None:
    the_appeal()
    olga = signed_in(context)

    def pressed(what: str) -> str:
        answer = press(olga, DESK, f"{DESK}/surge", what=what)
        assert (answer.status_code, answer.location) == (303, f"{DESK}#surge")
        return olga.get(DESK).text

    assert "Off. It begins by itself" in olga.get(DESK).text
    page = pressed("on")
    assert "Surge mode has been on since" in page
    assert f"{OLGA} switched it on." in page
    assert f"of {TURNS} requests at once" in page
    assert f"Off, whatever the load: {OLGA} switched it off." in pressed("off")
    assert "Off. It begins by itself" in pressed("auto")
    assert [action for action, _ in deeds()] == ["surge.began", "surge.ended", "surge.left_to_load"]
    assert "left surge mode to the load" in olga.get("/desk/log").text
    assert press(olga, DESK, f"{DESK}/surge", what="sometimes").status_code == 400


def test_eve_cannot_switch_it(context: Flask) -> None:
    appeal = the_appeal()
    eve = context.test_client()
    assert eve.post(f"{DESK}/surge", data={"what": "on"}).status_code == 404
    assert not surge_is_on(appeal)


def test_the_desk_says_when_it_began_by_itself(context: Flask) -> None:
    the_appeal()
    switching.notice_load()
    page = signed_in(context).get(DESK).text
    assert "It began by itself: more came than can be served at once." in page
    assert "It ends by itself after five calm minutes." in page
    assert "Confirmed by country as of" in page or "Nobody has confirmed" in page


def test_the_page_is_kept_longer_and_says_as_of_when_its_countries_are(context: Flask, client: FlaskClient) -> None:
    appeal = the_appeal()
    for _ in range(counting.FEW):
        a_signature(appeal, session.scalars(WORDING).first(), country="DE")  # type: ignore[arg-type] # there is one
    assert client.get(PAGE).headers["Cache-Control"].startswith("public, max-age=0, s-maxage=10,")
    context.wsgi_app._kept.clear()  # type: ignore[attr-defined] # it would show for a second more
    switching.switch(appeal, True)
    page = client.get(PAGE)
    assert page.headers["Cache-Control"].startswith("public, max-age=0, s-maxage=60,")
    assert "Surrogate-Control" not in page.headers
    began = session.scalars(select(Surge.began_at)).one()
    assert began
    assert f"From where, as of {began.astimezone(UTC):%H:%M} UTC" in page.text
    kept = context.wsgi_app._kept[PAGE]  # type: ignore[attr-defined]
    assert 9 < kept.until - standing.time.monotonic() <= 10


def test_signatures_keep_being_taken_and_the_count_moves(context: Flask, client: FlaskClient) -> None:
    appeal = the_appeal()
    switching.switch(appeal, True)
    assert sign(client).status_code == 303
    assert session.scalar(select(func.count()).select_from(Signature)) == 1
