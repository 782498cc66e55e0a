"""What a name may be: whatever people are called, and nothing that does harm where it is shown or exported."""

from __future__ import annotations

import unicodedata

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from campaign.appeals.names import clean_name
from campaign.errors import Refused

PEOPLE = [
    "Alice Moreau",
    "Bob Okafor",
    "علی‌رضا نوری‌زاده",
    "محمّد الحسن",
    "Ólöf Ragnarsdóttir",
    "Nguyễn Thị Minh Khai",
    "李小龍",
    "Đặng",
    "Sinéad O’Connor",
    "'t Hooft",
    "J. R. R. Tolkien",
    "St.John Smith",
    "Jean-Luc d’Arc, Jr.",
    "ক্ষ‌মা",
    "Æ Ø",
    "שָׁלֹ֑ום",
    "𐐀𐐁",
]
REFUSED = [
    "=HYPERLINK(“http://eve.example”)",
    "=1+1",
    "+4912345",
    "-5",
    "@eve",
    "＝cmd",
    "－1",
    "\u200e=1+1",
    "Eve \u202egnp.exe",
    "\u2066Eve\u2069",
    "Eve\x00Adams",
    "Eve\x07",
    "Eve\tAdams",
    "Eve\nAdams",
    "Buy at http://eve.example",
    "www.eve.example",
    "Eve eve.com",
    "eve@example.org",
    "<script>alert(1)</script>",
    "12345",
    "…",
    "E",
    "",
    "   ",
    "\u200c\u200d",
    "E" * 121,
    "Eve\ue000",
    "Eve\U000e0041",
    "Eve\u206a",
    "\u3164\u3164",  # Hangul filler: a letter that shows nothing
    "\u2800\u2800",
    "Eve" + "\u0301" * 40,
]


@pytest.fixture(autouse=True)
def _request(app: Flask) -> object:
    with app.test_request_context("/"):
        yield


@pytest.mark.parametrize("name", PEOPLE)
def test_it_works(name: str) -> None:
    assert clean_name(f"  {name} ") == unicodedata.normalize("NFC", name)


def test_what_phones_add_unseen_goes_and_the_joiner_stays() -> None:
    assert clean_name("\u200fعلی\u200cرضا\u200e \ufeff") == "علی\u200cرضا"
    assert clean_name("Al\u200cice\u00ad") == "Alice"
    assert clean_name("علی\u200c\u200c") == "علی"


def test_composed_and_decomposed_are_one() -> None:
    assert clean_name("Zoe\u0308") == clean_name("Zo\u00eb")


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str) -> None:
    with pytest.raises(Refused) as refused:
        clean_name(name)
    assert refused.value.field == "name"
    assert refused.value.message


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.text(max_size=130))
def test_whatever_passes_is_one_safe_line(typed: str) -> None:
    try:
        name = clean_name(typed)
    except Refused:
        return
    assert 2 <= len(name) <= 120
    assert name[0] not in "=+-@＝＋－＠\t\r\n"
    assert not {unicodedata.category(c) for c in name} & {"Cc", "Cs", "Co", "Cn", "Zl", "Zp"}
    assert {c for c in name if unicodedata.category(c) == "Cf"} <= {"\u200c", "\u200d"} | _letters_like(name)
    assert clean_name(name) == name


def _letters_like(name: str) -> set[str]:
    """Prepended signs of some scripts (U+0600, U+110BD) are Cf, and visible."""
    return {c for c in name if unicodedata.bidirectional(c) in {"AN", "L"}}
