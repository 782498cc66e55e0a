"""What time does: a submission that nobody confirmed is forgotten, and exact times fade to days."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select, text

from campaign.db import clock, session
from campaign.petition import confirming, ending, expiring, signing, tasks
from campaign.petition.confirming import Outcome
from campaign.petition.models import Signature
from tests.cast import a_signature, a_signer, an_appeal, mails_of, state

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
Move = Callable[[timedelta], None]


def row(signature_id: object) -> object:
    session.rollback()
    return session.execute(text("SELECT * FROM signature WHERE id = :id"), {"id": signature_id}).one_or_none()


def test_it_works(context: Flask, move_clock: Move) -> None:
    appeal, wording = an_appeal()
    kept = a_signature(appeal, wording)
    signature = signing.sign(appeal, a_signer(), language="en", wording_id=wording, now=NOW)
    session.close()
    move_clock(timedelta(hours=71))
    assert expiring.expire() == 0
    session.close()
    move_clock(timedelta(hours=73))
    assert expiring.expire() == 1
    gone = row(signature)
    assert (gone.state, gone.sealed, gone.email_index, gone.person_index) == ("expired", None, None, None)
    assert state(kept.id) == "confirmed"


def test_the_button_stops_working_even_before_the_sweep(context: Flask, move_clock: Move) -> None:
    appeal, wording = an_appeal()
    signature = signing.sign(appeal, a_signer(), language="en", wording_id=wording, now=NOW)
    session.close()
    move_clock(timedelta(hours=72, minutes=1))
    assert not confirming.waits(session.get_one(Signature, signature), now=session.scalars(select(clock())).one())
    assert confirming.confirm(signature, now=NOW) is Outcome.GONE
    assert state(signature) == "pending"


@pytest.mark.parametrize("end", ["expired", "withdrawn", "erased"])
def test_what_ended_never_blocks_signing_anew(context: Flask, end: str) -> None:
    appeal, wording = an_appeal()
    first = signing.sign(appeal, a_signer(), language="en", wording_id=wording, now=NOW)
    if end == "expired":
        session.execute(text("UPDATE signature SET created_at = clock() - interval '4 days'"))
        session.commit()
        expiring.expire()
    else:
        confirming.confirm(first, now=NOW)
        assert {"withdrawn": ending.withdraw, "erased": ending.erase}[end](first)
    assert state(first) == end
    again = signing.sign(appeal, a_signer(), language="en", wording_id=wording, now=NOW)
    assert confirming.confirm(again, now=NOW) is Outcome.CONFIRMED
    assert mails_of("already_signed") == 0


def test_traces_go_after_a_week_and_withdrawn_names_after_a_month(context: Flask, move_clock: Move) -> None:
    appeal, wording = an_appeal()
    ended = {"ended_at": text("clock()"), "sealed": b"x"}
    lapsed = a_signature(appeal, wording, state="lapsed", **ended)
    withdrawn = a_signature(appeal, wording, state="withdrawn", **ended)
    kept = a_signature(appeal, wording, sealed=b"x")
    session.close()
    move_clock(timedelta(days=8))
    expiring.expire()
    assert row(lapsed.id) is None
    assert row(withdrawn.id).sealed is not None
    session.close()
    move_clock(timedelta(days=31))
    expiring.expire()
    assert (row(withdrawn.id).sealed, row(withdrawn.id).person_index) == (None, None)
    assert row(kept.id).sealed == b"x"


def test_times_fade_to_days(context: Flask, move_clock: Move) -> None:
    appeal, wording = an_appeal()
    old = a_signature(appeal, wording, confirmed_at=text("clock()"))
    session.close()
    move_clock(timedelta(days=7))
    new = a_signature(appeal, wording, confirmed_at=text("clock()"))
    tasks.reconcile()
    for moment in (row(old.id).created_at, row(old.id).confirmed_at):
        assert (moment.hour, moment.minute, moment.second, moment.microsecond) == (0, 0, 0, 0)
    assert row(new.id).confirmed_at.microsecond or row(new.id).confirmed_at.second
