"""Olga looks after the directory of offices: what she enters counts at once, stays, and can be taken back."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

from campaign.appeals import queries as appeals
from campaign.appeals.models import Appeal
from campaign.db import session
from campaign.desk.office_forms import DatesForm, HolderForm
from campaign.errors import Refused
from campaign.mail.addresses import Address
from campaign.offices import addressing, changing, checking, directory, explaining, holding, queries
from campaign.offices.holding import Newcomer
from campaign.offices.models import Office, OfficeAddress, OfficeTerm
from campaign.offices.partial_dates import PartialDate
from campaign.organisers import accounts, audit
from campaign.organisers.models import AuditEvent, Organiser
from tests import cast
from tests.desk import OLGA, press, signed_in
from tests.test_office_directory import SMALL

LIST = "/desk/offices"
IRAN = f"{LIST}/sr-iran"
EMAIL = "sr-iran@office.example"
TODAY = datetime.now(UTC).date()
SEEN = {"address-email": EMAIL, "address-source": "", "address-seen": "y"}
NEXT = {
    "holder-name": "نسرین ستوده",
    "holder-family_name": "ستوده",
    "holder-honorific": "Ms.",
    "holder-starts": "2026-11-01",
    "holder-source": "https://council.example/appointed",
    "holder-ending": "",
}


@pytest.fixture
def appeal(context: Flask) -> Appeal:
    return cast.the_appeal()


@pytest.fixture
def desk(context: Flask, appeal: Appeal) -> FlaskClient:
    return signed_in(context)


@pytest.fixture
def olga(context: Flask) -> Organiser:
    return accounts.add(OLGA)


@pytest.fixture
def small(context: Flask, tmp_path: Path) -> Callable[..., Office]:
    """Load the small directory as it is or changed, and give its one office."""

    def load(text: str = SMALL) -> Office:
        path = tmp_path / "offices.yaml"
        path.write_text(text, "utf-8")
        directory.load(session, path)
        return one("sr-one")

    return load


def one(slug: str = "sr-iran") -> Office:
    session.rollback()
    session.expire_all()
    return session.scalars(select(Office).filter_by(slug=slug)).one()


def term(name: str, slug: str = "sr-iran") -> OfficeTerm:
    return next(row for row in one(slug).terms if row.name == name)


def rows(office: Office) -> list[dict[str, Any]]:
    """Everything that stands about an office, for comparing."""
    every: list[changing.Row] = [*office.terms, *office.addresses]
    said = [changing._said(row) for row in every]
    return sorted(said, key=str)


def words_of(response: TestResponse) -> str:
    return unescape(" ".join(re.sub(r"<[^>]+>", " ", response.text).split()))


def a_second_later(app: Flask) -> None:
    """No page is kept any more; nor rows, since the test's session is also that of each request."""
    app.wsgi_app._kept.clear()  # type: ignore[attr-defined]
    session.rollback()
    session.expire_all()


def newest_deed() -> int:
    return int(session.scalars(select(func.max(AuditEvent.id)).where(AuditEvent.action.startswith("office."))).one())


def test_it_works(desk: FlaskClient, olga: Organiser) -> None:
    """Olga reads an address on the official page, enters it, and letters of this very moment go there."""
    assert addressing.sendable_address(one(), TODAY) is None
    assert "0 of 4 offices can be written to by us" in words_of(desk.get(f"/desk/appeals/{cast.SLUG}"))

    response = press(desk, IRAN, f"{IRAN}/addresses", **SEEN)

    assert response.status_code == 303
    page = words_of(desk.get(IRAN))
    assert f"We write to {EMAIL}" in page
    assert f"{EMAIL} checked Source" in page
    assert addressing.sendable_address(one(), TODAY) == EMAIL
    assert addressing.sendable_address(one(), TODAY - timedelta(days=1)) is None
    assert addressing.sendable_address(one("sr-truth"), TODAY) is None
    [address] = one().addresses
    assert (address.checked_by, address.checked_on, address.source) == (
        olga.id,
        TODAY,
        "seen on the office’s own page",
    )
    assert "1 of 4 offices can be written to by us" in words_of(desk.get(f"/desk/appeals/{cast.SLUG}"))
    assert "entered an address" in words_of(desk.get("/desk/log"))
    assert "changes" not in words_of(desk.get("/desk/log"))


def test_the_letter_page_picks_it_up(desk: FlaskClient, client: FlaskClient, app: Flask) -> None:
    write = f"{cast.PAGE}/letters/sr-iran"
    client.get(f"{cast.PAGE}/letters")
    press(desk, IRAN, f"{IRAN}/addresses", **SEEN)

    press(desk, IRAN, f"{IRAN}/holders/{term('Mai Sato').id}/dates", **_dates("Mai Sato", ends="2026-10-31"))

    a_second_later(app)
    assert "Dear Special Rapporteur," in client.get(write).text
    assert "Dear Ms. Sato," not in client.get(write).text
    undone = press(desk, IRAN, f"{IRAN}/undo/{newest_deed()}")
    assert undone.status_code == 303
    a_second_later(app)
    assert "Dear Ms. Sato," in client.get(write).text


def _dates(name: str, slug: str = "sr-iran", **changes: str) -> dict[str, str]:
    row = term(name, slug)
    typed = {"starts": row.starts or "", "ends": row.ends or "", "source": row.source or "", **changes}
    return {f"dates-{row.id}-{field}": value for field, value in typed.items()}


def test_the_directory_lists_everything_our_addressees_first(desk: FlaskClient) -> None:
    page = desk.get(LIST).text

    slugs = re.findall(rf'href="{LIST}/([a-z-]+)"', page)
    assert len(slugs) == len(set(slugs)) == 68
    published = appeals.published(cast.SLUG)
    assert published
    assert tuple(slugs[:4]) == tuple(published.content.addressees)
    said = words_of(desk.get(LIST))
    assert "Mai Sato" in said
    assert f'value="{term("Mai Sato").id}" selected' in desk.get(IRAN).text  # a newcomer ends her term, unless told
    assert "It has several members and is greeted as a group" in said
    assert "takes cases only" in said
    assert "a channel, no addressee" in said
    assert 'href="/desk/offices"' in desk.get("/desk/").text


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("q=sato", {"sr-iran"}),
        ("q=IRAN+rapporteur", {"sr-iran"}),
        ("q=sr-iran", {"sr-iran"}),
        ("q=گزارشگر+ایران", {"sr-iran"}),
        ("q=no-such-office", set()),
        ("q=%00%27%3B--", None),
        ("q=iran&show=unchecked", {"sr-iran", "ffm-iran"}),
        ("show=addressees", 4),
        ("show=old", 0),
        (f"appeal={cast.SLUG}", 4),
        ("appeal=nothing", set()),
        ("show=nonsense", 68),
    ],
)
def test_it_is_searched_and_filtered(desk: FlaskClient, query: str, expected: set[str] | int | None) -> None:
    response = desk.get(f"{LIST}?{query}")

    slugs = re.findall(rf'<a href="{LIST}/([a-z-]+)"', response.text)
    assert response.status_code == 200
    assert expected is None or expected in (set(slugs), len(slugs))


def test_an_old_check_is_found_and_names_nobody(
    desk: FlaskClient, context: Flask, move_clock: Callable[[timedelta], None]
) -> None:
    """After 90 days a holder is no longer greeted by name, until Olga has looked again."""
    day = term("Mai Sato").checked_on
    assert day
    assert addressing.greeting(one(), "en", day + timedelta(days=90)) == "Dear Ms. Sato,"
    session.close()
    move_clock(timedelta(days=(day - TODAY).days + 91))
    desk = signed_in(context)
    assert "Mai Sato was last checked on" in words_of(desk.get(IRAN))
    assert "Dear Special Rapporteur," in desk.get(IRAN).text
    assert "sr-iran" in desk.get(f"{LIST}?show=old").text

    press(desk, IRAN, f"{IRAN}/holders/{term('Mai Sato').id}/confirm")

    assert term("Mai Sato").checked_on == day + timedelta(days=91) == queries.today()
    page = desk.get(IRAN).text
    assert "Dear Ms. Sato," in page
    assert "Madame la Rapporteuse spéciale," in page
    assert f'href="{LIST}/sr-iran"' not in desk.get(f"{LIST}?show=old").text


def test_an_address_that_was_not_seen_is_listed_and_not_used(desk: FlaskClient, olga: Organiser) -> None:
    press(desk, IRAN, f"{IRAN}/addresses", **{"address-email": EMAIL, "address-source": "a colleague told me"})

    assert addressing.sendable_address(one(), TODAY) is None
    [address] = one().addresses
    assert (address.status, address.checked_on, address.checked_by) == ("unverified", None, olga.id)
    assert f"entered by {OLGA}, not checked" in words_of(desk.get(IRAN))

    press(desk, IRAN, f"{IRAN}/addresses/{address.id}/check")
    assert addressing.sendable_address(one(), TODAY) == EMAIL
    press(desk, IRAN, f"{IRAN}/addresses/{address.id}/retire")
    assert addressing.sendable_address(one(), TODAY) is None
    assert "retired" in words_of(desk.get(IRAN))


def test_entering_a_listed_address_again_checks_it(context: Flask, appeal: Appeal, olga: Organiser) -> None:
    again: dict[str, Any] = {"address": Address.parse(EMAIL), "by": olga}
    checking.enter("sr-iran", source="a colleague", seen=False, **again)
    with pytest.raises(Refused, match="listed already") as refused:
        checking.enter("sr-iran", source="another colleague", seen=False, **again)
    assert refused.value.field == "email"

    checking.enter("sr-iran", source="its page", seen=True, **again)

    [address] = one().addresses
    assert (address.status, address.source) == ("verified", "its page")


def test_what_a_person_saw_goes_before_the_file(small: Callable[..., Office], olga: Organiser) -> None:
    """Of two addresses checked on one day the one that a person saw."""
    small(SMALL.replace("2026-11-24, source: its page", f"{TODAY}, source: its page"))
    assert addressing.sendable_address(one("sr-one"), TODAY) == "one@office.example"

    checking.enter("sr-one", address=Address.parse("a-new@office.example"), source="x", seen=True, by=olga)

    assert addressing.sendable_address(one("sr-one"), TODAY) == "a-new@office.example"


def test_a_new_holder_ends_the_one_before(desk: FlaskClient, olga: Organiser) -> None:
    before = rows(one())
    ending = str(term("Mai Sato").id)

    response = press(desk, IRAN, f"{IRAN}/holders", **{**NEXT, "holder-ending": ending})

    assert response.status_code == 303
    assert term("Mai Sato").ends == "2026-10-31"
    assert addressing.greeting(one(), "en", TODAY) == "Dear Ms. ستوده,"
    assert addressing.greeting(one(), "en", date(2026, 10, 15)) == "Dear Special Rapporteur,"
    assert "نسرین ستوده" in desk.get(IRAN).text
    press(desk, IRAN, f"{IRAN}/undo/{newest_deed()}")
    assert rows(one()) == before
    press(desk, IRAN, f"{IRAN}/undo/{newest_deed()}")  # undoing can be undone
    assert addressing.greeting(one(), "en", TODAY) == "Dear Ms. ستوده,"


def test_two_who_could_hold_it_are_named_and_nobody_is_greeted(desk: FlaskClient) -> None:
    press(desk, IRAN, f"{IRAN}/holders", **NEXT)

    page = words_of(desk.get(IRAN))
    assert "More than one could hold it today: Mai Sato, نسرین ستوده" in page
    assert "Dear Special Rapporteur," in page


def test_whose_renewal_was_due_is_sure_again_once_confirmed(desk: FlaskClient) -> None:
    page = f"{LIST}/high-commissioner"
    assert "was due to leave or to be renewed by" in words_of(desk.get(page))
    assert "Volker Türk perhaps today" in words_of(desk.get(page))
    [turk] = [row for row in one("high-commissioner").terms if row.ends is None]

    press(desk, page, f"{page}/holders/{turk.id}/confirm")

    assert addressing.greeting(one("high-commissioner"), "en", TODAY) == f"Dear Mr. {turk.family_name},"
    assert "Volker Türk today" in words_of(desk.get(page))
    press(desk, page, f"{page}/undo/{newest_deed()}")
    assert addressing.greeting(one("high-commissioner"), "en", TODAY) == "Dear High Commissioner,"


@pytest.mark.parametrize("deed", ["confirm", "dates", "check", "retire", "holder", "address"])
def test_loading_the_file_again_leaves_what_olga_did_and_undoing_gives_it_back(
    small: Callable[..., Office], olga: Organiser, deed: str
) -> None:
    before = rows(small())
    now, [address] = term("Mai Now", "sr-one"), one("sr-one").addresses
    soon = Newcomer("Eve Next", "Ms.", PartialDate("2026-11"), "a letter")
    acts: dict[str, Callable[[], None]] = {
        "confirm": lambda: holding.confirm("sr-one", now.id, by=olga),
        "dates": lambda: holding.correct(
            "sr-one", now.id, starts=PartialDate("2020-05"), ends=PartialDate("2026-10"), by=olga
        ),
        "check": lambda: checking.check("sr-one", address.id, by=olga),
        "retire": lambda: checking.retire("sr-one", address.id, by=olga),
        "holder": lambda: holding.enter("sr-one", soon, ending=now.id, by=olga),
        "address": lambda: checking.enter(
            "sr-one", address=Address.parse("two@office.example"), source="x", seen=True, by=olga
        ),
    }
    acts[deed]()
    after = rows(one("sr-one"))
    assert after != before
    # The file changes its mind about the very facts that Olga touched, and hers stay.
    small(SMALL.replace("to: null", "to: 2026-12").replace("2026-11-24, source: its page", "2026-11-25, source: y"))
    mine = [
        row for row in after if olga.id.hex in str(row.get("entered_by") or row.get("checked_by")).replace("-", "")
    ]
    assert mine
    assert all(row in rows(one("sr-one")) for row in mine)
    small()

    changing.undo("sr-one", newest_deed(), by=olga)

    assert rows(one("sr-one")) == before
    assert rows(small()) == before


def test_a_deed_is_taken_back_only_while_it_stands(small: Callable[..., Office], olga: Organiser) -> None:
    [address] = small().addresses
    checking.check("sr-one", address.id, by=olga)
    first = newest_deed()
    checking.retire("sr-one", address.id, by=olga)

    assert [deed.stands for deed in changing.deeds(one("sr-one"))] == [True, False]
    with pytest.raises(Refused, match="changed again since"):
        changing.undo("sr-one", first, by=olga)
    changing.undo("sr-one", newest_deed(), by=olga)
    changing.undo("sr-one", first, by=olga)
    assert one("sr-one").addresses[0].checked_by is None


def test_undo_takes_back_nothing_else(desk: FlaskClient, olga: Organiser) -> None:
    press(desk, IRAN, f"{IRAN}/addresses", **SEEN)
    deed, elsewhere = newest_deed(), f"{LIST}/sr-truth"
    audit.record("signatures.exported", "office sr-iran", organiser=olga)
    session.commit()
    exported = session.scalars(select(func.max(AuditEvent.id))).one()
    before = rows(one())

    for path in (f"{elsewhere}/undo/{deed}", f"{IRAN}/undo/{exported}", f"{IRAN}/undo/99999999"):
        assert press(desk, IRAN, path).status_code == 303
        assert "changed again since" in words_of(desk.get(IRAN))
    assert rows(one()) == before
    assert desk.get(IRAN).text.count(f"{IRAN}/undo/") == 1


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"address-email": "sr iran at office"}, "does not look like an email address"),
        ({"address-email": ""}, "Enter the address"),
        ({"address-seen": ""}, "Say where you read it"),
        ({"address-source": "its page \u202egnp.exe"}, "turn its direction"),
        ({"address-source": "x" * 501}, "at most 500 characters"),
        ({"address-source": "a\x00b"}, "one line"),
    ],
)
def test_a_mistake_in_an_address_is_named_and_nothing_is_lost(
    desk: FlaskClient, changes: dict[str, str], said: str
) -> None:
    typed = {**SEEN, "address-source": "https://office.example/contact", **changes}
    if "address-seen" in changes:
        typed |= {"address-source": ""}
    response = press(desk, IRAN, f"{IRAN}/addresses", **typed)

    assert response.status_code == 422
    assert said in words_of(response)
    assert f'value="{typed["address-email"]}"' in response.text
    assert "<details open>" in response.text
    assert "<title>Error:" in response.text
    assert not one().addresses


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"holder-name": ""}, "Enter the name"),
        ({"holder-name": "Eve\u202eoN"}, "turn its direction"),
        ({"holder-name": "Eve Next (acting)"}, "without brackets, web addresses or signs"),
        ({"holder-name": "=HYPERLINK(1)"}, "without brackets, web addresses or signs"),
        ({"holder-family_name": "Sato"}, "as it stands in the full name"),
        ({"holder-honorific": ""}, "Choose how letters address this person"),
        ({"holder-honorific": "King"}, "Choose how letters address this person"),
        ({"holder-starts": ""}, "Enter the first day"),
        ({"holder-starts": "soon"}, "Enter a date like 2016"),
        ({"holder-starts": "2026-02-30"}, "Enter a date like 2016"),
        ({"holder-starts": "0016"}, "Enter a year from 1945"),
        ({"holder-starts": "9999-12"}, "Enter a year from 1945"),
        ({"holder-source": " "}, "Say where you read it"),
        ({"holder-ending": "nobody-here"}, "Choose one of the list"),
    ],
)
def test_a_mistake_in_a_holder_is_named_and_nothing_is_lost(
    desk: FlaskClient, changes: dict[str, str], said: str
) -> None:
    before = rows(one())

    response = press(desk, IRAN, f"{IRAN}/holders", **{**NEXT, **changes})

    assert response.status_code == 422
    assert said in words_of(response)
    assert changes.get("holder-starts", NEXT["holder-starts"]) in response.text
    assert "https://council.example/appointed" in response.text or "holder-source" in changes
    assert rows(one()) == before


def test_a_term_is_listed_once_and_ends_after_it_began(desk: FlaskClient) -> None:
    before = rows(one())
    sato = str(term("Mai Sato").id)
    again = press(desk, IRAN, f"{IRAN}/holders", **{**NEXT, "holder-name": "Mai Sato", "holder-family_name": "",
                                                   "holder-starts": "2024-08-01"})  # fmt: skip
    early = press(desk, IRAN, f"{IRAN}/holders", **{**NEXT, "holder-starts": "2020", "holder-ending": sato})
    wrong = press(desk, IRAN, f"{IRAN}/holders/{sato}/dates", **_dates("Mai Sato", ends="2024-07"))

    assert "from this date is listed already" in words_of(again)
    assert "Mai Sato began later than that" in words_of(early)
    assert "The end is before the start" in words_of(wrong)
    assert 'value="2024-07"' in wrong.text
    assert {again.status_code, early.status_code, wrong.status_code} == {422}
    assert rows(one()) == before


def test_nothing_new_is_no_deed(desk: FlaskClient) -> None:
    sato = term("Mai Sato").id
    press(desk, IRAN, f"{IRAN}/holders/{sato}/dates", **_dates("Mai Sato"))
    assert "That is what stands here already" in words_of(desk.get(IRAN))
    press(desk, IRAN, f"{IRAN}/holders/{term('Javaid Rehman').id}/confirm")
    assert "The term of Javaid Rehman is over" in words_of(desk.get(IRAN))
    assert not audit.listing(subject="office sr-iran")
    assert term("Mai Sato").entered_by is None


def test_what_is_of_another_office_is_not_touched(desk: FlaskClient) -> None:
    before = rows(one())
    sato, elsewhere = term("Mai Sato").id, f"{LIST}/sr-truth"

    for act in ("confirm", "dates"):
        press(desk, elsewhere, f"{elsewhere}/holders/{sato}/{act}", **_dates("Mai Sato", ends="2025"))
    press(desk, elsewhere, f"{elsewhere}/holders", **{**NEXT, "holder-ending": str(sato)})

    assert rows(one()) == before
    assert desk.get(f"{LIST}/no-such-office").status_code == 404
    assert press(desk, IRAN, f"{LIST}/no-such-office/addresses", **SEEN).status_code == 404


def test_eve_sees_and_does_nothing(context: Flask, appeal: Appeal, client: FlaskClient) -> None:
    assert client.get(IRAN).location == "/desk/sign-in"
    assert client.post(f"{IRAN}/addresses", data=SEEN).status_code == 404
    assert not one().addresses


def test_what_people_typed_is_shown_as_text(desk: FlaskClient) -> None:
    press(desk, IRAN, f"{IRAN}/addresses", **{**SEEN, "address-source": "<b>bold</b> https://office.example"})

    page = desk.get(IRAN).text
    assert "<b>bold" not in page
    assert "&lt;b&gt;bold" in page
    assert 'rel="noreferrer noopener nofollow"' in page


def test_an_office_that_takes_cases_only_stays_unwritten(desk: FlaskClient) -> None:
    page = f"{LIST}/wg-arbitrary-detention"
    press(desk, page, f"{page}/addresses", **SEEN)

    assert addressing.sendable_address(one("wg-arbitrary-detention"), TODAY) is None
    assert "individual cases only" in words_of(desk.get(page))


def test_many_at_once_enter_one_address(context: Flask, appeal: Appeal, olga: Organiser) -> None:
    app = context

    def enter(_n: int) -> bool:
        with app.app_context():
            try:
                checking.enter("sr-iran", address=Address.parse(EMAIL), source="x", seen=True, by=olga)
            except Refused:
                return False
            return True

    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(enter, range(8)))

    assert done.count(True) == 1
    assert len(audit.listing(subject="office sr-iran")) == len(one().addresses) == 1


@pytest.fixture(scope="module")
def request_context(app: Flask) -> Iterator[None]:
    with app.test_request_context():
        yield


@pytest.mark.usefixtures("request_context")
@given(typed=st.text(max_size=24) | st.from_regex(r"[۰-۹0-9]{4}([-./][0-9]{1,2}){0,2}", fullmatch=True))
def test_whatever_is_typed_as_a_date_is_a_date_or_a_kind_message(typed: str) -> None:
    form = DatesForm(MultiDict({"starts": typed, "ends": "", "source": ""}))
    if form.validate():
        assert form.first is None or form.first.first <= form.first.last
    else:
        assert form.errors == {"starts": ["Enter a date like 2016, 2018-07 or 2024-07-31"]}


@pytest.mark.usefixtures("request_context")
@given(name=st.text(max_size=40))
def test_a_name_that_is_let_in_turns_nothing(name: str) -> None:
    typed = {field.removeprefix("holder-"): value for field, value in NEXT.items()} | {
        "name": name,
        "family_name": "",
    }
    form = HolderForm(MultiDict(typed), open_terms=[])
    if form.validate():
        assert not set("\u202a\u202b\u202d\u202e\u2066\u2067()<>\n") & set(form.newcomer().name)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("۲۰۲۴-۰۷-۳۱", "2024-07-31"), (" 2018/07 ", "2018-07"), ("2016.05.01", "2016-05-01"), ("2018–07", "2018-07")],
)
@pytest.mark.usefixtures("request_context")
def test_dates_are_taken_as_people_write_them(typed: str, meant: str) -> None:
    form = DatesForm(MultiDict({"starts": typed, "ends": "", "source": ""}))
    assert form.validate()
    assert form.first == meant


@pytest.mark.parametrize(
    ("starts", "ends"),
    [("2026-11-01", "2026-10-31"), ("2026-11", "2026-11"), ("2026", "2026"), ("2024-03-01", "2024-02-29")],
)
def test_whoever_was_before_left_the_day_before(starts: str, ends: str) -> None:
    assert holding.day_before(PartialDate(starts)) == ends


@pytest.mark.usefixtures("request_context")
@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "holds it, checked on"),
        ({"family_name": None}, "no family name"),
        ({"verified": False}, "was never checked"),
        ({"checked_on": None}, "was never checked"),
        ({"checked_on": TODAY - timedelta(days=91)}, "more than 90 days ago"),
        ({"starts": None}, "not precise enough"),
        ({"starts": str(TODAY.year)}, "not precise enough"),
        ({"check_from": TODAY}, "was due to leave"),
        ({"ends": "2020"}, "Nobody is known"),
    ],
)
def test_why_nobody_is_named_is_said(changes: dict[str, Any], said: str) -> None:
    sure = {"name": "Eve Next", "family_name": "Next", "honorific": "Ms.", "starts": "2016-01", "ends": None,
            "verified": True, "checked_on": TODAY, "approximate": False}  # fmt: skip
    office = Office(slug="x", details={}, terms=[OfficeTerm(**sure | changes)], addresses=[])
    assert said in explaining.why(office, TODAY)


def test_the_address_that_is_shown_is_the_one_that_is_used() -> None:
    made = [
        ("c@x.example", "retired", TODAY),
        ("b@x.example", "verified", TODAY),
        ("a@x.example", "unverified", None),
    ]
    addresses = [OfficeAddress(email=email, status=status, checked_on=on) for email, status, on in made]
    office = Office(slug="x", kind="office", cases_only=False, addresses=addresses, terms=[])
    shown = explaining.best_address(office, TODAY)
    assert shown
    assert shown.email == "b@x.example"
