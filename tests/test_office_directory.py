"""The directory of offices: what stands in it, how a broken file is refused, and loading it again."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import select, text

from campaign import db
from campaign.offices import addressing
from campaign.offices.directory import DirectoryRefused, load, read_directory
from campaign.offices.models import Office, OfficeAddress, OfficeTerm
from campaign.organisers.models import Organiser

FILE = Path(__file__).parent.parent / "campaign" / "data" / "un_offices.yaml"
TODAY = date(2026, 11, 24)

SMALL = """\
compiled_on: 2026-11-24
forms:
  special-rapporteur:
    working_languages: [en]
    postal: {lines: [Palais, Geneva], confidence: verified, checked_on: 2026-11-24}
    greetings:
      en: {office: "Dear Special Rapporteur,", ms: "Dear Ms. ((family_name)),"}
offices:
  - slug: sr-one
    kind: mandate
    form: special-rapporteur
    scope: thematic
    titles:
      en: {text: Special Rapporteur on one thing, confidence: verified, checked_on: 2026-11-24}
      fr: {text: Rapporteur spécial, confidence: unverified}
    email: {address: one@office.example, confidence: verified, checked_on: 2026-11-24, source: its page}
    holders:
      - {name: Ana Before, honorific: Ms., from: 2014, to: 2020-04, confidence: unverified}
      - name: Mai Now
        family_name: Now
        honorific: Ms.
        from: 2020-05-01
        to: null
        confidence: verified
        checked_on: 2026-11-24
"""


@pytest.fixture
def small(tmp_path: Path) -> Path:
    path = tmp_path / "offices.yaml"
    path.write_text(SMALL, encoding="utf-8")
    return path


def one(slug: str) -> Office:
    db.session.expire_all()
    return db.session.scalars(select(Office).filter_by(slug=slug)).one()


def test_it_works(context: Flask) -> None:
    assert load(db.session, FILE) == 68
    kinds = db.session.scalars(select(Office.kind)).all()
    assert (kinds.count("mandate"), kinds.count("office"), kinds.count("channel")) == (59, 4, 5)
    iran = one("sr-iran")
    assert addressing.greeting(iran, "en", TODAY) == "Dear Ms. Sato,"
    assert addressing.greeting(iran, "fr", TODAY) == "Madame la Rapporteuse spéciale,"
    assert addressing.address_lines(iran, "fr", TODAY) == [
        "Mme Mai Sato",
        "Rapporteuse spéciale sur la situation des droits de l’homme en République islamique d’Iran",
        "OHCHR-UNOG",
        "8-14 Avenue de la Paix",
        "1211 Geneva 10",
        "Switzerland",
    ]


def test_a_check_that_is_old_greets_the_office(context: Flask) -> None:
    load(db.session, FILE)
    iran, late = one("sr-iran"), date(2027, 2, 23)
    assert addressing.greeting(iran, "en", date(2027, 2, 22)) == "Dear Ms. Sato,"
    assert addressing.greeting(iran, "en", late) == "Dear Special Rapporteur,"
    assert addressing.address_lines(iran, "fr", late)[0].startswith("Rapporteur spécial")


def test_whose_renewal_nobody_found_is_not_named(context: Flask) -> None:
    load(db.session, FILE)
    assert addressing.greeting(one("high-commissioner"), "en", TODAY) == "Dear High Commissioner,"
    assert addressing.greeted(one("sr-freedom-of-expression"), TODAY) is None
    assert addressing.greeted(one("sr-human-rights-defenders"), TODAY) is None


def test_an_ambassador_is_an_excellency_and_a_group_is_a_group(context: Flask) -> None:
    load(db.session, FILE)
    president = one("hrc-president")
    assert addressing.greeting(president, "en", TODAY) == "Excellency,"
    assert addressing.address_lines(president, "en", TODAY)[0] == "H.E. Sidharto Reza Suryodipuro"
    assert addressing.greeted(president, date(2027, 1, 5)) is None
    assert addressing.greeted(one("ffm-iran"), TODAY) is None
    assert addressing.greeting(one("wg-women-girls"), "en", TODAY).startswith("Dear Chair-Rapporteur and members")


def test_a_title_that_nobody_verified_gives_way_to_english(context: Flask) -> None:
    load(db.session, FILE)
    iran = one("sr-iran")
    assert set(iran.titles) == {"en", "fr", "fa"}
    assert addressing.title(iran, "es", TODAY) == iran.title


def test_only_a_verified_address_of_an_addressee_is_written_to(context: Flask) -> None:
    load(db.session, FILE)
    sendable = {o.slug for o in db.session.scalars(select(Office)) if addressing.sendable_address(o, TODAY)}
    assert sendable == {"sr-executions"}
    refused = {o.slug for o in db.session.scalars(select(Office)) if not addressing.accepts_letters(o)}
    assert {"wg-arbitrary-detention", "wg-disappearances", "urgent-action-mailbox"} <= refused
    found = db.session.execute(select(Office.slug, OfficeAddress.status).join(OfficeAddress)).all()
    status = dict(map(tuple, found))
    assert status["urgent-action-mailbox"] == "retired"
    assert status["sr-extreme-poverty"] == "unverified"
    assert addressing.stand_in(one("sr-iran")) == "sr-iran@office.invalid"


def test_an_address_counts_from_the_day_of_its_check(context: Flask, small: Path) -> None:
    load(db.session, small)
    assert addressing.sendable_address(one("sr-one"), date(2026, 11, 23)) is None
    assert addressing.sendable_address(one("sr-one"), TODAY) == "one@office.example"


def test_loading_twice_changes_nothing(context: Flask, small: Path) -> None:
    assert load(db.session, small) == 1
    rows = "SELECT (SELECT jsonb_agg(o) FROM office o), (SELECT jsonb_agg(t ORDER BY position) FROM office_term t)"
    before = db.session.execute(text(rows)).one()
    assert load(db.session, small) == 0
    assert db.session.execute(text(rows)).one() == before


def test_a_corrected_file_corrects_its_own_rows(context: Flask, small: Path) -> None:
    load(db.session, small)
    stamped = one("sr-one").updated_at
    small.write_text(SMALL.replace("2020-05-01", "2020-06-01").replace("on one thing", "on one matter"), "utf-8")
    assert load(db.session, small) == 1
    office = one("sr-one")
    assert office.title == "Special Rapporteur on one matter"
    assert [(t.name, t.starts) for t in office.terms] == [("Ana Before", "2014"), ("Mai Now", "2020-06-01")]
    assert office.updated_at > stamped


def test_what_a_person_entered_stays(context: Flask, small: Path) -> None:
    load(db.session, small)
    olga = Organiser(id=uuid4(), email_index=b"olga", sealed=b"olga")
    db.session.add(olga)
    db.session.flush()
    office = one("sr-one")
    office.terms[1].ends, office.terms[1].entered_by = "2026-10-31", olga.id
    office.addresses[0].status, office.addresses[0].checked_by = "retired", olga.id
    db.session.add(OfficeTerm(office_id=office.id, position=2, name="Eve Next", honorific="Ms.", starts="2026-11-01",
                              verified=True, checked_on=TODAY, entered_by=olga.id))  # fmt: skip
    db.session.commit()
    small.write_text(
        SMALL.replace("checked_on: 2026-11-24, source: its page", "checked_on: 2026-11-30, source: x"), "utf-8"
    )
    assert load(db.session, small) == 0
    office = one("sr-one")
    assert [(t.name, t.ends) for t in office.terms][1:] == [("Mai Now", "2026-10-31"), ("Eve Next", None)]
    assert office.addresses[0].status == "retired"


def test_a_broken_file_is_refused_with_every_line(small: Path) -> None:
    broken = (
        SMALL.replace("kind: mandate", "kind: kingdom")
        .replace("from: 2014,", "from: 2014-13,")
        .replace("name: Mai Now", "name: Mai Now (acting)")
        .replace("one@office.example", "one at office")
        .replace("    scope: thematic", "    scope: thematic\n    colour: blue")
    )
    small.write_text(broken, "utf-8")
    with pytest.raises(DirectoryRefused) as refused:
        read_directory(small)
    lines = broken.splitlines()
    said = {str(p).split(": ")[1]: p for p in refused.value.problems}
    assert set(said) == {
        "offices[sr-one].kind",
        "offices[sr-one].colour",
        "offices[sr-one].email.address",
        "offices[sr-one].holders[Ana Before].from",
        "offices[sr-one].holders[Mai Now (acting)].name",
    }
    for field, problem in said.items():
        assert field.rsplit(".", 1)[1] in lines[problem.line - 1]
        assert str(problem).startswith(f"offices.yaml:{problem.line}: {field}: ")


@pytest.mark.parametrize(
    ("wrong", "right", "said"),
    [
        ("slug: sr-one", "slug: sr-one\n    slug: sr-two", "stands twice"),
        ("form: special-rapporteur", "form: archbishop", "archbishop is not under forms"),
        (
            "confidence: verified, checked_on: 2026-11-24, source: its page",
            "confidence: verified, source: x",
            "checked_on",
        ),
        (", source: its page", "", "names no source"),
        ("((family_name))", "((salary))", "((salary))"),
        ("to: 2020-04", "to: 2013", "ends before it starts"),
        ("family_name: Now", "family_name: Then", "not part of its name"),
        ("offices:", "offices: [", "YAML"),
        ("    scope: thematic\n", "", "needs a scope"),
    ],
)
def test_what_else_is_refused(small: Path, wrong: str, right: str, said: str) -> None:
    assert wrong in SMALL
    small.write_text(SMALL.replace(wrong, right), "utf-8")
    with pytest.raises(DirectoryRefused, match=r"offices\.yaml") as refused:
        read_directory(small)
    assert said in str(refused.value)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DirectoryRefused, match="cannot be read"):
        read_directory(tmp_path / "none.yaml")


def test_every_sure_holder_of_the_file_has_a_bare_name() -> None:
    directory = read_directory(FILE)
    names = [holder.name for office in directory.offices for holder in office.holders]
    assert len(names) > 150
    assert not [name for name in names if set("()[]0123456789") & set(name)]
