"""Signatures on paper: a sheet bound to its words, entered by one, counted by another, apart from those by mail."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask, render_template_string
from flask.testing import FlaskClient
from sqlalchemy import select, text, update
from sqlalchemy.exc import IntegrityError

from campaign import i18n, tokens, typesetting
from campaign.api import openapi
from campaign.appeals import queries, wording
from campaign.appeals.models import Appeal, ConsentWording
from campaign.db import session, violated
from campaign.errors import Refused
from campaign.i18n import speaking
from campaign.mail.addresses import Address
from campaign.organisers import accounts, audit
from campaign.organisers.models import Organiser
from campaign.petition import confirming, signing
from campaign.petition.defence import corrections
from campaign.petition.paper import checking, codes, counting, ending, entering, lines, sheets
from campaign.petition.paper.lines import Person
from campaign.petition.paper.models import PaperBatch, PaperLine
from campaign.rights import erasing, retention
from tests import cast
from tests.desk import OLGA, Browser, press, signed_in

DESK = f"/desk/appeals/{cast.SLUG}/paper"
OLEG = "oleg@example.org"
NOW = datetime.now(UTC)
ALICE = Person("Alice Moreau", Address.parse("alice@example.org"))
SHEET = {"place": "Geneva", "collected_on": NOW.date().isoformat(), "sheets": "2"}
COUNT = {"country_0": "France", "lines_0": "7", "country_1": "de", "lines_1": "4", "lines_2": "1"}


@pytest.fixture
def appeal(context: Flask) -> Appeal:
    return cast.the_appeal(sensitive=False)


@pytest.fixture
def olga(appeal: Appeal) -> Organiser:
    return accounts.add(OLGA)


@pytest.fixture
def oleg(appeal: Appeal) -> Organiser:
    return accounts.add(OLEG)


def words(appeal: Appeal, lang: str = "en") -> ConsentWording:
    return wording.current(appeal, "sign", lang)


def entered(appeal: Appeal, by: Organiser, counts: dict[str, int] | None = None, **changes: Any) -> UUID:
    """A batch of two sheets with twelve lines, unless told otherwise."""
    held = {"wording": words(appeal), "place": "Geneva", "collected_on": NOW.date(), "number": 2, **changes}
    return entering.enter(appeal, entering.Sheets(**held), counts or {"FR": 7, "DE": 5}, by=by, now=NOW)


def counted(appeal: Appeal, olga: Organiser, oleg: Organiser, counts: dict[str, int] | None = None) -> UUID:
    """A batch that both counted the same."""
    batch = entered(appeal, olga, counts)
    assert checking.count(batch, counts or {"FR": 7, "DE": 5}, appeal=appeal, by=oleg) == "counted"
    return batch


def the(batch: UUID) -> PaperBatch:
    return session.get_one(PaperBatch, batch, populate_existing=True)


def total(appeal: Appeal) -> int:
    counting.forget(appeal)
    return counting.count(appeal)


def test_it_works(client: FlaskClient, context: Flask, appeal: Appeal) -> None:
    """Olga enters what she counted, Oleg counts for himself, and only then the public page tells it."""
    at_olgas, at_olegs = signed_in(context), signed_in(context, OLEG)
    code = codes.code(words(appeal, "fa").id)
    kept = press(at_olgas, f"{DESK}/enter", f"{DESK}/enter", code=code.lower(), **SHEET, **COUNT)
    assert kept.status_code == 303, kept.text
    batch = kept.location
    assert "on paper" not in client.get(f"{cast.PAGE}?1").text
    assert "Paper (1 to count)" in at_olegs.get(f"/desk/appeals/{cast.SLUG}").text
    page = at_olegs.get(batch).text
    assert "France" not in page.split("<datalist")[0]  # he does not see what she counted
    press(at_olegs, batch, f"{batch}/count", **COUNT)
    assert "Both counts are the same" in at_olegs.get(batch).text
    page = client.get(f"{cast.PAGE}?2").text
    assert re.search(r"12</strong>\s+people have signed on paper", page)
    assert "0</strong>" not in page
    assert re.search(r'data-head="Counted">12<', at_olgas.get(DESK).text)
    assert "12</strong> on paper" in at_olgas.get(f"/desk/appeals/{cast.SLUG}").text
    facts = client.get(f"/api/v1/appeals/{cast.SLUG}").json
    assert (facts["on_paper"], facts["signatures"]) == (12, 0)
    assert "on_paper" in openapi.document("x")["components"]["schemas"]["Appeal"]["required"]
    assert re.search(r"12 signatures on paper", at_olgas.get(f"/desk/appeals/{cast.SLUG}/export").text)
    assert "فارسی" in at_olgas.get(batch).text
    progress = "{% import 'macros/progress.html' as p with context %}{{ p.signed(3, on_paper=12) }}"
    with speaking("en"):
        assert "and 12 on paper" in render_template_string(progress)


@pytest.mark.parametrize("lang", i18n.INTERFACE)
def test_a_sheet_is_one_page_with_its_words_and_its_glyphs(appeal: Appeal, lang: str) -> None:
    with speaking(lang):
        said = sheets._said(queries.by_id(appeal.id), lang, "a4" if lang == "ru" else "letter")
    assert (said["agreed"], said["code"]) == (words(appeal, lang).text, codes.code(words(appeal, lang).id))
    page = typesetting.png("sheet", said)  # a second page would raise
    assert struct.unpack(">II", page[16:24]) == ((842, 595) if lang == "ru" else (792, 612))
    assert typesetting.pdf("sheet", said, strict=True)


def test_a_sensitive_appeal_has_no_sheet_and_the_desk_says_why(context: Flask) -> None:
    appeal = cast.the_appeal()
    olga = signed_in(context)
    page = olga.get(DESK).text
    assert "seizes one would know who signed" in page
    assert ".pdf" not in page
    assert olga.get(f"{DESK}/enter").location == DESK
    assert olga.get(f"{DESK}/sheet-en-a4.pdf").status_code == 404
    with pytest.raises(Refused, match="no signatures on paper"):
        entered(appeal, accounts.add(OLGA))


def test_a_sheet_is_handed_out_at_the_desk_only(client: FlaskClient, context: Flask, appeal: Appeal) -> None:
    answer = signed_in(context).get(f"{DESK}/sheet-fa-a4.pdf")
    assert (answer.mimetype, answer.data[:5]) == ("application/pdf", b"%PDF-")
    eve = Browser(context, context.response_class)
    assert eve.get(f"{DESK}/sheet-fa-a4.pdf").status_code == 303


def test_a_code_is_of_its_words_however_it_is_read(appeal: Appeal) -> None:
    for lang in i18n.INTERFACE:
        found = words(appeal, lang)
        read = codes.code(found.id).replace("-", " ").replace("0", "o").replace("1", "l").lower()
        assert codes.wording_of(appeal, read).id == found.id
    assert codes.code(UUID(int=0)) == "6X3G-HZZQ"  # the SHA-256 of sixteen noughts begins 374708fff7


def test_codes_that_are_not_this_appeals_are_refused(appeal: Appeal) -> None:
    _other, others = cast.an_appeal("another")
    for typed, why in [
        (codes.code(others), "another appeal"),
        ("0000-0000", "No sheet"),
        ("123", "eight"),
        ("", "eight"),
    ]:
        with pytest.raises(Refused, match=why):
            codes.wording_of(appeal, typed)


@pytest.mark.parametrize(
    ("counts", "changes", "why"),
    [
        ({}, {}, "at least one line"),
        ({"FR": 1}, {}, "at least one line"),
        ({"FR": 21}, {}, "A sheet has 10 lines"),
        ({"FR": 7}, {"number": 0}, "from 1 to 500"),
        ({"FR": 7}, {"number": 501}, "from 1 to 500"),
        ({"FR": 7}, {"collected_on": NOW.date() + timedelta(days=3)}, "yet to come"),
        ({"FR": 7}, {"collected_on": date(2020, 1, 1)}, "not printed yet"),
    ],
)
def test_what_cannot_be_is_refused(
    appeal: Appeal, olga: Organiser, counts: dict[str, int], changes: dict[str, Any], why: str
) -> None:
    with pytest.raises(Refused, match=why):
        entering.enter(appeal, entering.Sheets(**{"wording": words(appeal), "place": "x", "collected_on": NOW.date(),
                       "number": 2, **changes}), counts, by=olga, now=NOW)  # fmt: skip
    assert checking.listing(appeal) == []


def test_mistakes_in_the_form_are_said_beside_their_fields(context: Flask, appeal: Appeal) -> None:
    olga = signed_in(context)
    wrong = {
        "country_0": "Atlantis",
        "lines_0": "3",
        "country_1": "France",
        "lines_1": "",
        "lines_2": "0",
        "place": "Bern",
    }
    page = press(olga, f"{DESK}/enter", f"{DESK}/enter", code="7K3M", sheets="two", **wrong)
    assert page.status_code == 422
    for said in ("No country of this name", "How many lines?", "A code has eight", "as a number", "Give the day"):
        assert said in page.text, said
    assert 'value="Bern"' in page.text  # nothing typed is lost


def test_a_number_longer_than_any_is_a_mistake_too(context: Flask, appeal: Appeal) -> None:
    olga, endless = signed_in(context), "9" * 5000
    page = press(olga, f"{DESK}/enter", f"{DESK}/enter", sheets=endless, country_0="France", lines_0=endless)
    assert page.status_code == 422
    assert "How many lines?" in page.text
    assert "as a number" in page.text


def test_counts_that_differ_are_shown_side_by_side_and_corrected(
    context: Flask, appeal: Appeal, olga: Organiser, oleg: Organiser
) -> None:
    batch = entered(appeal, olga)
    assert checking.count(batch, {"FR": 8, "DE": 5}, appeal=appeal, by=oleg) == "differs"
    assert total(appeal) == 0
    page = signed_in(context).get(f"{DESK}/{batch}").text
    assert "France: 7" in page
    assert "France: 8" in page
    assert checking.count(batch, {"FR": 6, "DE": 5}, appeal=appeal, by=olga) == "differs"
    assert checking.count(batch, {"FR": 8, "DE": 5}, appeal=appeal, by=olga) == "counted"
    assert (total(appeal), the(batch).checked_by) == (13, oleg.id)


def test_who_entered_a_batch_does_not_make_its_second_count(appeal: Appeal, olga: Organiser) -> None:
    batch = entered(appeal, olga)
    assert checking.count(batch, {"FR": 7, "DE": 5}, appeal=appeal, by=olga) == "entered"
    assert (total(appeal), the(batch).checked_by) == (0, None)


@pytest.mark.parametrize(
    ("wrong", "constraint"),
    [
        ("checked_by = entered_by, checked = entered", "two_people"),
        ("state = 'counted'", "both_counted_the_same"),
        ("state = 'counted', checked = entered", "both_counted_the_same"),
        ("signatures = 21", "lines_of_sheets"),
        ("signatures = 1", "lines_of_sheets"),
    ],
)
def test_the_database_refuses_what_one_person_would_count(
    appeal: Appeal, olga: Organiser, wrong: str, constraint: str
) -> None:
    entered(appeal, olga)
    with pytest.raises(IntegrityError) as refused:
        session.execute(text(f"UPDATE paper_batch SET {wrong}"))
    assert violated(refused.value) == f"ck_paper_batch_{constraint}"
    session.rollback()


def test_what_was_decided_stays(appeal: Appeal, olga: Organiser, oleg: Organiser) -> None:
    batch = counted(appeal, olga, oleg)
    for deed in (
        lambda: checking.count(batch, {"FR": 9}, appeal=appeal, by=oleg),
        lambda: checking.reject(batch, appeal=appeal, by=olga),
        lambda: checking.withdraw(entered(appeal, olga), why="mistake", appeal=appeal, by=olga),
        lambda: checking.reject(uuid4(), appeal=appeal, by=olga),
    ):
        with pytest.raises(Refused):
            deed()
        session.rollback()
    assert total(appeal) == 12


def test_a_rejected_batch_counts_nothing_and_keeps_nobody(appeal: Appeal, olga: Organiser) -> None:
    batch = entered(appeal, olga)
    lines.add(the(batch), [ALICE])
    checking.reject(batch, appeal=appeal, by=olga)
    assert session.scalars(select(PaperLine)).all() == []
    with pytest.raises(Refused, match="over"):
        lines.add(the(batch), [ALICE])


def test_a_withdrawn_batch_is_told_on_the_page(
    client: FlaskClient, context: Flask, appeal: Appeal, olga: Organiser, oleg: Organiser
) -> None:
    batch, few = counted(appeal, olga, oleg), counted(appeal, olga, oleg, {"FR": 3})
    desk = signed_in(context)
    for row in (batch, few):
        press(desk, f"{DESK}/{row}", f"{DESK}/{row}/withdraw", why="rules")
    assert total(appeal) == 0
    page = client.get(f"{cast.PAGE}?1").text
    assert "12 signatures on paper were removed from the count: they broke the rules of this appeal" in page
    assert "no more than ten signatures on paper were removed from the count: they broke the rules" in page
    assert sorted(one.signatures for one in corrections.of(appeal)) == [3, 12]


def test_a_batch_is_not_withdrawn_without_a_reason(
    context: Flask, appeal: Appeal, olga: Organiser, oleg: Organiser
) -> None:
    batch, desk = counted(appeal, olga, oleg), signed_in(context)
    for why in ({}, {"why": ""}, {"why": "mood"}):
        page = press(desk, f"{DESK}/{batch}", f"{DESK}/{batch}/withdraw", **why)
        assert page.status_code == 422
        assert '<a href="#why-0">Choose a reason' in page.text
    assert total(appeal) == 12


def test_the_log_tells_no_count_before_the_second(appeal: Appeal, olga: Organiser, oleg: Organiser) -> None:
    counted(appeal, olga, oleg)
    deeds = {deed.action: deed.details for deed in audit.listing()}
    assert deeds["paper.entered"] == {"sheets": 2}
    assert deeds["paper.counted"] == {"sheets": 2, "signatures": 12}


def test_who_signed_by_mail_too_is_shown_and_counted_once(
    context: Flask, appeal: Appeal, olga: Organiser, oleg: Organiser
) -> None:
    batch = counted(appeal, olga, oleg)
    page = press(signed_in(context), f"{DESK}/{batch}", f"{DESK}/{batch}/lines", name_0="Alice Moreau",
                 email_0="ALICE@example.org", name_1="Noor", email_1="noor@example.org")  # fmt: skip
    assert page.status_code == 303
    assert total(appeal) == 12
    agreed = words(appeal).id
    signed = signing.sign(appeal, cast.a_signer(), language="en", wording_id=agreed, now=NOW)
    assert total(appeal) == 12
    confirming.confirm(signed, now=NOW)
    assert total(appeal) == 11
    shown = signed_in(context).get(f"{DESK}/{batch}").text
    assert "signed by mail too: counted once" in shown
    assert shown.count("<bdi>Noor</bdi>") == 1


def test_who_stands_on_two_sheets_is_counted_once(appeal: Appeal, olga: Organiser, oleg: Organiser) -> None:
    first, second = counted(appeal, olga, oleg), counted(appeal, olga, oleg)
    for batch in (first, second):
        lines.add(the(batch), [ALICE])
    assert total(appeal) == 23
    assert [line.state for line in lines.listing(the(second))] == ["again"]
    checking.withdraw(first, why="mistake", appeal=appeal, by=olga)
    assert total(appeal) == 12  # the second sheet's line counts now


def test_lines_that_cannot_be(context: Flask, appeal: Appeal, olga: Organiser) -> None:
    batch = entered(appeal, olga, {"FR": 2})
    desk = signed_in(context)
    typed = {f"name_{n}": f"Person {n}" for n in range(3)} | {f"email_{n}": f"p{n}@example.org" for n in range(3)}
    assert "more lines than the sheets have" in press(desk, f"{DESK}/{batch}", f"{DESK}/{batch}/lines", **typed).text
    wrong = press(desk, f"{DESK}/{batch}", f"{DESK}/{batch}/lines", name_0="Bob", email_0="no address")
    assert wrong.status_code == 422
    assert session.scalars(select(PaperLine)).all() == []


def test_a_line_typed_by_mistake_is_removed(context: Flask, appeal: Appeal, olga: Organiser) -> None:
    batch = entered(appeal, olga)
    lines.add(the(batch), [ALICE])
    [line] = lines.listing(the(batch))
    press(signed_in(context), f"{DESK}/{batch}", f"{DESK}/{batch}/lines/{line.id}/remove")
    assert lines.listing(the(batch)) == []


@pytest.fixture
def alices_line(appeal: Appeal, olga: Organiser, oleg: Organiser) -> UUID:
    batch = counted(appeal, olga, oleg)
    lines.add(the(batch), [ALICE])
    return lines.listing(the(batch))[0].id


def test_alice_finds_her_line_takes_it_back_and_erases_it(
    client: FlaskClient, appeal: Appeal, alices_line: UUID
) -> None:
    mine = f"/mine/{tokens.make('mine', alices_line)}"
    page = client.get(mine).text
    assert "A signature on paper" in page
    assert "Alice Moreau" in page
    [told] = client.get(f"{mine}/data.json").json
    assert (told["kind"], told["email"]) == ("paper_line", "alice@example.org")
    client.post(f"{mine}/paper/{alices_line}/withdraw")
    assert total(appeal) == 11
    assert "withdrawn" in client.get(mine).text
    assert erasing.erase("alice@example.org")["paper_lines"] == 1
    row = session.get_one(PaperLine, alices_line, populate_existing=True)
    assert (row.state, row.sealed, row.email_index, row.person_index) == ("erased", None, None, None)
    assert total(appeal) == 11
    assert client.get(mine).status_code == 410


def test_nobody_reads_a_line_in_the_database(appeal: Appeal, alices_line: UUID) -> None:
    row = session.scalar(
        text("SELECT paper_line::text || paper_batch::text FROM paper_line JOIN paper_batch ON true")
    )
    assert not re.search("alice|moreau|example", str(row), re.I)


def test_what_was_taken_back_is_forgotten_after_a_while(
    appeal: Appeal, alices_line: UUID, move_clock: Callable[[timedelta], None]
) -> None:
    ending.withdraw(alices_line)
    for days, held in ((29, True), (31, False)):
        move_clock(timedelta(days=days))
        session.close()
        ending.forget_withdrawn()
        assert (session.get_one(PaperLine, alices_line).sealed is not None) is held
        session.rollback()


def test_on_the_day_of_deletion_names_go_and_the_count_stays(
    appeal: Appeal, alices_line: UUID, olga: Organiser
) -> None:
    signed = signing.sign(appeal, cast.a_signer(), language="en", wording_id=words(appeal).id, now=NOW)
    confirming.confirm(signed, now=NOW)
    assert total(appeal) == 11
    session.execute(update(Appeal).values(state="open", delete_by=NOW.date()))
    session.commit()
    retention.forget_due()
    assert total(appeal) == 11  # though no index is left to say that she signed twice
    assert session.get_one(PaperLine, alices_line, populate_existing=True).sealed is None
    with pytest.raises(Refused, match="no signatures at the moment"):
        entered(session.get_one(Appeal, appeal.id, populate_existing=True), olga)


def test_a_rehearsal_leaves_no_paper(appeal: Appeal, alices_line: UUID) -> None:
    assert retention.forget_rehearsal(appeal) >= 1
    assert total(appeal) == 0
    assert checking.listing(appeal) == []


def test_a_draft_takes_none_and_a_closed_appeal_what_comes_late(appeal: Appeal, olga: Organiser) -> None:
    appeal.state = "draft"
    with pytest.raises(Refused, match="no signatures at the moment"):
        entered(appeal, olga)
    appeal.state = "closed"
    assert entered(appeal, olga)


def test_who_lives_in_the_country_at_risk_is_counted_and_no_more(appeal: Appeal, olga: Organiser) -> None:
    assert appeal.country_at_risk == "IR"
    batch = entered(appeal, olga, {"IR": 7, "": 2, "FR": 3})
    assert the(batch).entered == {"": 9, "FR": 3}
