"""Catalogues: whatever the code says is said in every language, and written as its readers write."""

from __future__ import annotations

import gettext
import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_keywords, parse_mapping_cfg
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from flask import Flask
from flask.testing import FlaskClient

from campaign import i18n

ROOT = Path(__file__).resolve().parent.parent
LANGUAGES = [code for code in i18n.INTERFACE if code != "en"]
LATER = ["lazy_gettext", "later"]  # as in bin/catalogues
PLACEHOLDER = re.compile(r"%\(\w+\)s")

every = pytest.mark.parametrize("language", LANGUAGES)
# As gettext counts them; CLDR tells fractions apart too, which nobody here counts.
FORMS = {"fr": 2, "es": 2, "ar": 6, "fa": 2, "ru": 3, "zh": 1}


def catalogue(language: str) -> Catalog:
    with (ROOT / f"campaign/translations/{language}/LC_MESSAGES/messages.po").open("rb") as file:
        return read_po(file)


def said(message: Message) -> tuple[str, ...]:
    return (message.string,) if isinstance(message.string, str) else tuple(message.string)


def texts(language: str) -> Iterator[str]:
    """Every translated text, without what is filled in."""
    for message in catalogue(language):
        if message.id:
            yield from (PLACEHOLDER.sub("\N{OBJECT REPLACEMENT CHARACTER}", text) for text in said(message))


@pytest.fixture(scope="module")
def spoken() -> set[str | tuple[str, ...]]:
    """The texts that the code and the templates hold at this moment."""
    with (ROOT / "babel.cfg").open() as file:
        methods, options = parse_mapping_cfg(file)
    keywords = DEFAULT_KEYWORDS | parse_keywords(LATER)
    return {found[2] for found in extract_from_dir(ROOT, methods, options, keywords)}


@every
def test_it_works(language: str, spoken: set[str | tuple[str, ...]]) -> None:
    translated = {m.id if isinstance(m.id, str) else tuple(m.id): m for m in catalogue(language) if m.id}
    assert len(spoken) > 500
    assert not spoken - translated.keys(), "run bin/catalogues, then translate what it names"
    assert [m.id for m in translated.values() if not all(text.strip() for text in said(m)) or m.fuzzy] == []


@every
def test_nothing_is_left_of_texts_that_are_gone(language: str, spoken: set[str | tuple[str, ...]]) -> None:
    found = catalogue(language)
    assert {m.id if isinstance(m.id, str) else tuple(m.id) for m in found if m.id} - spoken == set()
    assert not found.obsolete


@every
def test_what_is_filled_in_is_the_same(language: str) -> None:
    for message in (m for m in catalogue(language) if m.id and all(said(m))):
        ids = (message.id,) if isinstance(message.id, str) else message.id
        wanted = {frozenset(PLACEHOLDER.findall(text)) for text in ids}
        assert {frozenset(PLACEHOLDER.findall(text)) for text in said(message)} == wanted, message.id
        if " " in ids[0]:  # a sentence or a lead-in, not a short form like "Ms."
            told = said(message)[0].translate(str.maketrans("。：", ".:"))
            ends = [{end for end in ".:" if text.endswith(end)} for text in (ids[0], told)]
            assert ends[0] == ends[1], ids[0]


@every
def test_nothing_is_filled_in_by_accident(language: str) -> None:
    assert [text for text in texts(language) if "%" in text or "<" in text] == []


@every
def test_every_number_has_its_form(language: str) -> None:
    found = catalogue(language)
    assert found.num_plurals == FORMS[language]
    assert {len(said(m)) for m in found if m.id and not isinstance(m.id, str)} == {FORMS[language]}


@pytest.mark.parametrize(
    ("language", "said_of"),
    [
        ("ru", {1: "человек", 2: "человека", 5: "человек", 11: "человек", 21: "человек", 22: "человека"}),
        ("ar", {1: "شخص واحد", 2: "شخصان", 3: "أشخاص", 11: "شخصًا", 99: "شخصًا", 100: "شخص", 103: "أشخاص"}),
        ("zh", {0: "人", 1: "人", 2: "人"}),
        ("es", {1: "persona ", 2: "personas "}),
    ],
)
def test_people_are_counted_as_the_language_counts(app: Flask, language: str, said_of: dict[int, str]) -> None:
    one, many = "%(n)s person has signed", "%(n)s people have signed"
    with app.test_request_context(), i18n.speaking(language):
        for n, word in said_of.items():
            said = i18n.ngettext(one, many, n, n=i18n.number(n))
            assert i18n.number(n) in said
            assert word in said, said


@every
def test_compiled_it_is_what_people_read(language: str, app: Flask) -> None:
    compiled = io.BytesIO()
    write_mo(compiled, catalogue(language))
    compiled.seek(0)
    spoken = gettext.GNUTranslations(compiled)
    one, many = "%(n)s person has signed", "%(n)s people have signed"
    assert many != spoken.ngettext(one, many, 2) != one
    assert (spoken.ngettext(one, many, 1) == spoken.ngettext(one, many, 2)) == (FORMS[language] == 1)
    with app.test_request_context(), i18n.speaking(language):
        assert i18n.gettext("Sign the appeal") == spoken.gettext("Sign the appeal") != "Sign the appeal"


def test_a_page_that_has_spoken_may_change_its_language(app: Flask) -> None:
    with app.test_request_context():
        said = [i18n.gettext("Sign the appeal")]
        for language in LANGUAGES:
            i18n.speak(language)
            said.append(i18n.gettext("Sign the appeal"))
        with i18n.speaking("en"):
            assert i18n.gettext("Sign the appeal") == said[0]
        assert i18n.gettext("Sign the appeal") == said[-1]
        assert len(set(said)) == len(i18n.INTERFACE)


def test_every_name_for_gettext_is_one_that_the_extraction_knows() -> None:
    known = {"_", *DEFAULT_KEYWORDS, *LATER}
    for path in (ROOT / "campaign").rglob("*.py"):
        for alias in re.findall(r"import .*?\b\w*gettext as (\w+)", path.read_text()):
            assert alias in known or path.name == "i18n.py", (path, alias)
    assert all(f"-k {name}" in (ROOT / "bin/catalogues").read_text() for name in LATER)


def test_french_signs_do_not_start_a_line() -> None:
    loose = re.compile(r"(?<![\u00a0\u202f])[;?!»]|(?<![\u00a0\u202f]):(?!//)|«(?![\u00a0\u202f])|['\"“”]|\.\.\.")
    assert [text for text in texts("fr") if loose.search(text)] == []


def test_persian_letters_and_signs_are_persian() -> None:
    foreign = re.compile(r"[\u064a\u0643\u06c0\u0629,;?\"'“”]|%|\.\.\.")
    assert [text for text in texts("fa") if foreign.search(text)] == []


def test_persian_prefixes_and_endings_are_joined_without_a_space() -> None:
    apart = re.compile(r"(?<!\w)ن?می (?=\w)|(?<=\w) (ها|های|هایی|هایم|هایتان|ام|اند|تر|ترین)(?!\w)")
    assert [text for text in texts("fa") if apart.search(text)] == []
    assert sum("\u200c" in text for text in texts("fa")) > 100


def test_persian_digits_are_persian() -> None:
    latin = re.compile(r"(?<![A-Za-z0-9-])[0-9\u0660-\u0669]")
    assert [text for text in texts("fa") if latin.search(text)] == []


def test_arabic_letters_digits_and_signs_are_arabic() -> None:
    foreign = re.compile(r"[\u06cc\u06a9\u0640,;?\"'“”]|\.\.\.|(?<![A-Za-z0-9-])[0-9\u06f0-\u06f9]")
    assert [text for text in texts("ar") if foreign.search(text)] == []


def test_russian_quotes_and_dashes_are_russian() -> None:
    loose = re.compile(r"[\"“”„']|\.\.\.| — | – |(?<=[а-яё])[«]|«\s|\s»")
    assert [text for text in texts("ru") if loose.search(text)] == []


def test_russian_speaks_to_people_in_small_letters() -> None:
    polite = re.compile(r"(?<=[а-я,] )(Вы|Вам|Вас|Ваш\w*)\b(?! Превосходительство)")
    assert [text for text in texts("ru") if polite.search(text)] == []


def test_chinese_signs_are_full_width_and_stand_without_spaces() -> None:
    han = "\u3400-\u9fff"
    loose = re.compile(
        rf"[{han}][,.;:?!()]|[,;:?!()][{han}]|[{han}]\s+[{han}]|\s[，。？！：；、（）“”]|[，。？！：；、（）“”]\s|\.\.\.|\""
    )
    assert [text for text in texts("zh") if loose.search(text)] == []
    assert [text for text in texts("zh") if re.search("[們個這來說會國發開]", text)] == []


def test_spanish_questions_open_and_quotes_are_of_one_kind() -> None:
    assert [
        text for text in texts("es") if text.count("¿") != text.count("?") or text.count("¡") != text.count("!")
    ] == []
    assert [text for text in texts("es") if re.search(r"[\"“”]|\.\.\.|(?<=\w)'|\s[;:?!]", text)] == []


@pytest.mark.parametrize(("language", "way"), [(code, i18n.direction(code)) for code in LANGUAGES])
def test_a_page_that_is_not_there_says_so_in_the_language_of_its_address(
    client: FlaskClient, language: str, way: str
) -> None:
    page = client.get(f"/{language}/no-such-appeal/no-such-page")
    assert page.status_code == 404
    assert f'lang="{language}" dir="{way}"' in page.get_data(as_text=True)
    assert "We cannot find that page" not in page.get_data(as_text=True)
