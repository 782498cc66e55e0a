"""The list of a joint written statement: the Council's order and form, and the words that its notes take."""

from __future__ import annotations

import pytest
from flask import Flask

from campaign.appeals import annex, organisations
from campaign.appeals.models import OrganisationSignOn
from tests.cast import SLUG, the_appeal
from tests.desk import press, signed_in

PLACE = f"/desk/appeals/{SLUG}/organisations/annex/en"


def named(*names: str) -> list[OrganisationSignOn]:
    return [OrganisationSignOn(name=name) for name in names]


MIXED = {
    "general": named("Étoile"),
    "special": named("Ark", "Zenith"),
    "roster": named("Key"),
    "none": named("A", "B", "C"),
}


def test_it_works() -> None:
    made = annex.annex(MIXED, "en")
    assert made.title == (
        "Joint written statement submitted by "
        "Étoile, a non-governmental organization in general consultative status, "
        "Ark, Zenith, non-governmental organizations in special consultative status, "
        "Key, a non-governmental organization on the roster"
    )
    assert made.footnote == "A, B and C also share the views expressed in this statement."
    assert made.words == 12
    assert annex.limits(MIXED) == [1500, 2000]


@pytest.mark.parametrize("language", annex.LANGUAGES)
def test_each_language_has_every_form(language: str) -> None:
    for status, found in MIXED.items():
        one, many = annex.annex({status: found[:1]}, language), annex.annex({status: named("X", "Y")}, language)
        assert "{" not in one.title + one.footnote + many.title + many.footnote
        assert bool(one.title) == (status != "none")
        assert one.title + one.footnote != many.title + many.footnote


def test_without_status_nobody_submits() -> None:
    assert annex.annex({"none": named("A")}, "en").title == ""
    assert annex.limits({"none": named("A")}) == []


def test_words_are_what_stands_between_spaces() -> None:
    assert annex.count("Iran’s prisons – in 1988 – held many.  ¹\n\n* * *") == 7


def test_a_draft_is_counted_at_the_desk(app: Flask, context: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    the_appeal()
    olga = signed_in(app)
    assert "None of them has status" in olga.get(PLACE).text
    monkeypatch.setattr(organisations, "by_status", lambda _appeal: MIXED)
    page = press(olga, PLACE, PLACE, text="word " * 1600).text
    assert "1,612 words with notes, of 1,500" in page
    assert "1,612 words with notes, of 2,000" in page
    assert ("too long" in page, "fits" in page) == (True, True)
