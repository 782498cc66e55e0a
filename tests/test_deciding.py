"""Deciding about many signatures: the preview is true, a worker does it, and undoing gives back exactly what was."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.datastructures import MultiDict

from campaign import vault
from campaign.appeals.models import Appeal
from campaign.db import session
from campaign.errors import Refused
from campaign.organisers import accounts, audit
from campaign.organisers.models import Organiser
from campaign.petition import confirming, counting, ending, expiring
from campaign.petition.defence import carrying_out, corrections, deciding, forms, selecting
from campaign.petition.defence.selecting import INVALIDATE, RELEASE, Selection
from campaign.petition.models import Decision, Signature
from tests.cast import PAGE, SLUG, a_signature, an_appeal, state, the_appeal
from tests.desk import OLGA, press, signed_in, token_on

HELD = f"/desk/appeals/{SLUG}/held"
CLOCK = text("clock()")


@pytest.fixture
def appeal(context: Flask) -> Appeal:
    """The bundled appeal, beside another with the same kinds of rows, which nothing here may touch."""
    appeal = the_appeal()
    other, wording = an_appeal("another")
    for held in (None, CLOCK):
        a_signature(other, wording, held_at=held, held_reasons=["trap"], domain="d" * 16)
    return appeal


@pytest.fixture
def olga(context: Flask) -> Organiser:
    return accounts.add(OLGA)


def signatures(appeal: Appeal, number: int, **changes: Any) -> list[UUID]:
    """So many signatures, in one statement's time."""
    wording = session.scalar(
        text("SELECT id FROM consent_wording WHERE appeal_id = :id AND purpose = 'sign' LIMIT 1"), {"id": appeal.id}
    )
    plain = {"state": "confirmed", "country": "DE", "visibility": "counted", "language": "en", "wording_id": wording}
    if changes.get("state", "confirmed") == "confirmed":
        plain["confirmed_at"] = CLOCK
    rows = [
        Signature(id=uuid4(), appeal_id=appeal.id, **{"email_index": uuid4().bytes * 2, **plain, **changes})
        for _ in range(number)
    ]
    session.add_all(rows)
    session.commit()
    return [row.id for row in rows]


def held(appeal: Appeal, number: int, **changes: Any) -> list[UUID]:
    return signatures(appeal, number, **{"held_at": CLOCK, "held_reasons": ["trap", "disposable"], **changes})


def rows() -> list[tuple[Any, ...]]:
    """All that a decision may change, of every signature."""
    session.rollback()
    query = "SELECT id, state, held_at, held_reasons, ended_at, confirmed_at, country FROM signature ORDER BY id"
    return [tuple(row) for row in session.execute(text(query))]


def total(appeal: Appeal) -> int:
    session.rollback()
    assert counting.reconcile() == 0
    return counting.tally(appeal.id).total


def decided(appeal: Appeal, olga: Organiser, selection: Selection, what: str, why: str = "machine") -> Decision:
    row = deciding.decide(appeal, selection, what=what, why=why, by=olga)
    carrying_out.carry_out()
    return session.get_one(Decision, row, populate_existing=True)


def test_it_works(app: Flask, appeal: Appeal) -> None:
    signatures(appeal, 20)
    held(appeal, 3, domain="gmail.com")
    held(appeal, 2, state="pending", domain="gmail.com")
    browser = signed_in(app)
    page = browser.get(HELD).text
    assert "a field was filled in that people do not see" in page
    assert "gmail.com" in page
    looked = press(browser, HELD, f"{HELD}/preview", domain="gmail.com", scope="held")
    assert "5 signatures are released. The count goes from 20 to 23." in text_of(looked)
    asked = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', looked.text))
    answer = browser.post(f"{HELD}/decide", data={**asked, "what": "release"})
    assert answer.status_code == 303
    assert total(appeal) == 20
    app.extensions["celery"].tasks["petition.decide"]()
    assert total(appeal) == 23
    assert "5 of 5" in browser.get(HELD).text
    assert not session.scalar(
        text("SELECT count(*) FROM signature WHERE domain = 'gmail.com' AND held_at > clock() - interval '1 day'")
    )
    log = browser.get("/desk/log").text
    assert "let signatures count that had waited" in log
    row = session.query(Decision).one().id
    press(browser, HELD, f"{HELD}/decisions/{row}/undo")
    carrying_out.carry_out()
    assert total(appeal) == 20
    assert "took back a decision about signatures" in browser.get("/desk/log").text


def text_of(answer: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", answer.text).split())


@pytest.mark.parametrize("what", [RELEASE, INVALIDATE])
def test_undoing_gives_back_exactly_what_was(appeal: Appeal, olga: Organiser, what: str) -> None:
    signatures(appeal, 7)
    held(appeal, 5)
    held(appeal, 4, state="pending", held_reasons=["trap"])
    before, counted = rows(), total(appeal)
    looked = selecting.effect(appeal, Selection(reason="trap"), what)
    decision = decided(appeal, olga, Selection(reason="trap"), what)
    assert (decision.state, decision.done, decision.expected) == ("done", 9, 9)
    assert total(appeal) == looked.after
    assert rows() != before
    deciding.undo(decision.id, appeal=appeal, by=olga)
    carrying_out.carry_out()
    assert rows() == before
    assert total(appeal) == counted
    assert session.get_one(Decision, decision.id, populate_existing=True).state == "undone"


def test_what_counts_can_be_taken_off_and_the_page_says_so(app: Flask, appeal: Appeal, olga: Organiser) -> None:
    signatures(appeal, 30)
    signatures(appeal, 12, domain="a" * 16)
    before = rows()
    decision = decided(appeal, olga, Selection(held_only=False, domain="a" * 16), INVALIDATE)
    assert total(appeal) == 30
    visitor = app.test_client()
    assert "12 signatures were removed from the count: they were made by a machine." in visitor.get(PAGE).text
    for lang in ("fr", "fa"):
        assert visitor.get(f"/{lang}/{SLUG}").status_code == 200
    deciding.undo(decision.id, appeal=appeal, by=olga)
    carrying_out.carry_out()
    assert rows() == before
    app.wsgi_app._kept.clear()  # type: ignore[attr-defined]
    assert "That was a mistake" in visitor.get(PAGE).text


def test_a_correction_of_a_few_is_told_and_points_at_nobody(
    client: FlaskClient, appeal: Appeal, olga: Organiser
) -> None:
    signatures(appeal, 3, network="n")
    held(appeal, 50)
    decided(appeal, olga, Selection(held_only=False, network="n"), INVALIDATE, why="others")
    decided(appeal, olga, Selection(), INVALIDATE)
    page = client.get(f"{PAGE}?1").text
    assert [one.signatures for one in corrections.of(appeal)] == [3], "what was held did not count"
    assert "no more than ten signatures were removed from the count: they were given in the name of people" in page
    assert "3 signatures were removed" not in page


def test_names_are_found_by_pattern_and_kept_sealed(appeal: Appeal, olga: Organiser) -> None:
    ids = signatures(appeal, 3) + held(appeal, 2)
    for number, row in enumerate(ids):
        named = {"name": f"Eve Mallory{number}" if number % 2 else "Alice Moreau", "email": "x@example.org"}
        sealed = vault.current().seal(named, table="signature", row=row)
        session.execute(text("UPDATE signature SET sealed = :sealed WHERE id = :id"), {"sealed": sealed, "id": row})
    session.commit()
    asked = Selection(held_only=False, name="eve mallory*")
    looked = selecting.effect(appeal, asked, INVALIDATE)
    assert (looked.found, looked.before, looked.after) == (2, 3, 2)
    decision = decided(appeal, olga, asked, INVALIDATE)
    assert decision.done == 2
    assert "mallory" not in str(decision.asked).lower()
    assert b"allory" not in decision.pattern
    assert state(ids[0]) == "confirmed"
    assert state(ids[1]) == "invalidated"


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        (Selection(), 6),
        (Selection(domain="gmail.com"), 1),
        (Selection(network="n1"), 2),
        (Selection(reason="network_hour"), 3),
        (Selection(held_only=False, domain="gmail.com"), 2),
        (Selection(domain="gmail.com", network="n1"), 0),
        (Selection(until=datetime(2020, 1, 1, tzinfo=UTC)), 0),
        (Selection(since=datetime(2020, 1, 1, tzinfo=UTC)), 6),
    ],
)
def test_a_question_finds_what_it_asks_for(appeal: Appeal, asked: Selection, found: int) -> None:
    signatures(appeal, 1, domain="gmail.com")
    held(appeal, 1, domain="gmail.com")
    held(appeal, 2, network="n1")
    held(appeal, 3, held_reasons=["network_hour"])
    held(appeal, 4, state="withdrawn")
    assert selecting.effect(appeal, asked, INVALIDATE).found == found


def test_everybody_is_not_a_question(appeal: Appeal, olga: Organiser) -> None:
    signatures(appeal, 1)
    with pytest.raises(Refused, match="everybody"):
        deciding.decide(appeal, Selection(held_only=False), what=INVALIDATE, why="machine", by=olga)
    with pytest.raises(Refused, match="nothing of this kind"):
        deciding.decide(appeal, Selection(), what=RELEASE, by=olga)
    with pytest.raises(Refused, match="Choose a reason"):
        deciding.decide(appeal, Selection(), what=INVALIDATE, by=olga)
    assert session.query(Decision).count() == 0


def test_without_a_reason_the_question_stays_and_nothing_is_taken_off(app: Flask, appeal: Appeal) -> None:
    held(appeal, 3, domain="gmail.com")
    browser = signed_in(app)
    asked = {"csrf_token": token_on(browser, HELD), "scope": "held", "domain": "gmail.com", "what": "invalidate"}
    for why in ({}, {"why": "mood"}):
        page = browser.post(f"{HELD}/decide", data=asked | why)
        assert page.status_code == 422
        assert '<a href="#why-0">Choose a reason' in page.text
        assert 'name="domain" value="gmail.com"' in page.text
    assert browser.post(f"{HELD}/decide", data=asked | {"scope": "all", "domain": ""}).status_code == 422
    assert session.query(Decision).count() == 0


def test_a_question_is_kept_and_asked_again(app: Flask, appeal: Appeal, olga: Organiser) -> None:
    """With what came since."""
    since = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(hours=1)
    asked = Selection(reason="trap", domain="a" * 16, network="f" * 32, since=since, until=since + timedelta(hours=2))
    held(appeal, 3, domain="a" * 16, network="f" * 32)
    decided(appeal, olga, asked, RELEASE)
    held(appeal, 2, domain="a" * 16, network="f" * 32)
    browser = signed_in(app)
    page = browser.get(HELD).text
    form = re.search(r'(<form(?:(?!</form>).)*Ask again.*?</form>)', page, re.S)
    assert form
    typed = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form[1]))
    looked = text_of(browser.post(f"{HELD}/preview", data=typed))
    assert "2 signatures are released." in looked
    assert forms.SelectionForm(MultiDict(forms.fields(asked))).selection() == asked
    assert "Mail domain: unnamed aaaaaaaa Network: unnamed ffffffff" in text_of(browser.get(HELD))


def test_what_a_question_says_of_a_network_is_forgotten_with_it(
    appeal: Appeal, olga: Organiser, move_clock: Callable[[timedelta], None]
) -> None:
    held(appeal, 2, network="f" * 32)
    decided(appeal, olga, Selection(network="f" * 32), RELEASE)
    session.close()
    move_clock(timedelta(days=6, minutes=1))
    expiring.forget_networks()
    held(appeal, 1)
    (decision,) = deciding.listing(appeal)
    assert "ffff" not in str(decision.asked)
    with pytest.raises(Refused, match="nothing of this kind"):
        deciding.decide(appeal, carrying_out.selection_of(decision), what=RELEASE, by=olga)


def test_a_second_press_decides_nothing_more(app: Flask, appeal: Appeal) -> None:
    held(appeal, 3, domain="gmail.com")
    browser = signed_in(app)
    asked = {"csrf_token": token_on(browser, HELD), "scope": "held", "domain": "gmail.com", "what": "release"}
    with ThreadPoolExecutor(3) as pool:
        answers = [pool.submit(browser.post, f"{HELD}/decide", data=asked) for _ in range(3)]
        assert {answer.result().status_code for answer in answers} == {303}
    browser.get(HELD)  # of three answers at once any may say last what stands in the cookie
    assert browser.post(f"{HELD}/decide", data=asked).status_code == 303
    assert "This is being done already." in browser.get(HELD).text
    assert session.query(Decision).count() == 1
    assert browser.post(f"{HELD}/decide", data={**asked, "domain": "", "reason": "trap"}).status_code == 303
    assert session.query(Decision).count() == 2


def test_it_can_be_stopped_half_way_and_undone(
    appeal: Appeal, olga: Organiser, monkeypatch: pytest.MonkeyPatch
) -> None:
    signatures(appeal, 3)
    held(appeal, 25)
    before = rows()
    monkeypatch.setattr(selecting, "AT_ONCE", 10)
    row = deciding.decide(appeal, Selection(), what=RELEASE, by=olga)
    portion = carrying_out._portion

    def stop_after_the_first(*args: Any) -> int | None:
        changed = portion(*args)
        if args[1] == "running" and session.get_one(Decision, row).state == "running":
            deciding.cancel(row, appeal=appeal, by=olga)
        return changed

    monkeypatch.setattr(carrying_out, "_portion", stop_after_the_first)
    assert carrying_out.carry_out() == 10
    monkeypatch.setattr(carrying_out, "_portion", portion)
    assert carrying_out.carry_out() == 0
    assert total(appeal) == 13
    with pytest.raises(Refused, match="over already"):
        deciding.cancel(row, appeal=appeal, by=olga)
    deciding.undo(row, appeal=appeal, by=olga)
    carrying_out.carry_out()
    assert rows() == before


def test_a_worker_that_dies_half_way_is_followed_by_another(
    appeal: Appeal, olga: Organiser, monkeypatch: pytest.MonkeyPatch
) -> None:
    held(appeal, 25)
    monkeypatch.setattr(selecting, "AT_ONCE", 10)
    row = deciding.decide(appeal, Selection(), what=RELEASE, by=olga)
    portions = selecting.found(appeal.id, Selection(), RELEASE, at=session.get_one(Decision, row).at)
    carrying_out._portion(row, "running", carrying_out._done(carrying_out._DO[RELEASE], next(portions)))
    del portions
    assert total(appeal) == 10
    assert carrying_out.carry_out() == 15
    decision = session.get_one(Decision, row, populate_existing=True)
    assert (decision.done, decision.counted, decision.state, total(appeal)) == (25, 25, "done", 25)


def test_who_signed_anew_meanwhile_counts_once(appeal: Appeal, olga: Organiser) -> None:
    index = b"alice" * 6
    first = signatures(appeal, 1, email_index=index, domain="a" * 16)[0]
    decision = decided(appeal, olga, Selection(held_only=False, domain="a" * 16), INVALIDATE)
    again = signatures(appeal, 1, email_index=index, state="pending", confirmed_at=None)[0]
    confirming.confirm(again, now=datetime.now(UTC))
    deciding.undo(decision.id, appeal=appeal, by=olga)
    carrying_out.carry_out()
    assert (state(first), state(again), total(appeal)) == ("invalidated", "confirmed", 1)


def test_who_left_meanwhile_stays_away(appeal: Appeal, olga: Organiser) -> None:
    left, stays = held(appeal, 2)
    decision = decided(appeal, olga, Selection(), RELEASE)
    ending.withdraw(left)
    deciding.undo(decision.id, appeal=appeal, by=olga)
    carrying_out.carry_out()
    assert (state(left), state(stays), total(appeal)) == ("withdrawn", "confirmed", 0)


def test_the_later_decision_is_undone_first(appeal: Appeal, olga: Organiser) -> None:
    held(appeal, 3, network="n")
    before = rows()
    first = decided(appeal, olga, Selection(), RELEASE)
    second = decided(appeal, olga, Selection(held_only=False, network="n"), INVALIDATE)
    with pytest.raises(Refused, match="undo that one first"):
        deciding.undo(first.id, appeal=appeal, by=olga)
    for decision in (second, first):
        deciding.undo(decision.id, appeal=appeal, by=olga)
        carrying_out.carry_out()
    assert rows() == before


def test_after_thirty_days_names_are_gone_and_nothing_is_undone(
    appeal: Appeal, olga: Organiser, move_clock: Callable[[timedelta], None]
) -> None:
    row = held(appeal, 1, sealed=b"x")[0]
    decision = decided(appeal, olga, Selection(), INVALIDATE)
    session.close()
    move_clock(timedelta(days=31))
    expiring.expire()
    assert session.get_one(Signature, row, populate_existing=True).sealed is None
    with pytest.raises(Refused, match="thirty days"):
        deciding.undo(decision.id, appeal=appeal, by=olga)


def test_another_appeals_decision_is_not_ours(app: Flask, appeal: Appeal, olga: Organiser) -> None:
    other = session.query(Appeal).filter_by(slug="another").one()
    row = deciding.decide(other, Selection(), what=RELEASE, by=olga)
    for act in (deciding.cancel, deciding.undo):
        with pytest.raises(Refused, match="no such decision"):
            act(row, appeal=appeal, by=olga)


def test_ten_thousand_take_seconds(appeal: Appeal, olga: Organiser) -> None:
    one = held(appeal, 1)[0]
    session.execute(
        text("""INSERT INTO signature (id, appeal_id, state, held_at, held_reasons, email_index, visibility, language,
          wording_id, confirmed_at) SELECT gen_random_uuid(), appeal_id, state, held_at, held_reasons,
          sha256(n::text::bytea), visibility, language, wording_id, confirmed_at
          FROM signature, generate_series(1, 9999) AS n WHERE id = :id"""),
        {"id": one},
    )
    session.commit()
    began = time.monotonic()
    decision = decided(appeal, olga, Selection(), RELEASE)
    did = time.monotonic() - began
    assert (decision.done, total(appeal)) == (10_000, 10_000)
    deciding.undo(decision.id, appeal=appeal, by=olga)
    began = time.monotonic()
    carrying_out.carry_out()
    undid = time.monotonic() - began
    print(f"10,000 signatures: {did:.1f} s to release, {undid:.1f} s to undo")
    assert total(appeal) == 0
    assert max(did, undid) < 30


def test_the_desk_of_an_attack_shows_what_is_trending(app: Flask, appeal: Appeal, olga: Organiser) -> None:
    held(appeal, 9, domain="a" * 16, network="f" * 32)
    signatures(appeal, 4, domain="gmail.com", network="e" * 32)
    decided(appeal, olga, Selection(domain="a" * 16), RELEASE)
    held(appeal, 3, domain="b" * 16)
    decided(appeal, olga, Selection(domain="b" * 16), INVALIDATE)
    page = text_of(signed_in(app).get(f"/desk/appeals/{SLUG}/attack"))
    assert "unnamed aaaaaaaa 9 9 0" in page
    assert "gmail.com 4 4 0" in page
    assert "unnamed ffffffff 9" in page
    assert "unnamed aaaaaaaa , unnamed ffffffff 9 9 0" in page
    assert "gmail.com , unnamed eeeeeeee 4 4 0" in page
    assert "all 12 9 75 %" in page
    today = datetime.now(UTC).date().isoformat()
    assert f"{today} 12 9 3" in page


@pytest.mark.parametrize(
    "typed", [{"since": "yesterday"}, {"scope": "mine"}, {"reason": "mood"}, {"scope": "all"}, {"name": "*" * 20000}]
)
def test_a_question_that_makes_no_sense_is_shown_again(app: Flask, appeal: Appeal, typed: dict[str, str]) -> None:
    answer = press(signed_in(app), HELD, f"{HELD}/preview", **{"scope": "held", **typed})
    assert answer.status_code in {200, 422}
    assert answer.status_code == 422 or "name" in typed


def test_the_preview_shows_a_domain_as_it_was_typed(app: Flask, appeal: Appeal) -> None:
    looked = press(signed_in(app), HELD, f"{HELD}/preview", domain="small.example", scope="held")
    assert "Mail domain small.example" in text_of(looked)


def test_a_name_that_was_asked_for_is_in_no_address_and_no_log(
    app: Flask, appeal: Appeal, olga: Organiser, client: FlaskClient
) -> None:
    held(appeal, 1)
    browser = signed_in(app)
    looked = press(browser, HELD, f"{HELD}/preview", name="Zebra*", scope="held")
    assert looked.status_code == 200
    assert 'method="get"' not in looked.text.lower()
    assert not any("Zebra" in str(deed.details) for deed in audit.listing())
