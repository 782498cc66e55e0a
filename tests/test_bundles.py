"""A bundle: read whole or refused with everything at once, loaded once, versions added and never changed."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from campaign import db, i18n
from campaign.appeals import versions, wording
from campaign.appeals.bundles import BundleRefused, read
from campaign.appeals.content import Content, EcosocStatus
from campaign.appeals.differences import differences
from campaign.appeals.loading import Loaded
from campaign.appeals.loading import load as load_bundle
from campaign.appeals.models import Appeal, AppealVersion, ConsentWording
from campaign.appeals.texts import render
from campaign.offices.placeholders import UnknownPlaceholder, fill
from tests import bundled
from tests.bundled import DATA, SLUG

BUNDLE = DATA / "appeals" / SLUG
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
ADDRESSEES = ("hrc-president", "high-commissioner", "sr-iran", "sr-truth")
OFFICES = dict.fromkeys(ADDRESSEES, True) | {"wg-disappearances": False}

Change = Callable[[str, str, str], None]


def content_of(folder: Path) -> Content:
    return read(folder, offices=OFFICES, today=NOW.date())


def refused(folder: Path) -> str:
    with pytest.raises(BundleRefused) as caught:
        content_of(folder)
    return str(caught.value)


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return Path(shutil.copytree(BUNDLE, tmp_path / "bundle"))


@pytest.fixture
def change(bundle: Path) -> Change:
    """Replace words in one file of the bundle; the words have to be there."""

    def replace(file: str, old: str, new: str) -> None:
        found = (bundle / file).read_text(encoding="utf-8")
        assert old in found
        (bundle / file).write_text(found.replace(old, new, 1), encoding="utf-8")

    return replace


@pytest.fixture
def load(context: Flask, bundle: Path) -> Callable[[], Loaded]:
    """Load the bundle, with the offices there."""
    bundled.offices()
    return lambda: load_bundle(db.session, bundle, now=NOW)


def test_it_works() -> None:
    content = content_of(BUNDLE)
    assert content.languages == i18n.INTERFACE
    assert content.is_demonstration
    assert [demand.status for demand in content.demands] == [
        "open", "overtaken_in_part", "open", "partly_met", "open",
    ]  # fmt: skip
    assert content.statement.session.number == 43
    assert [s.name[:5] for group in content.signatories_by_status().values() for s in group] == [
        "Nonvi", "Women", "Edmun", "Inter", "Inter",
    ]  # fmt: skip
    assert list(content.signatories_by_status()) == list(EcosocStatus)
    assert {*content.letters} == set(ADDRESSEES)
    assert all({*found} == {*i18n.INTERFACE} for found in content.letters.values())
    assert "2020" in content.text("en").not_reviewed
    assert content.text("fa").demands["justice"].asks_now is None


def test_content_goes_into_json_and_back() -> None:
    content = content_of(BUNDLE)
    again = Content.from_data(content.as_data())
    assert again == content
    assert again.digest == content.digest
    assert again.timeline[3].on.last == date(2024, 3, 31)


def test_no_letter_names_a_party_a_person_or_a_signature() -> None:
    for by_language in content_of(BUNDLE).letters.values():
        for letter in by_language.values():
            said = " ".join(letter.model_dump().values())
            for word in ("PMOI", "MEK", "Noury", "regime", "mullah", "30,000", "30 000", "Rehman", "Sato"):
                assert word not in said


def test_the_number_of_the_republication_stays_with_it() -> None:
    written = {"fr": "30\u202f000", "es": "30.000", "ar": "٣٠٬٠٠٠", "fa": "۳۰٬۰۰۰", "ru": "30\u00a0000"}
    for language in i18n.INTERFACE:
        number = written.get(language, "30,000")
        text = content_of(BUNDLE).text(language)
        assert number in text.statement.body
        assert number not in text.model_copy(update={"statement": None}).model_dump_json(warnings=False)


def test_everything_that_is_wrong_is_said_at_once(bundle: Path, change: Change) -> None:
    change("appeal.yaml", "addressees: [hrc-president,", "addressees: [pope, wg-disappearances,")
    change("appeal.yaml", "reviewed_on: 2026-11-24", "reviewed_on: 2027-11-24")
    change("text.fr.md", "  justice:\n", "  justices:\n")
    change("text.fa.md", "  exchange:", "  exchanges:")
    change("text.en.md", "# Read this first", '<script src="https://eve.example/x.js"></script>\n\n# Read this first')
    change("text.en.md", "Name nobody who is in Iran", "![pixel](https://eve.example/p.png) Name nobody")
    change("text.en.md", "(https://www.iranintl.com/en/202510011477)", "(javascript:alert)")
    change("text.en.md", "((publisher))", "((password))")
    change("letters/sr-iran.en.md", "## closing", "I have signed the appeal.\n\n## closing")
    change("letters/sr-iran.fr.md", "Je vous écris", "Je vous écris de ((planet))")
    (bundle / "letters" / "sr-truth.es.md").unlink()
    (bundle / "text.de.md").write_text("Guten Tag", encoding="utf-8")
    said = refused(bundle)
    for expected in (
        "appeal.yaml: addressees: pope is not in the directory",
        "appeal.yaml: addressees: wg-disappearances accepts no campaign letters",
        "appeal.yaml: demands[end-impunity].reviewed_on: is in the future",
        "appeal.yaml: demands[end-impunity].letters_to: hrc-president is not an addressee",
        "text.fr.md: demands[justice]: is missing in this language; write it",
        "text.fr.md: demands[justices]: is not in appeal.yaml",
        "text.fa.md: timeline[exchange]: is missing in this language",
        "statement: holds raw HTML",
        "read-first: holds an image",
        "read-first: links to 'javascript:alert'",
        "letters/sr-iran.en.md: request: says 'I have signed'",
        "letters/sr-iran.fr.md: opening: has ((planet))",
        "letters/sr-truth.es.md: file: is missing; add it",
        "letters/pope.en.md: file: is missing",
        "text.de.md: file: is not used",
    ):
        assert expected in said
    line = (bundle / "text.en.md").read_text(encoding="utf-8").splitlines().index(
        '<script src="https://eve.example/x.js"></script>'
    )  # fmt: skip
    assert f"text.en.md:{line + 1}: statement: holds raw HTML" in said


def test_a_consent_that_cannot_be_filled_in(bundle: Path, change: Change) -> None:
    change("text.en.md", "((publisher))", "((password))")
    said = refused(bundle)
    assert "text.en.md: consent.sign: has ((password))" in said
    assert "text.en.md: consent.sign: does not say ((publisher))" in said


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("appeal.yaml", "number: 43", "number: many", "appeal.yaml:27: statement.session.number: "),
        ("appeal.yaml", "sensitive: true", "sensible: true", "sensible: is not a field we know"),
        ("appeal.yaml", "on: 2022-07-14", "on: 2022-07-44", "timeline[conviction].on: "),
        ("appeal.yaml", "on: 2022-07-14", "on: 2012-07-14", "timeline: is not in order"),
        ("appeal.yaml", "- id: conviction\n", "- id: exchange\n", "timeline: exchange stands 2 times"),
        ("appeal.yaml", "delete_by: null", "delete_by: [", "appeal.yaml:"),
        ("appeal.yaml", "https://nrptt.org/mission/", "http://nrptt.org/", "].source: "),
        ("appeal.yaml", "milestones: [100, 250,", "milestones: [250, 100,", "milestones: do not rise"),
        ("text.en.md", "short_title: Protect", "short_title:\n  - Protect", "text.en.md:"),
        ("text.en.md", "# I know of a case {#cases}", "# I know of a case {#caes}", "cases: is missing"),
        ("text.en.md", "## Whose consent", "#### Whose consent", "cases: holds a heading ####"),
        ("text.en.md", "lead: >-", "lead: >-\n  \u202eevil", "lead: holds a character that overrides"),
        ("text.en.md", "---\ntitle", "title", "front matter: is missing"),
        ("text.fr.md", "asks_now: Donner", "asked_now: Donner", "text.fr.md:"),
        ("letters/sr-iran.en.md", "## request\n", "", "request: is missing; add a heading ## request"),
        ("letters/sr-iran.en.md", "## facts\n", "## facts\n\n## opening\n", "opening: stands twice"),
        ("letters/sr-iran.en.md", "On 3 September 2020", "On {{7*7}}" + " word" * 60, "letter: has "),
        ("letters/sr-iran.en.md", "subject:", "subjects:", "letters/sr-iran.en.md:2: subjects: is not a field"),
    ],
)
def test_what_is_refused(bundle: Path, change: Change, file: str, old: str, new: str, said: str) -> None:
    change(file, old, new)
    assert said in refused(bundle)


def test_two_offices_are_not_asked_the_same(bundle: Path) -> None:
    letters = bundle / "letters"
    shutil.copy(letters / "sr-iran.en.md", letters / "sr-truth.en.md")
    assert "letters/sr-truth.en.md: request: is that to sr-iran" in refused(bundle)


def test_a_folder_without_anything(tmp_path: Path) -> None:
    assert refused(tmp_path) == "appeal.yaml: file: is missing; add it"


# Markdown ---------------------------------------------------------------------------------------------------

ATTACKS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "![x](https://eve.example/x.png)",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](//eve.example)",
    "[x](https://e.example 'onmouseover=alert(1)')",
    "<a href='https://e.example' onclick='alert(1)' style='color:red'>x</a>",
    "<iframe src=https://eve.example></iframe>",
    "<svg onload=alert(1)>",
    "`<b>`",
    "&lt;script&gt;",
    "[a]: javascript:alert(1)\n\n[a]",
]


@pytest.mark.parametrize("attack", ATTACKS)
def test_markdown_makes_no_live_html(attack: str) -> None:
    made = str(render(attack))
    tags = set(re.findall(r"<(/?\w+)", made))
    assert tags <= {"p", "/p", "a", "/a"}
    for tag in re.findall(r"<a [^>]*>", made):
        assert re.fullmatch(r'<a href="https://[^"]*" rel="noopener noreferrer">', tag) or tag == (
            '<a rel="noopener noreferrer">'
        )


@settings(deadline=None)
@given(st.text("<>[]()!`*_#-= \n\"'&:;/abjscript", max_size=60))
def test_whatever_is_typed_makes_no_live_html(typed: str) -> None:
    made = str(render(typed))
    allowed = {"p", "h2", "h3", "ul", "ol", "li", "strong", "em", "a", "blockquote", "br"}
    assert {tag.strip("/") for tag in re.findall(r"<(/?[a-z0-9]+)", made)} <= allowed
    assert not re.search(r"<[^>]*\s(?!href=|rel=)[a-z-]+=", made)


def test_markdown_says_what_it_is_told() -> None:
    assert str(render("**Yes**, [here](https://e.example/)\n\n- one")) == (
        '<p><strong>Yes</strong>, <a href="https://e.example/" rel="noopener noreferrer">here</a></p>\n'
        "<ul>\n<li>one</li>\n</ul>\n"
    )


# Placeholders -----------------------------------------------------------------------------------------------


def test_placeholders_are_filled_once_and_nothing_else_is() -> None:
    assert fill("Dear ((name)), from (( country ))", {"name": "((country))", "country": "Fiji"}) == (
        "Dear ((country)), from Fiji"
    )
    with pytest.raises(UnknownPlaceholder, match=r"\(\(nam\)\)"):
        fill("((nam))", {"name": "x"})


@pytest.mark.parametrize("typed", ["{{7*7}}", "${7*7}", "{0.__class__}", "{% if 1 %}", "<%= 7*7 %>", "%(a)s", "(x)"])
def test_other_template_languages_stay_text(typed: str) -> None:
    assert fill(typed, {}) == typed


@settings(deadline=None)
@given(st.text("(){}$%ab \n"), st.text())
def test_filling_changes_nothing_but_placeholders(words: str, value: str) -> None:
    try:
        made = fill(words, {"a": value})
    except UnknownPlaceholder:
        return
    assert made == words or "((" in words


# Loading ----------------------------------------------------------------------------------------------------


def all_rows() -> list[Any]:
    tables = ("appeal", "appeal_version", "consent_wording")
    return [db.session.execute(text(f"SELECT jsonb_agg(t ORDER BY t) FROM {t} t")).scalar() for t in tables]


def test_loading_makes_a_demonstration(load: Callable[[], Loaded]) -> None:
    assert load() == Loaded("iran-detainees", 1, True, ())
    appeal = db.session.scalars(select(Appeal)).one()
    assert (appeal.state, appeal.version) == ("demonstration", 1)
    assert (appeal.sensitive, appeal.country_at_risk) == (True, "IR")
    agreed = wording.current(appeal, "sign", "en")
    assert "the publisher of this appeal (nobody is named yet)" in agreed.text
    assert "((" not in agreed.text
    kept = db.session.execute(select(ConsentWording.purpose, ConsentWording.language, ConsentWording.version)).all()
    assert {*map(tuple, kept)} == {(p, code, 1) for p in wording.PURPOSES for code in i18n.INTERFACE}
    assert len(kept) == len(i18n.INTERFACE) * len(wording.PURPOSES)


def test_loading_twice_changes_nothing(load: Callable[[], Loaded]) -> None:
    load()
    before = all_rows()
    assert load() == Loaded("iran-detainees", 1, False, ())
    assert all_rows() == before


def test_a_changed_bundle_is_a_new_version_and_says_what_differs(load: Callable[[], Loaded], change: Change) -> None:
    load()
    change("appeal.yaml", "status: partly_met", "status: met")
    change("text.en.md", "You owe nobody a signature.", "You owe nobody anything.")
    loaded = load()
    assert (loaded.version, loaded.is_new) == (2, False)
    assert loaded.changes[0] == "demands[special-rapporteurs].status: partly_met → met"
    assert "texts.en.read_first.body:" in loaded.changes[1]
    assert "\n  -You owe nobody a signature.\n  +You owe nobody anything." in loaded.changes[1]
    assert len(loaded.changes) == 2
    assert db.session.scalars(select(ConsentWording.version).distinct()).all() == [1]
    first = db.session.get_one(AppealVersion, (db.session.scalars(select(Appeal.id)).one(), 1))
    assert Content.from_data(first.content).digest == first.digest


def test_a_new_wording_leaves_the_old_one_as_it_was(load: Callable[[], Loaded], change: Change) -> None:
    load()
    appeal = db.session.scalars(select(Appeal)).one()
    old = wording.current(appeal, "sign", "en")
    change("text.en.md", "I support this appeal.", "I stand behind this appeal.")
    load()
    new = wording.current(appeal, "sign", "en")
    assert (old.version, new.version) == (1, 2)
    assert old.text.startswith("I support")
    assert wording.current(appeal, "sign", "fr").version == 1
    change("text.en.md", "I stand behind this appeal.", "I support this appeal.")
    load()
    assert wording.current(appeal, "sign", "en").id == old.id


def test_the_database_refuses_to_change_a_wording(load: Callable[[], Loaded]) -> None:
    load()
    with pytest.raises(DBAPIError):
        db.session.execute(text("UPDATE consent_wording SET text = 'I agree to anything'"))
    db.session.rollback()


def test_what_people_entered_stays(load: Callable[[], Loaded], change: Change) -> None:
    load()
    appeal = db.session.scalars(select(Appeal)).one()
    people = versions.newest(db.session, appeal).model_copy(
        update={
            "publisher": {
                "name": "Human Rights Desk", "address": "1 Street, Geneva", "contact_person": "Olga",
                "phone": "+41 0", "privacy_contact": "data@desk.example",
            },
            "delete_by": date(2027, 6, 30),
        }
    )  # fmt: skip
    versions.publish(db.session, Content.from_data(people.model_dump(mode="json", warnings=False)))
    db.session.commit()
    assert appeal.state == "draft"
    assert "30 June 2027" in wording.current(appeal, "sign", "en").text
    assert load() == Loaded("iran-detainees", 2, False, ())
    change("text.fr.md", "Vous ne devez de", "Vous ne devez aucune")
    loaded = load()
    assert loaded.version == 3
    assert len(loaded.changes) == 1
    newest = versions.newest(db.session, appeal)
    assert newest.publisher.name == "Human Rights Desk"
    assert newest.delete_by == appeal.delete_by == date(2027, 6, 30)


def test_an_edit_at_the_desk_is_not_undone_by_the_same_bundle(load: Callable[[], Loaded]) -> None:
    load()
    appeal = db.session.scalars(select(Appeal)).one()
    edited = versions.newest(db.session, appeal).model_copy(update={"sensitive": False})
    versions.publish(db.session, edited)
    db.session.commit()
    assert load() == Loaded("iran-detainees", 2, False, ())
    assert not appeal.sensitive


def test_a_refused_bundle_leaves_no_trace(load: Callable[[], Loaded], change: Change) -> None:
    change("appeal.yaml", "on: 2022-07-14", "on: 2032-07-14")
    with pytest.raises(BundleRefused):
        load()
    assert all_rows() == [None, None, None]


def test_differences_of_the_same_are_none() -> None:
    content = content_of(BUNDLE)
    assert differences(content, content) == []
    shorter = content.model_copy(update={"signatories": content.signatories[1:]})
    assert differences(content, shorter)[0].startswith("signatories[Nonviolent Radical Party")
