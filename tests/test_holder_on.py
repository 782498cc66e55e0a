"""Who surely holds an office on a day: a name only when nothing else can be true."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaign.offices.partial_dates import PartialDate
from campaign.offices.terms import holder_on, holder_to_greet, is_fresh

CHECKED = date(2026, 11, 24)


@dataclass(frozen=True)
class Held:
    name: str
    starts: str | None
    ends: str | None
    verified: bool = True
    approximate: bool = False
    check_from: date | None = None
    checked_on: date | None = CHECKED


REHMAN = Held("Rehman", "2018-07", "2024-07-31")
SATO = Held("Sato", "2024-08-01", None, check_from=date(2030, 8, 1))
JAHANGIR = Held("Jahangir", "2016", "2018")


def named(terms: list[Held], day: str, **how: bool) -> str | None:
    found = holder_on(terms, date.fromisoformat(day), **how)
    return found.name if found else None


def test_it_works() -> None:
    terms = [JAHANGIR, REHMAN, SATO]
    assert named(terms, "2020-03-01") == "Rehman"
    assert named(terms, "2024-07-31") == "Rehman"
    assert named(terms, "2024-08-01") == "Sato"
    assert named(terms, "2026-11-24") == "Sato"


@pytest.mark.parametrize(
    ("day", "name"),
    [
        ("2015-12-31", None),
        ("2016-06-01", None),  # a start of 2016 may be its last day
        ("2016-12-30", None),
        ("2016-12-31", "Jahangir"),
        ("2018-01-01", "Jahangir"),  # an end of 2018 may be its first day
        ("2018-01-02", None),
        ("2018-07-15", None),  # two could be
        ("2018-12-31", None),  # Rehman surely, but Jahangir could be too
        ("2019-01-01", "Rehman"),
    ],
)
def test_an_imprecise_date_is_never_read_in_our_favour(day: str, name: str | None) -> None:
    assert named([JAHANGIR, REHMAN, SATO], day) == name


def test_a_month_stands_for_all_its_days() -> None:
    term = [Held("Knox", "2012-08", "2018-07")]
    assert named(term, "2012-08-30") is None
    assert named(term, "2012-08-31") == "Knox"
    assert named(term, "2018-07-01") == "Knox"
    assert named(term, "2018-07-02") is None


def test_a_gap_has_no_holder() -> None:
    assert named([REHMAN, Held("Later", "2025-01-01", None)], "2024-10-01") is None


def test_another_possible_term_takes_the_name_away_verified_or_not() -> None:
    for other in (
        Held("Other", "2026-11", None),
        Held("Other", "2026", None, verified=False),
        Held("Other", None, None),
    ):
        assert named([SATO, other], "2026-11-24") is None
        assert named([other, SATO], "2026-11-24") is None


def test_what_is_unverified_or_has_no_known_start_is_never_named() -> None:
    assert named([Held("Eve", "2020-01-01", None, verified=False)], "2026-11-24") is None
    assert named([Held("Eve", None, "2027-01-01")], "2026-11-24") is None


def test_an_open_term_is_not_sure_once_it_was_due_to_end() -> None:
    turk = [Held("Türk", "2022-10-17", None, check_from=date(2026, 9, 1))]
    assert named(turk, "2026-08-31") == "Türk"
    assert named(turk, "2026-09-01") is None


def test_a_year_that_may_be_off_by_one_is_taken_wider() -> None:
    term = [Held("Forst", "2014", "2020", approximate=True)]
    assert named(term, "2015-06-01") is None
    assert named(term, "2017-06-01") == "Forst"
    assert named(term, "2019-06-01") is None
    follower = Held("Next", "2021-01-01", None)
    assert named([*term, follower], "2021-06-01") is None
    assert named([*term, follower], "2022-06-01") == "Next"


def test_a_group_is_greeted_as_a_group() -> None:
    assert named([SATO], "2026-11-24", several_members=True) is None


def test_a_greeting_needs_a_check_in_the_last_90_days() -> None:
    assert holder_to_greet([SATO], CHECKED) is SATO
    assert holder_to_greet([SATO], CHECKED + timedelta(90)) is SATO
    assert holder_to_greet([SATO], CHECKED + timedelta(91)) is None
    assert holder_on([SATO], CHECKED + timedelta(91)) is SATO
    assert holder_to_greet([Held("Sato", "2024-08-01", None, checked_on=None)], CHECKED) is None
    assert not is_fresh(CHECKED, CHECKED - timedelta(1))  # a check of tomorrow is a slip of the pen


@pytest.mark.parametrize(
    "text", ["", "16", "2016-13", "2016-02-30", "2016-2", "2016/02", "0000", "٢٠١٦", "2016-02-03x"]
)
def test_what_is_no_date(text: str) -> None:
    with pytest.raises(ValueError):
        PartialDate(text)


days = st.dates(date(2000, 1, 1), date(2040, 12, 31))
partial = st.builds(lambda day, length: day.isoformat()[:length], days, st.sampled_from([4, 7, 10]))
terms = st.builds(
    Held,
    name=st.text("abc", min_size=1, max_size=3),
    starts=st.none() | partial,
    ends=st.none() | partial,
    verified=st.booleans(),
    approximate=st.booleans(),
    check_from=st.none() | days,
)


@settings(deadline=None)
@given(days)
def test_a_partial_date_spans_its_day(day: date) -> None:
    for length in (4, 7, 10):
        span = PartialDate(day.isoformat()[:length])
        assert span.first <= day <= span.last
        assert (span.first == span.last) == (length == 10)


@settings(deadline=None)
@given(st.lists(terms, max_size=5), days, st.data())
def test_whoever_is_named_holds_the_office_however_the_dates_are_read(
    held: list[Held], day: date, data: st.DataObject
) -> None:
    found = holder_on(held, day)
    if found is None:
        return
    assert found.verified
    # Choose real days inside every imprecise bound: the answer must be the only one each time.
    for term in held:
        starts = _chosen(term.starts, data) or date.min
        ends = _chosen(term.ends, data) or date.max
        assert (starts <= day <= ends) == (term is found)
    assert not (found.ends is None and found.check_from and day >= found.check_from)


@settings(deadline=None)
@given(st.lists(terms, max_size=4), terms, days)
def test_one_more_possible_term_never_adds_a_name(held: list[Held], more: Held, day: date) -> None:
    before = holder_on(held, day)
    after = holder_on([*held, more], day)
    assert after in (before, None) or after is more


def _chosen(bound: str | None, data: st.DataObject) -> date | None:
    if bound is None:
        return None
    span = PartialDate(bound)
    return data.draw(st.dates(span.first, span.last))
