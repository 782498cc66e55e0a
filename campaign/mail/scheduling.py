"""When the next letter of a budget goes: it keeps to itself office hours, working days, and how a day is spread.

All times are Geneva's own, without a zone; the database's clock gives them, so no process needs to know zones.
What is random comes from the key and the day, so that every process comes to the same moment.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

ZONE = "Europe/Zurich"
_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)
_SOONEST, _LATEST = 0.4, 0.9  # of the even distance to the next letter: the last one still goes before closing


@dataclass(frozen=True, slots=True)
class Pace:
    """At most so many letters a working day and in 60 minutes of it, from hour ``opens`` until hour ``closes``."""

    per_day: int
    per_hour: int
    opens: int = 9
    closes: int = 17

    @property
    def a_day(self) -> int:
        """How many letters a whole day holds, its hours considered."""
        return min(self.per_day, self.per_hour * (self.closes - self.opens))

    def still(self, now: datetime, taken: int) -> int:
        """How many more fit into the rest of today, of which ``taken`` went already."""
        if not works(now.date()):
            return 0
        begins = max(now, self.opening(now.date()))
        left = max(self.closing(now.date()) - begins, timedelta(0))
        return max(0, min(self.per_day - taken, int(self.per_hour * (left / _HOUR))))

    def opening(self, day: date) -> datetime:
        """The moment of ``day`` before which nothing goes."""
        return _at(day, self.opens)

    def closing(self, day: date) -> datetime:
        """The moment of ``day`` from which on nothing goes."""
        return _at(day, self.closes)


OFFICE = Pace(per_day=6, per_hour=2)
DOMAIN = Pace(per_day=15, per_hour=4)
"""What an office bears, and all offices behind one mail domain together, unless somebody said otherwise."""


def works(day: date) -> bool:
    """Whether offices are open on ``day``: Monday to Friday."""
    return day.weekday() < 5


def working_day(after: date, number: int = 1) -> date:
    """The ``number``-th working day after a day (``number`` from 1); the last day of the calendar if beyond it."""
    monday = after - timedelta(days=after.weekday())
    weeks, day = divmod(min(after.weekday(), 4) + number, 5)
    try:
        return monday + timedelta(weeks=weeks, days=day)
    except OverflowError:
        return date.max


def working_days(after: date, until: date) -> int:
    """How many working days there are after one day and up to another, that one included."""
    return max(0, _since_a_monday(until) - _since_a_monday(after))


def next_turn(pace: Pace, key: str, turns: Sequence[datetime], now: datetime) -> datetime:
    """The moment from which on the next letter may go; ``turns`` are those of today, oldest first."""
    today, taken = now.date(), len(turns)
    if works(today) and taken < pace.per_day:
        turn = _after(pace, key, turns) if turns else _first(pace, key, today)
        if max(turn, now) < pace.closing(today):
            return turn
    return _first(pace, key, working_day(today))


def _first(pace: Pace, key: str, day: date) -> datetime:
    """Not all offices get their first letter at the stroke of nine."""
    share = (pace.closing(day) - pace.opening(day)) / max(pace.per_day, 1)
    return pace.opening(day) + share * _dice(key, day, 0) / 2


def _after(pace: Pace, key: str, turns: Sequence[datetime]) -> datetime:
    """What is left of the day, divided by what is left of the budget, and a little sooner, never evenly."""
    last, taken = turns[-1], len(turns)
    even = (pace.closing(last.date()) - last) / (pace.per_day - taken)
    turn = last + even * (_SOONEST + (_LATEST - _SOONEST) * _dice(key, last.date(), taken))
    crowded = turns[-pace.per_hour] + _HOUR if taken >= pace.per_hour else turn
    return max(turn, crowded)


def _dice(key: str, day: date, number: int) -> float:
    digest = hashlib.sha256(f"{key} {day} {number}".encode()).digest()
    return int.from_bytes(digest[:4]) / 2**32


def _at(day: date, hour: int) -> datetime:
    return datetime.combine(day, time()) + timedelta(hours=hour)


def _since_a_monday(day: date) -> int:
    weeks, weekday = divmod(day.toordinal() - 1, 7)  # the first day of the calendar is a Monday
    return weeks * 5 + min(weekday + 1, 5)
