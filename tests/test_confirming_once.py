"""One person is one signature, whatever is clicked, how often, at the same moment, and whoever typed the address."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Barrier
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from campaign.appeals.models import Appeal
from campaign.db import session
from campaign.errors import Refused
from campaign.mail import outbox
from campaign.petition import confirming, counting, ending, signing
from campaign.petition.confirming import Outcome
from campaign.petition.defence.scoring import Look
from campaign.petition.models import Signature
from tests.cast import a_signer, an_appeal, mails_of, state

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
CROWD = 50


def sign(appeal: Appeal, wording: UUID, **signer: object) -> UUID:
    return signing.sign(appeal, a_signer(**signer), language="en", wording_id=wording, now=NOW)


def at_once(app: Flask, act: Callable[[int], object], people: int = CROWD) -> list[object]:
    """What ``act`` gave in each of ``people`` threads that start together."""
    gate = Barrier(people)

    def one(number: int) -> object:
        with app.app_context():
            gate.wait()
            return act(number)

    with ThreadPoolExecutor(people) as pool:
        return list(pool.map(one, range(people)))


def test_it_works(context: Flask) -> None:
    appeal, wording = an_appeal()
    signature = sign(appeal, wording)
    assert state(signature) == "pending"
    assert confirming.confirm(signature, now=NOW) is Outcome.CONFIRMED
    assert state(signature) == "confirmed"
    assert counting.tally(appeal.id).by_country == {"FR": 1}
    assert mails_of("confirm") == 1


def test_fifty_clicks_on_one_button_are_one_signature(app: Flask, context: Flask) -> None:
    appeal, wording = an_appeal()
    sign(appeal, wording, email="noise@example.org")
    signature = sign(appeal, wording)
    outcomes = at_once(app, lambda _: confirming.confirm(signature, now=NOW))
    assert Counter(outcomes) == {Outcome.CONFIRMED: CROWD}
    assert counting.tally(appeal.id).total == 1
    assert session.scalar(text("SELECT sum(change) FROM tally_change")) == 1


def test_fifty_submissions_of_one_person_confirmed_at_once_are_one(app: Flask, context: Flask) -> None:
    appeal, wording = an_appeal()
    rows = [sign(appeal, wording) for _ in range(CROWD)]
    outcomes = at_once(app, lambda number: confirming.confirm(rows[number], now=NOW))
    assert Counter(outcomes) == {Outcome.CONFIRMED: 1, Outcome.ALREADY: CROWD - 1}
    assert Counter(state(row) for row in rows) == {"confirmed": 1, "lapsed": CROWD - 1}
    assert counting.tally(appeal.id).total == 1


def test_fifty_people_at_once_are_fifty(app: Flask, context: Flask) -> None:
    appeal, wording = an_appeal()

    def sign_and_confirm(number: int) -> object:
        row = sign(appeal, wording, email=f"person{number}@example.org")
        return confirming.confirm(row, now=NOW)

    assert Counter(at_once(app, sign_and_confirm)) == {Outcome.CONFIRMED: CROWD}
    assert counting.tally(appeal.id).total == CROWD


def test_the_link_confirms_its_own_submission_and_the_others_lapse(context: Flask) -> None:
    appeal, wording = an_appeal()
    other_appeal, other_wording = an_appeal("another")
    elsewhere = sign(other_appeal, other_wording)
    by_eve = sign(appeal, wording, name="Eve the Clown", visibility="public")
    by_alice = sign(appeal, wording)
    noise = sign(appeal, wording, email="bob@example.org")
    assert confirming.confirm(by_alice, now=NOW) is Outcome.CONFIRMED
    assert (state(by_eve), state(noise), state(elsewhere)) == ("lapsed", "pending", "pending")
    lapsed = session.get_one(Signature, by_eve, populate_existing=True)
    assert (lapsed.sealed, lapsed.email_index, lapsed.person_index, lapsed.public_name) == (None, None, None, None)
    assert confirming.confirm(by_eve, now=NOW) is Outcome.ALREADY


def test_aliases_are_one_person(context: Flask) -> None:
    appeal, wording = an_appeal()
    first = sign(appeal, wording, email="Alice.Moreau+un@gmail.com")
    second = sign(appeal, wording, email="alicemoreau@googlemail.com")
    assert confirming.confirm(second, now=NOW) is Outcome.CONFIRMED
    assert confirming.confirm(first, now=NOW) is Outcome.ALREADY


def test_the_database_decides_when_two_slip_through(context: Flask) -> None:
    appeal, wording = an_appeal()
    first, second = sign(appeal, wording), sign(appeal, wording)
    confirming.confirm(first, now=NOW)
    session.execute(  # as if it had been taken in while the first was being confirmed
        text(
            "UPDATE signature SET state = 'pending', email_index = (SELECT email_index FROM signature WHERE id = :a)"
            " WHERE id = :b"
        ),
        {"a": first, "b": second},
    )
    session.commit()
    session.expire_all()
    assert confirming.confirm(second, now=NOW) is Outcome.ALREADY
    assert (state(first), state(second)) == ("confirmed", "lapsed")
    assert counting.tally(appeal.id).total == 1


def test_a_repeat_keeps_nothing_and_is_mailed_once_a_day(context: Flask) -> None:
    appeal, wording = an_appeal()
    confirming.confirm(sign(appeal, wording), now=NOW)
    again = [sign(appeal, wording, name="Somebody Else") for _ in range(3)]
    assert {state(row) for row in again} == {"lapsed"}
    kept = session.get_one(Signature, again[0], populate_existing=True)
    assert ending.opened(kept).keys() == {"hint", "to"}  # a keyed index of the address, for a mail that comes back
    assert (kept.email_index, kept.person_index, kept.country) == (None, None, None)
    assert (mails_of("already_signed"), mails_of("confirm")) == (1, 1)
    assert counting.tally(appeal.id).total == 1


def test_this_was_not_me_erases_one_submission(context: Flask) -> None:
    appeal, wording = an_appeal()
    by_eve, by_alice = sign(appeal, wording, name="Eve"), sign(appeal, wording)
    assert ending.refuse(by_eve)
    assert not ending.refuse(by_eve)
    assert (state(by_eve), state(by_alice)) == ("erased", "pending")
    assert confirming.confirm(by_eve, now=NOW) is Outcome.GONE
    confirming.confirm(by_alice, now=NOW)
    assert not ending.refuse(by_alice)
    assert state(by_alice) == "confirmed"


def test_a_name_is_clear_only_for_who_chose_everyone(context: Flask) -> None:
    appeal, wording = an_appeal()
    public = sign(appeal, wording, visibility="public")
    hidden = sign(appeal, wording, email="bob@example.org", name="Bob", visibility="recipient")
    query = text("SELECT public_name FROM signature WHERE id = :id")
    assert session.scalar(query, {"id": public}) is None
    for row in (public, hidden):
        confirming.confirm(row, now=NOW)
    assert session.scalar(query, {"id": public}) == "Alice Moreau"
    assert session.scalar(query, {"id": hidden}) is None
    assert ending.change_visibility(public, "counted")
    assert ending.change_visibility(hidden, "public")
    assert session.scalar(query, {"id": public}) is None
    assert session.scalar(query, {"id": hidden}) == "Bob"
    assert ending.withdraw(hidden)
    assert session.scalar(query, {"id": hidden}) is None
    assert not ending.withdraw(hidden)
    assert not ending.change_visibility(hidden, "public")


def test_the_country_at_risk_is_counted_only_and_not_kept(context: Flask) -> None:
    appeal, wording = an_appeal(country_at_risk="IR")
    inside = sign(appeal, wording, country="IR", visibility="public")
    outside = sign(appeal, wording, email="bob@example.org", visibility="public")
    for row in (inside, outside):
        confirming.confirm(row, now=NOW)
    kept = [session.get_one(Signature, row, populate_existing=True) for row in (inside, outside)]
    assert [(k.country, k.visibility, k.public_name) for k in kept] == [
        (None, "counted", None),
        ("FR", "public", "Alice Moreau"),
    ]


def test_held_is_mailed_and_confirmed_like_any_other_and_does_not_count(context: Flask) -> None:
    appeal, wording = an_appeal()
    row = signing.sign(appeal, a_signer(), language="en", wording_id=wording, now=NOW, look=Look(["trap"]))
    assert mails_of("confirm") == 1
    assert confirming.confirm(row, now=NOW) is Outcome.CONFIRMED
    assert counting.tally(appeal.id).total == 0


def test_the_receipt_goes_by_mail_only_where_nobody_can_be_harmed(context: Flask) -> None:
    for slug, sensitive in (("careful", True), ("carefree", False)):
        appeal, wording = an_appeal(slug, sensitive=sensitive)
        row = sign(appeal, wording)
        confirming.confirm(row, now=NOW)
        assert mails_of("receipt") == (0 if sensitive else 1)
    asked, wording = an_appeal("asked")
    row = sign(asked, wording)
    confirming.request_receipt(row, now=NOW)
    assert mails_of("receipt") == 1
    confirming.confirm(row, now=NOW)
    for _ in range(2):
        confirming.request_receipt(row, now=NOW)
    assert mails_of("receipt") == 2


def test_mails_to_one_address_are_capped_across_appeals(context: Flask) -> None:
    rows = []
    for number in range(3):
        appeal, wording = an_appeal(f"appeal-{number}")
        rows += [sign(appeal, wording, name=f"Alice {press}") for press in "abcd"]
    assert mails_of("confirm") == outbox.A_DAY
    assert {state(row) for row in rows} == {"pending"}


@pytest.mark.parametrize("closed", ["draft", "closed"])
def test_an_appeal_that_is_not_open_takes_none(context: Flask, closed: str) -> None:
    appeal, wording = an_appeal(state=closed)
    with pytest.raises(Refused), context.test_request_context("/"):
        sign(appeal, wording)
    assert session.scalar(text("SELECT count(*) FROM signature")) == 0


def test_the_row_and_its_mail_stand_or_fall_together(context: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    appeal, wording = an_appeal()
    addressed = outbox.addressed
    monkeypatch.setattr(outbox, "addressed", lambda *a, **k: addressed(*a, **k) | {"mail_token": None})
    with pytest.raises(IntegrityError):
        sign(appeal, wording)
    assert session.scalar(text("SELECT count(*) FROM signature")) == 0
