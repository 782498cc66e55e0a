"""One press when people are in danger: files, mail and other sessions stop, signing goes on, and all comes back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from campaign.appeals import danger
from campaign.appeals.models import Appeal
from campaign.db import session
from campaign.errors import Refused
from campaign.mail import draining, pausing
from campaign.organisers import accounts
from tests.cast import SLUG, sign, the_appeal
from tests.desk import link_for, press, signed_in

PLACE = f"/desk/appeals/{SLUG}"


@pytest.fixture
def appeal(context: Flask) -> Appeal:
    return the_appeal()


def call(olga: FlaskClient) -> None:
    assert press(olga, PLACE, f"{PLACE}/danger").status_code == 303


def test_it_works(app: Flask, appeal: Appeal, client: FlaskClient, mails: Callable[[], list[Path]]) -> None:
    olga = signed_in(app)
    call(olga)
    assert "Stopped on" in olga.get(PLACE).text
    assert sign(client).status_code == 303
    draining.drain()
    assert mails() == []
    assert olga.post(f"{PLACE}/export", data=_export(olga)).status_code == 409
    assert press(olga, PLACE, f"{PLACE}/danger/end").status_code == 303
    draining.drain()
    assert len(mails()) == 1
    assert olga.post(f"{PLACE}/export", data=_export(olga)).mimetype == "text/csv"


def test_what_waited_is_sent_as_soon_as_it_is_over(app: Flask, appeal: Appeal) -> None:
    olga, redis = signed_in(app), app.extensions["redis"]
    call(olga)
    redis.delete("celery")
    press(olga, PLACE, f"{PLACE}/danger/end")
    rung = redis.blpop("celery", timeout=3)
    assert rung
    assert b"mail.deliver" in rung[1]


def test_everybody_else_at_the_desk_is_signed_out(app: Flask, appeal: Appeal) -> None:
    olga, eve, link = signed_in(app), signed_in(app, "eve@example.org"), link_for(app, "eve@example.org")
    call(olga)
    assert eve.get(PLACE).status_code == 303
    assert press(app.test_client(), link, link).status_code != 303
    assert olga.get(PLACE).status_code == 200


def test_a_second_press_changes_nothing(app: Flask, appeal: Appeal) -> None:
    olga = accounts.add("olga@example.org")
    danger.call(appeal, by=olga)
    first = appeal.in_danger_at
    danger.call(appeal, by=olga)
    session.refresh(appeal)
    assert appeal.in_danger_at == first


def test_a_pause_of_somebody_else_outlives_it(app: Flask, appeal: Appeal) -> None:
    olga = accounts.add("olga@example.org")
    pausing.pause(f"appeal:{appeal.id}", "the office asked for a week")
    danger.call(appeal, by=olga)
    danger.end(appeal, by=olga)
    assert [pause.why for pause in pausing.paused()] == ["the office asked for a week"]


def test_the_outbox_lets_nothing_go_on_before_it_is_over(app: Flask, appeal: Appeal) -> None:
    olga, outbox = signed_in(app), "/desk/outbox"
    pausing.pause(f"appeal:{appeal.id}", "the office asked for a week")
    call(olga)
    press(olga, outbox, f"{outbox}/resume", key=f"appeal:{appeal.id}")
    assert len(pausing.paused()) == 1
    assert "People are in danger" in olga.get(outbox).text
    press(olga, PLACE, f"{PLACE}/danger/end")
    press(olga, outbox, f"{outbox}/resume", key=f"appeal:{appeal.id}")
    session.rollback()
    assert pausing.paused() == []


def test_what_did_not_begin_cannot_end(appeal: Appeal) -> None:
    with pytest.raises(Refused):
        danger.end(appeal, by=accounts.add("olga@example.org"))


def test_the_command_line_hands_out_no_file_either(app: Flask, appeal: Appeal) -> None:
    from campaign.exports import exporting
    from campaign.exports.audiences import AUDIENCES

    danger.call(appeal, by=accounts.add("olga@example.org"))
    with pytest.raises(Refused, match="in danger"):
        exporting.export(appeal, audience=AUDIENCES["organisers"], actor="command line")


def _export(browser: FlaskClient) -> dict[str, str]:
    from tests.desk import token_on

    return {"csrf_token": token_on(browser, f"{PLACE}/export"), "audience": "organisers"}
