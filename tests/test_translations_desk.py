"""The desk says what of the translations awaits a native speaker, as the files of the translators do."""

from __future__ import annotations

from pathlib import Path

from flask import Flask

from campaign.desk.translations import awaiting, unsure_titles
from tests import cast
from tests.desk import Browser, signed_in
from tests.test_catalogues import LANGUAGES, ROOT

PAGE = "/desk/translations"
TERM = "Special consultative status"


def test_it_works(context: Flask) -> None:
    cast.the_appeal()
    page = signed_in(context).get(PAGE).text
    assert page.count("No native speaker has read this catalogue yet.") == len(LANGUAGES)
    assert page.count(TERM) == len(LANGUAGES)
    assert '<span lang="es" dir="ltr">Condición consultiva especial</span>' in page
    assert '<span lang="ru" dir="ltr">Специальный докладчик' in page
    assert '<span lang="ar" dir="rtl">المقرر الخاص' in page


def test_the_desk_leads_there(context: Flask) -> None:
    cast.the_appeal()
    assert f'href="{PAGE}"' in signed_in(context).get(f"/desk/appeals/{cast.SLUG}/look").text


def test_every_language_has_the_same_terms_marked() -> None:
    found = [awaiting(ROOT / "campaign/translations", code) for code in LANGUAGES]
    assert {tuple(sorted(english for english, _theirs in each.marked)) for each in found} == {
        tuple(sorted(english for english, _theirs in found[0].marked))
    }
    assert all(not each.read and len(each.marked) > 10 and each.texts > 1000 for each in found)


def test_a_mark_that_is_taken_away_is_gone(tmp_path: Path) -> None:
    folder = tmp_path / "fr/LC_MESSAGES"
    folder.mkdir(parents=True)
    marked = '# needs review by a native speaker\nmsgid "Roster"\nmsgstr "Liste"\n'
    for words, left in ((marked, 1), (marked.split("\n", 1)[1], 0)):
        (folder / "messages.po").write_text(f'# Read by Bob.\nmsgid ""\nmsgstr ""\n\n{words}', "utf-8")
        found = awaiting(tmp_path, "fr")
        assert (found.read, found.texts, len(found.marked)) == (True, 1, left)


def test_titles_that_a_source_states_are_not_asked_about() -> None:
    titles = unsure_titles(ROOT / "campaign/data/un_offices.yaml")
    assert titles.keys() <= set(LANGUAGES)
    recalled = [text for pairs in titles.values() for _english, text in pairs]
    assert "Consejo de Derechos Humanos" not in recalled
    assert any("Relatora Especial sobre la situación" in text for text in recalled)


def test_a_stranger_sees_nothing_of_it(app: Flask) -> None:
    assert Browser(app, app.response_class).get(PAGE).status_code == 303
