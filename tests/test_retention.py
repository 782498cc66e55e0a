"""What the day of deletion does: the appeal closes, its people are forgotten, the count stays."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from campaign import tokens
from campaign.appeals import checking, states, versions
from campaign.appeals.content import Content
from campaign.appeals.facts import Publisher
from campaign.appeals.models import Appeal
from campaign.db import session
from campaign.errors import Refused
from campaign.mail import draining
from campaign.petition import confirming, counting, signing
from campaign.rights import retention
from tests import cast

NOW = datetime(2026, 11, 24, tzinfo=UTC)
Found = tuple[Appeal, UUID]


def _today() -> date:
    return datetime.now(UTC).date()


def _sign(found: Found, email: str = "alice@example.org") -> UUID:
    signer = cast.a_signer(email=email)
    return signing.sign(found[0], signer, language="en", wording_id=found[1], now=NOW)


@pytest.fixture
def due(context: Flask) -> Found:
    """An open appeal whose day is today."""
    return cast.an_appeal("due", state="open", delete_by=_today())


@pytest.fixture
def noise(context: Flask) -> Found:
    """One whose day is tomorrow, which Alice has signed too, and does not confirm."""
    found = cast.an_appeal("noise", state="open", delete_by=_today() + timedelta(days=1))
    _sign(found)
    return found


def test_it_works(due: Found, noise: Found) -> None:
    row = _sign(due)
    confirming.confirm(row, now=NOW)
    assert retention.forget_due() == 1
    session.expire_all()
    assert (due[0].state, noise[0].state) == ("closed", "open")
    assert due[0].closed_at is not None
    assert cast.state(row) == "confirmed"
    assert counting.tally(due[0].id).total == 1
    assert session.scalars(text("SELECT sealed IS NULL FROM signature ORDER BY created_at")).all() == [False, True]


def test_nobody_signs_twice_by_having_been_forgotten(due: Found) -> None:
    confirming.confirm(_sign(due), now=NOW)
    retention.forget_due()
    with pytest.raises(Refused):
        _sign(due)
    assert session.scalar(text("SELECT count(*) FROM signature")) == 1


def test_what_waited_has_expired_and_its_link_says_so(client: FlaskClient, context: Flask) -> None:
    appeal = cast.the_appeal(state="open", delete_by=_today())
    cast.sign(client)
    row = session.scalar(text("SELECT id FROM signature"))
    session.rollback()
    assert retention.forget_due() == 1
    assert cast.state(row) == "expired"
    assert confirming.confirm(row, now=NOW) is confirming.Outcome.GONE
    assert client.post(f"/confirm/{tokens.make('confirm', row)}").status_code == 410
    assert counting.tally(appeal.id).total == 0


def test_no_receipt_for_whom_nobody_knows_any_more(due: Found) -> None:
    row = _sign(due)
    confirming.confirm(row, now=NOW)
    retention.forget_due()
    session.expire_all()
    confirming.request_receipt(row, now=NOW)
    assert cast.mails_of("receipt") == 0


def test_mails_about_it_are_forgotten_and_stopped_too(
    due: Found, noise: Found, mails: Callable[[], list[Path]]
) -> None:
    row = _sign(due)
    draining.drain()
    confirming.confirm(row, now=NOW)
    _sign(due, "bob@example.org")
    assert len(mails()) == 2
    retention.forget_due()
    kept = "recipient IS NOT NULL, array_agg(state ORDER BY state)"
    found = session.execute(text(f"SELECT {kept} FROM message GROUP BY 1 ORDER BY 1")).all()
    assert [tuple(row) for row in found] == [(False, ["accepted", "cancelled"]), (True, ["accepted"])]
    assert len(mails()) == 1


@pytest.mark.parametrize(("days", "opens"), [(-1, False), (0, False), (1, True)])
def test_an_appeal_opens_only_before_its_day(context: Flask, days: int, opens: bool) -> None:
    appeal = cast.the_appeal()
    content = versions.newest(session, appeal).as_data()
    publisher = dict.fromkeys(Publisher.model_fields, "Somebody")
    day = (_today() + timedelta(days=days)).isoformat()
    versions.publish(session, Content.from_data({**content, "publisher": publisher, "delete_by": day}))
    session.commit()
    assert states.may_open(appeal) is opens
    if opens:
        states.open_appeal(appeal)
    else:
        with pytest.raises(Refused, match="set a later day"):
            states.open_appeal(appeal)
    assert (appeal.state == "open") is opens


@pytest.mark.parametrize(("days", "said"), [(-1, 1), (0, 1), (1, 0)])
def test_a_bundle_names_a_day_that_is_yet_to_come(context: Flask, days: int, said: int) -> None:
    content = versions.newest(session, cast.the_appeal())
    facts = content.model_copy(update={"delete_by": _today() + timedelta(days=days)})
    problems = checking.of_facts(facts, dict.fromkeys(facts.addressees, True), _today())
    assert [problem.field for problem in problems].count("delete_by") == said
