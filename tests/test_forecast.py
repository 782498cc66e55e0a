"""When a queue will be empty at today's budgets: by the calendar, fairly, and never sooner for one letter more."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from campaign.mail.forecasting import Domain, Outlook, Queue, forecast, last_day
from campaign.mail.scheduling import DOMAIN, OFFICE, Pace, works

MONDAY = datetime.fromisoformat("2027-03-01 09:00")
ALONE = {"d": Domain(DOMAIN)}


def of(waiting: int, now: datetime = MONDAY, before: date | None = None, **more: object) -> Outlook:
    """The outlook of one office that has its domain for itself."""
    queue = Queue("o", "d", waiting, **{"pace": OFFICE, **more})  # type: ignore[arg-type]
    return forecast([queue], ALONE, now, before)["o"]


def test_it_works() -> None:
    assert of(6).last_day == date(2027, 3, 1)
    assert of(7).last_day == date(2027, 3, 2)
    assert of(30).last_day == date(2027, 3, 5)
    assert of(31).last_day == date(2027, 3, 8)  # after the weekend
    assert of(0).last_day is None
    assert not of(0).never


def test_the_rest_of_today_counts_as_far_as_it_goes() -> None:
    assert of(2, MONDAY.replace(hour=16)).last_day == date(2027, 3, 1)  # two an hour
    assert of(3, MONDAY.replace(hour=16)).last_day == date(2027, 3, 2)
    assert of(1, MONDAY.replace(hour=17)).last_day == date(2027, 3, 2)
    assert of(2, taken=5).last_day == date(2027, 3, 2)
    assert of(6, MONDAY.replace(hour=3)).last_day == date(2027, 3, 1)


def test_on_a_weekend_nothing_goes() -> None:
    assert of(1, datetime.fromisoformat("2027-03-06 12:00")).last_day == date(2027, 3, 8)


def test_hours_may_allow_less_than_a_day() -> None:
    assert of(5, pace=Pace(per_day=6, per_hour=2, opens=9, closes=11)).last_day == date(2027, 3, 2)


def test_what_is_not_done_before_a_day() -> None:
    assert of(30, before=date(2027, 3, 1)).undone == 30
    assert of(30, before=date(2027, 3, 2)).undone == 24
    assert of(30, before=date(2027, 3, 5)).undone == 6
    assert of(30, before=date(2027, 3, 6)).undone == 0
    assert of(31, before=date(2027, 3, 8)).undone == 1  # what goes on that day is late


def test_four_offices_behind_one_domain_share_fifteen_a_day() -> None:
    queues = [Queue(f"o{n}", "d", 15, OFFICE) for n in range(4)] + [Queue("noise", "e", 15, OFFICE)]
    found = forecast(queues, {"d": Domain(DOMAIN), "e": Domain(DOMAIN)}, MONDAY)
    assert {found[f"o{n}"].last_day for n in range(4)} == {date(2027, 3, 4)}  # 60 letters, 15 a day
    assert found["noise"].last_day == date(2027, 3, 3)
    assert last_day(found.values()) == date(2027, 3, 4)


def test_who_needs_less_leaves_the_rest_to_the_others() -> None:
    queues = [Queue("small", "d", 1, OFFICE), *(Queue(f"o{n}", "d", 12, OFFICE) for n in range(3))]
    found = forecast(queues, ALONE, MONDAY)
    assert found["small"].last_day == date(2027, 3, 1)
    assert found["o0"].last_day == date(2027, 3, 3)


def test_an_office_that_takes_no_letters_never_gets_its_last() -> None:
    found = of(4, before=date(2027, 6, 1), takes=False)
    assert (found.last_day, found.undone, found.never) == (None, 4, True)


def test_a_million_letters_take_centuries_and_no_time_to_foresee() -> None:
    assert of(1_000_000).last_day == date(2665, 12, 28) or of(1_000_000).last_day > date(2600, 1, 1)  # type: ignore[operator]
    assert of(10**9).last_day == date.max


PACES = st.builds(Pace, st.integers(1, 30), st.integers(1, 6), st.integers(7, 11), st.integers(12, 20))
QUEUES = st.lists(
    st.tuples(st.integers(0, 3000), PACES, st.integers(0, 6), st.booleans(), st.sampled_from("de")),
    min_size=1,
    max_size=6,
).map(lambda rows: [Queue(f"o{n}", d, w, p, t, y) for n, (w, p, t, y, d) in enumerate(rows)])
DOMAINS = st.builds(lambda d, e: {"d": Domain(d), "e": Domain(e)}, PACES, PACES)
NOWS = st.datetimes(datetime.fromisoformat("2026-01-01"), datetime.fromisoformat("2029-12-31"))
WAITS = st.integers(0, 1000).map(lambda days: timedelta(days=days))


@given(QUEUES, DOMAINS, NOWS, WAITS, st.data())
def test_one_more_letter_makes_nothing_sooner(
    queues: list[Queue], domains: dict[str, Domain], now: datetime, wait: timedelta, data: st.DataObject
) -> None:
    key = data.draw(st.sampled_from([queue.key for queue in queues]))
    before = now.date() + wait
    fewer = forecast(queues, domains, now, before)
    grown = [replace(queue, waiting=queue.waiting + 1) if queue.key == key else queue for queue in queues]
    more = forecast(grown, domains, now, before)
    for queue in queues:
        assert more[queue.key].undone >= fewer[queue.key].undone
        if fewer[queue.key].last_day:
            assert more[queue.key].last_day >= fewer[queue.key].last_day


@given(QUEUES, DOMAINS, NOWS, WAITS)
def test_the_last_letter_goes_on_a_working_day_that_budgets_allow(
    queues: list[Queue], domains: dict[str, Domain], now: datetime, wait: timedelta
) -> None:
    today = now.date()
    found = forecast(queues, domains, now, today + wait)
    for queue in queues:
        outlook = found[queue.key]
        assert 0 <= outlook.undone <= queue.waiting
        assert outlook.never == (queue.waiting > 0 and not queue.takes)
        if outlook.last_day is None:
            continue
        assert works(outlook.last_day)
        assert outlook.last_day >= today
        days = sum(works(today + timedelta(days=n)) for n in range((outlook.last_day - today).days + 1))
        assert queue.waiting <= days * queue.pace.a_day
        if outlook.last_day < today + wait:
            assert outlook.undone == 0
        if outlook.last_day > today + wait:
            assert outlook.undone > 0


@given(QUEUES, DOMAINS, NOWS)
def test_a_larger_budget_makes_nothing_later(queues: list[Queue], domains: dict[str, Domain], now: datetime) -> None:
    richer = {k: Domain(replace(d.pace, per_day=d.pace.per_day + 5)) for k, d in domains.items()}
    poor, rich = forecast(queues, domains, now), forecast(queues, richer, now)
    for queue in queues:
        if poor[queue.key].last_day:
            assert rich[queue.key].last_day <= poor[queue.key].last_day  # type: ignore[operator]
