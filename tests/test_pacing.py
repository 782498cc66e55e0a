"""How much an office bears: budgets of offices and domains, Geneva's hours, and what the receiver asks for."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable
from datetime import date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from uuid import UUID

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event, select, text, update

from campaign.db import session
from campaign.embedded import Servers
from campaign.mail import claiming, outbox, pacing, pausing, sweeping, transports
from campaign.mail.addresses import recorded_domain
from campaign.mail.models import Budget, Message, Suppression
from campaign.mail.scheduling import DOMAIN, OFFICE, Pace, next_turn, working_day, working_days, works
from campaign.mail.states import LETTERS
from tests.post_office import Post
from tests.sink import Sink

ROOT = Path(__file__).parent.parent
KEY = "office:test"
MONDAY = "2027-03-01"
Clock = Callable[[str], None]


@pytest.fixture
def geneva(context: Flask, move_clock: Callable[[timedelta], None]) -> Clock:
    """Set the database's clock to a moment in Geneva."""

    def at(moment: str) -> None:
        session.rollback()
        seconds = session.scalar(
            text(
                "SELECT extract(epoch FROM CAST(:at AS timestamp) AT TIME ZONE 'Europe/Zurich' - clock_timestamp())"
            ),
            {"at": moment},
        )
        session.close()
        move_clock(timedelta(seconds=int(seconds) + 1))

    return at


@pytest.fixture
def letters(post: Post, live: Sink, geneva: Clock) -> Callable[..., list[UUID]]:
    """Letters to one office in the outbox, on a Monday before it opens."""
    geneva(f"{MONDAY} 07:00")

    def put(number: int, *, office: str = "test", domain: str = "offices.internal") -> list[UUID]:
        to = f"{office}@{domain}"
        return [post.letter(f"letter:{office}:{n}", to=to, budget_key=f"office:{office}") for n in range(number)]

    return put


def turn(key: str = KEY) -> datetime:
    session.rollback()
    return pacing.standings([key])[key].next_turn


def left(office: str = "test") -> int:
    """How many letters of an office were sent."""
    session.rollback()
    states = ("accepted", "settled")
    query = select(Message.id).where(Message.budget_key == f"office:{office}", Message.state.in_(states))
    return len(session.scalars(query).all())


def something_waits() -> bool:
    return session.scalars(select(Message.id).where(Message.state == "ready").limit(1)).first() is not None


def a_day(post: Post, geneva: Clock, day: str) -> list[datetime]:
    """Let a worker run through a day; when letters left."""
    sent = []
    while (moment := turn()).date() == date.fromisoformat(day) and something_waits():
        before = left()
        geneva(str(moment - timedelta(minutes=1)))
        post.drain()
        assert left() == before, f"sent before its turn at {moment}"
        geneva(str(moment))
        post.drain()
        assert left() == before + 1
        sent.append(moment)
    return sent


def test_it_works(letters: Callable[..., list[UUID]], post: Post, geneva: Clock) -> None:
    letters(8)
    post.drain()
    assert left() == 0  # before it opens
    monday = a_day(post, geneva, MONDAY)
    assert len(monday) == 6
    assert datetime.fromisoformat(f"{MONDAY} 09:00") <= monday[0]
    assert monday[-1] < datetime.fromisoformat(f"{MONDAY} 17:00")
    assert monday[-1] - monday[0] > timedelta(hours=4)  # spread over the day
    gaps = {later - sooner for sooner, later in pairwise(monday)}
    assert len(gaps) == 5  # and never evenly
    assert len(a_day(post, geneva, "2027-03-02")) == 2


def test_the_weekend_is_off(letters: Callable[..., list[UUID]], post: Post, geneva: Clock) -> None:
    letters(1)
    for moment in ("2027-03-06 12:00", "2027-03-07 12:00"):
        geneva(moment)
        post.drain()
        assert left() == 0
    assert turn().date() == date(2027, 3, 8)
    geneva("2027-03-08 12:00")
    post.drain()
    assert left() == 1


@pytest.mark.parametrize("hour", ["03:00", "08:58", "17:00", "23:30"])
def test_nobody_is_there_at(letters: Callable[..., list[UUID]], post: Post, geneva: Clock, hour: str) -> None:
    letters(1)
    geneva(f"2027-03-02 {hour}")
    post.drain()
    assert left() == 0


def test_people_do_not_wait_for_geneva(post: Post, live: Sink, geneva: Clock) -> None:
    geneva("2027-03-06 03:00")
    person = post.confirm()
    post.drain()
    assert post.state(person) == "accepted"


def test_a_rehearsal_waits_for_nobody(post: Post, geneva: Clock) -> None:
    geneva("2027-03-06 03:00")
    rows = [post.letter(f"letter:{n}", budget_key=KEY) for n in range(9)]
    post.drain()
    assert {post.state(row) for row in rows} == {"accepted"}
    assert session.scalars(select(Budget)).all() == []


def test_what_is_only_captured_waits_for_nobody_while_mail_goes_out(post: Post, live: Sink, geneva: Clock) -> None:
    geneva("2027-03-06 03:00")
    rows = [post.letter(f"letter:{n}", budget_key=KEY, capture_only=True) for n in range(9)]
    post.drain()
    assert {post.state(row) for row in rows} == {"accepted"}
    assert live.messages == []


def test_one_budget_over_all_appeals(post: Post, live: Sink, geneva: Clock) -> None:
    geneva(f"{MONDAY} 07:00")
    for n in range(4):
        post.letter(f"letter:a{n}", budget_key=KEY, pause_keys=["appeal:a"])
        post.letter(f"letter:b{n}", budget_key=KEY, pause_keys=["appeal:b"])
    assert len(a_day(post, geneva, MONDAY)) == 6


def test_offices_behind_one_domain_share_its_budget(
    letters: Callable[..., list[UUID]], post: Post, geneva: Clock
) -> None:
    offices = [f"o{n}" for n in range(4)]
    for office in offices:
        letters(6, office=office)
    letters(6, office="elsewhere", domain="noise.internal")
    for minutes in (*range(5, 8 * 60, 5), 8 * 60 - 1):  # looking seldom, the day's last turn would slip past closing
        geneva(f"{datetime.fromisoformat(f'{MONDAY} 09:00') + timedelta(minutes=minutes)}")
        post.drain()
    sent = [left(office) for office in offices]
    assert sum(sent) == DOMAIN.per_day
    assert max(sent) - min(sent) <= 1  # fairly
    assert left("elsewhere") == OFFICE.per_day


WORK = """
import sys
from campaign import create_app
from campaign.mail import claiming, transports
app = create_app()
with app.app_context():
    print("ready", flush=True)
    sys.stdin.readline()
    for _ in range(40):
        for claim in claiming.claim(1, transports.LIVE, 10):
            print(claim.message.budget_key, flush=True)
"""


def test_two_worker_processes_respect_one_budget(
    letters: Callable[..., list[UUID]], app: Flask, servers: Servers, geneva: Clock
) -> None:
    offices = [f"o{n}" for n in range(40)]
    for office in offices:
        letters(3, office=office, domain=f"{office}.internal")
    budgets(*offices)
    geneva(f"{MONDAY} 12:00")
    environment = os.environ | {
        "DATA_DIR": str(app.config["DATA_DIR"]),
        "DATABASE_URL": servers.database_url,
        "REDIS_URL": servers.redis_url,
        "MAIL_URL": app.config["MAIL_URL"],
        "MAIL_FROM": app.config["MAIL_FROM"],
    }
    words, pipe = [sys.executable, "-c", WORK], subprocess.PIPE
    workers = [
        subprocess.Popen(words, env=environment, cwd=ROOT, stdin=pipe, stdout=pipe, text=True) for _ in range(2)
    ]
    for worker in workers:
        assert worker.stdout
        assert worker.stdout.readline() == "ready\n"
    for worker in workers:
        assert worker.stdin
        worker.stdin.write("go\n")
        worker.stdin.flush()
    taken = [worker.communicate(timeout=60)[0].split() for worker in workers]
    assert Counter(taken[0] + taken[1]) == Counter(f"office:{office}" for office in offices)


def budgets(*offices: str) -> None:
    """The rows that a first claim would make, so that nothing but their locks keeps two claims apart."""
    for office in offices:
        pacing.set_budget(f"office:{office}")
        pacing.set_budget(f"domain:{recorded_domain(f'{office}.internal')}")
    session.commit()


def test_a_budget_that_another_claim_holds_is_passed_over(
    letters: Callable[..., list[UUID]], app: Flask, geneva: Clock
) -> None:
    for office in ("held", "free"):
        letters(1, office=office, domain=f"{office}.internal")
    budgets("held", "free")
    geneva(f"{MONDAY} 12:00")
    for key in ("office:held", f"domain:{recorded_domain('held.internal')}"):
        with app.extensions["engine"].begin() as another:
            another.execute(select(Budget.key).where(Budget.key == key).with_for_update())
            taken = {claim.message.budget_key for claim in claiming.claim(LETTERS, transports.LIVE, 10)}
            assert "office:held" not in taken
    assert [c.message.budget_key for c in claiming.claim(LETTERS, transports.LIVE, 10)] == ["office:held"]


def test_what_another_claim_took_just_before_the_lock_counts(
    letters: Callable[..., list[UUID]], post: Post, app: Flask, geneva: Clock
) -> None:
    letters(1, office="o", domain="o.internal")
    post.letter("letter:elsewhere", to="o@p.internal", budget_key="office:o")  # its domain is free all the while
    budgets("o", "p")
    geneva(f"{MONDAY} 12:00")
    taken: list[int] = []
    came: list[bool] = []

    def claim() -> None:
        with app.app_context():
            taken.append(len(claiming.claim(LETTERS, transports.LIVE, 10)))

    def other_first(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        if statement.startswith("SELECT budget.key") and "FOR UPDATE" in statement and not came:
            came.append(True)
            other = threading.Thread(target=claim)
            other.start()
            other.join()

    event.listen(app.extensions["engine"], "before_cursor_execute", other_first)
    try:
        claim()
    finally:
        event.remove(app.extensions["engine"], "before_cursor_execute", other_first)
    assert taken == [1, 0]


def test_a_lease_that_lapses_unsent_costs_nothing(
    letters: Callable[..., list[UUID]], post: Post, geneva: Clock
) -> None:
    [first, _second] = letters(2)
    geneva(f"{MONDAY} 12:00")
    [lost] = claiming.claim(LETTERS, transports.LIVE, 10)
    assert lost.id == first
    assert claiming.claim(LETTERS, transports.LIVE, 10) == []
    geneva(f"{MONDAY} 12:03")
    sweeping.sweep()
    assert len(pacing.standings([KEY])[KEY].turns) == 0
    post.drain()
    assert (post.state(first), left()) == ("accepted", 1)


def test_a_letter_its_writer_stops_in_time_costs_nothing(
    letters: Callable[..., list[UUID]], post: Post, geneva: Clock
) -> None:
    letters(2)
    geneva(f"{MONDAY} 12:00")
    [claim] = claiming.claim(LETTERS, transports.LIVE, 10)
    outbox.cancel(claim.message.dedupe_key)
    session.commit()
    assert len(claiming.claim(LETTERS, transports.LIVE, 10)) == 1


def test_no_more_than_two_an_hour(letters: Callable[..., list[UUID]], post: Post, geneva: Clock) -> None:
    letters(6)
    for minute in range(0, 60, 2):
        geneva(f"{MONDAY} 16:{minute:02}")
        post.drain()
    assert left() == OFFICE.per_hour


def test_what_somebody_said_about_an_office_is_obeyed(
    letters: Callable[..., list[UUID]], post: Post, geneva: Clock
) -> None:
    letters(5)
    letters(5, office="noise", domain="noise.internal")
    pacing.set_budget(KEY, per_day=2, opens=13)
    session.commit()
    for hour in range(9, 17):
        geneva(f"{MONDAY} {hour:02}:55")
        post.drain()
        assert hour > 12 or left() == 0
    assert left() == 2
    assert left("noise") > 2


@pytest.mark.parametrize("said", [{"mode": "none"}, {"mode": "digest"}, {"blocked": "takes cases only"}])
def test_an_office_that_wants_no_letters_gets_none(
    letters: Callable[..., list[UUID]], post: Post, geneva: Clock, said: dict[str, str]
) -> None:
    letters(1)
    letters(1, office="noise", domain="noise.internal")
    pacing.set_budget(KEY, **said)
    session.commit()
    geneva(f"{MONDAY} 12:00")
    post.drain()
    assert (left(), left("noise")) == (0, 1)
    pacing.set_budget(KEY, mode="each", blocked=None)
    session.commit()
    post.drain()
    assert left() == 1


def test_an_objection_stops_also_what_is_in_hand(
    letters: Callable[..., list[UUID]], post: Post, live: Sink, geneva: Clock
) -> None:
    [row] = letters(1)
    geneva(f"{MONDAY} 12:00")

    def objects(_message: Message, _to: str) -> object:
        pacing.set_budget(KEY, blocked="objected")
        session.commit()
        return write(_message, _to)

    write = post.write
    post.write = objects  # type: ignore[assignment]
    post.drain()
    assert post.state(row) == "ready"
    assert live.messages == []


def test_an_office_that_gathers_still_gets_what_was_gathered(
    letters: Callable[..., list[UUID]], post: Post, geneva: Clock
) -> None:
    rows = letters(3)
    pacing.set_budget(KEY, mode="digest")
    session.execute(update(Message).where(Message.id == rows[2]).values(kind="digest"))
    session.commit()
    geneva(f"{MONDAY} 12:00")
    assert [claim.id for claim in claiming.claim(LETTERS, transports.LIVE, 10)] == [rows[2]]


def test_a_dead_address_of_an_office_makes_its_letters_wait(
    letters: Callable[..., list[UUID]], post: Post, live: Sink, geneva: Clock
) -> None:
    live.answers["RCPT"] = ["550 5.1.1 no such user"]
    first, second = letters(2)
    geneva(f"{MONDAY} 12:00")
    post.drain()
    geneva(f"{MONDAY} 15:00")
    [noise] = letters(1, office="other", domain="other.internal")
    post.drain()
    states = [post.state(row) for row in (first, second, noise)]
    assert states == ["failed", "ready", "accepted"]
    assert [pause.key for pause in pausing.paused()] == [KEY]
    assert session.scalars(select(Suppression)).all() == []


@pytest.mark.parametrize(
    ("answer", "minutes"),
    [
        ("550 5.2.121 recipient limit exceeded", 60),
        ("554 5.2.122 recipient limit exceeded", 60),
        ("450 4.2.1 try again in 150 minutes", 150),
        ("451 4.3.2 please retry after 7200 seconds", 120),
    ],
)
def test_an_office_that_gets_too_much_has_peace(
    letters: Callable[..., list[UUID]], post: Post, live: Sink, geneva: Clock, answer: str, minutes: int
) -> None:
    pacing.set_budget(KEY, per_day=100, per_hour=100)
    pacing.set_budget(f"domain:{recorded_domain('offices.internal')}", per_day=1000, per_hour=1000)
    live.answers["DOT"] = [answer]
    rows = letters(2)
    geneva(f"{MONDAY} 10:00")
    post.drain()
    assert sorted(post.state(row) for row in rows) == ["deferred", "ready"]
    [noise] = letters(1, office="other")
    geneva(f"{MONDAY} 10:03")
    post.drain()
    assert post.state(noise) == "accepted"
    quiet = datetime.fromisoformat(f"{MONDAY} 10:00") + timedelta(minutes=minutes)
    assert timedelta(0) < turn() - quiet < timedelta(minutes=2)
    geneva(str(quiet - timedelta(minutes=2)))
    post.drain()
    assert left() == 0
    geneva(str(quiet + timedelta(minutes=2)))
    post.drain()
    assert left() >= 1


@pytest.mark.parametrize("answer", ["421 4.7.0 temporarily deferred", "421 4.7.28 unusual rate of mail"])
def test_a_domain_that_gets_too_much_has_peace_with_all_its_offices(
    letters: Callable[..., list[UUID]], post: Post, live: Sink, geneva: Clock, answer: str
) -> None:
    live.answers["DOT"] = [answer]
    letters(1)
    geneva(f"{MONDAY} 10:00")
    post.drain()
    [same], [noise] = letters(1, office="same"), letters(1, office="noise", domain="noise.internal")
    geneva(f"{MONDAY} 10:50")
    post.drain()
    assert (post.state(same), post.state(noise)) == ("ready", "accepted")
    assert pausing.paused() == []
    geneva(f"{MONDAY} 12:50")
    post.drain()
    geneva(f"{MONDAY} 14:50")
    post.drain()
    assert (left("same"), left()) == (1, 1)


def test_peace_once_promised_is_not_cut_short(context: Flask) -> None:
    for hours in (3, 1):
        pacing.slow(KEY, timedelta(hours=hours))
    session.commit()
    remaining = select(Budget.slowed_until - outbox.CLOCK)
    assert session.scalars(remaining).one() > timedelta(hours=2)


def test_what_was_put_off_goes_before_what_is_older(
    letters: Callable[..., list[UUID]], post: Post, live: Sink, geneva: Clock
) -> None:
    live.answers["DOT"] = ["451 4.7.1 greylisted"]
    first, second = letters(2)
    geneva(f"{MONDAY} 10:00")
    post.drain()
    assert post.state(first) == "deferred"
    geneva(f"{MONDAY} 15:00")
    post.drain()
    assert [post.state(row) for row in (first, second)] == ["accepted", "ready"]


def test_a_letter_grows_old_from_its_first_turn(
    letters: Callable[..., list[UUID]], post: Post, live: Sink, geneva: Clock
) -> None:
    [row] = letters(1)
    session.execute(update(Message).values(expires_at=outbox.CLOCK + timedelta(days=365)))
    session.commit()
    live.answers["DOT"] = ["451 4.3.0 later"]
    geneva(f"{MONDAY} 10:00")
    post.drain()
    age = post.row(row).expires_at - post.row(row).turn_at  # type: ignore[arg-type,operator]
    assert abs(age - timedelta(days=60)) < timedelta(seconds=1)
    geneva("2027-03-05 10:00")
    sweeping.sweep()
    assert post.state(row) == "deferred"


def test_a_letter_in_another_lane_or_without_an_office_is_not_paced(post: Post, live: Sink, geneva: Clock) -> None:
    geneva("2027-03-06 03:00")
    rows = [post.letter(f"letter:{n}") for n in range(20)]
    rows.append(post.confirm(budget_key=KEY))
    post.drain()
    assert {post.state(row) for row in rows} == {"accepted"}


PACES = st.builds(
    Pace,
    per_day=st.integers(1, 60),
    per_hour=st.integers(1, 20),
    opens=st.integers(6, 12),
    closes=st.integers(13, 20),
)
MOMENTS = st.datetimes(datetime.fromisoformat("2026-01-01"), datetime.fromisoformat("2030-12-31"))
KEYS = st.text("abcdefgh", min_size=1, max_size=8)


@given(PACES, MOMENTS, KEYS)
def test_every_turn_is_within_hours_and_budget(pace: Pace, start: datetime, key: str) -> None:
    now, turns = start, list[datetime]()
    for _ in range(80):
        moment = max(next_turn(pace, key, [t for t in turns if t.date() == now.date()], now), now)
        assert works(moment.date())
        assert pace.opening(moment.date()) <= moment < pace.closing(moment.date())
        turns.append(moment)
        now = moment
    assert turns == sorted(turns)
    assert max(Counter(t.date() for t in turns).values()) <= pace.per_day
    for n, moment in enumerate(turns[pace.per_hour :]):
        assert moment - turns[n] >= timedelta(hours=1)


@given(MOMENTS, KEYS, st.integers(1, 8))
def test_a_whole_day_takes_its_whole_budget(start: datetime, key: str, per_day: int) -> None:
    pace = Pace(per_day, per_day)
    day = working_day(start.date())
    turns: list[datetime] = []
    now = pace.opening(day)
    while (now := max(next_turn(pace, key, turns, now), now)).date() == day:
        turns.append(now)
    assert len(turns) == per_day
    share = timedelta(hours=8) / per_day
    assert turns[0] - pace.opening(day) <= share / 2
    for n, (sooner, later) in enumerate(pairwise(turns), 1):
        even = (pace.closing(day) - sooner) / (per_day - n)
        assert 0.39 * even <= later - sooner <= 0.91 * even


@given(PACES, MOMENTS, KEYS)
def test_asking_later_never_brings_it_forward(pace: Pace, now: datetime, key: str) -> None:
    first = next_turn(pace, key, [], now)
    later = next_turn(pace, key, [], now + timedelta(hours=3))
    assert later >= first or later.date() == first.date()


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.integers(1, 600))
def test_working_days_are_counted_as_on_a_calendar(day: date, number: int) -> None:
    walked, met = day, 0
    while met < number:
        walked += timedelta(days=1)
        met += walked.weekday() < 5
    assert working_day(day, number) == walked
    assert working_days(day, walked) == number


def test_beyond_the_calendar_is_its_last_day() -> None:
    assert working_day(date(2027, 3, 1), 10**9) == date.max
