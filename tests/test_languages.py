"""Languages: digits, dates, countries and direction as their readers write them."""

from __future__ import annotations

from datetime import date

import pytest

from campaign import i18n


def test_it_works() -> None:
    assert i18n.number(1204, "en") == "1,204"
    assert i18n.day(date(2020, 12, 9), "en") == "9 December 2020"


@pytest.mark.parametrize(("code", "written"), [("fa", "۱٬۲۰۴"), ("ar", "١٬٢٠٤"), ("fr", "1\u202f204")])
def test_numbers_have_their_own_digits(code: str, written: str) -> None:
    assert i18n.number(1204, code) == written


def test_a_day_in_persian_has_persian_digits() -> None:
    assert "۲۰۲۰" in i18n.day(date(2020, 12, 9), "fa")


@pytest.mark.parametrize(("code", "way"), [("en", "ltr"), ("fa", "rtl"), ("ar", "rtl"), ("fr", "ltr")])
def test_pages_run_their_way(code: str, way: str) -> None:
    assert i18n.direction(code) == way


@pytest.mark.parametrize("code", i18n.INTERFACE)
def test_every_country_is_there_once_and_named(code: str) -> None:
    codes = [c for c, _ in i18n.countries(code)]
    assert len(codes) == len(set(codes))
    assert {"IR", "XK", "TW", "PS", "FR"} <= set(codes)
    assert not {"EU", "UN", "ZZ", "AC"} & set(codes)
    assert 245 <= len(codes) <= 252


def test_french_files_accents_with_their_letters() -> None:
    names = [n for _, n in i18n.countries("fr")]
    assert names.index("Égypte") < names.index("Espagne") < names.index("Zambie")


def test_persian_files_its_own_letters_in_place() -> None:
    names = [n for _, n in i18n.countries("fa")]
    first = [n[0] for n in names]
    assert first.index("ب") < first.index("پ") < first.index("ت")
