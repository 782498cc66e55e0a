"""Who surely holds an office on a day; it keeps to itself what an imprecise date may be taken to mean.

A wrong name in a letter is worse than none. So a bound is never read in our favour: a start of ``2016`` is
sure from 31 December on, an end of ``2018-07`` only until 1 July, and whatever else could be true counts.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Protocol, TypeVar

from campaign.offices.partial_dates import PartialDate

FRESH_FOR = timedelta(days=90)
A_YEAR = timedelta(days=366)


class Term(Protocol):
    """A person's time in an office, as the directory and its table both know it."""

    @property
    def starts(self) -> str | None:
        """First day as a ``PartialDate`` writes it; None: unknown, so nothing about the term is sure."""

    @property
    def ends(self) -> str | None:
        """Last day, the same way; None: still in office as far as the source goes."""

    @property
    def approximate(self) -> bool:
        """Whether a bound that is only a year may be off by one."""

    @property
    def check_from(self) -> date | None:
        """From this day on an open term is not sure: it was due to end or to be renewed."""

    @property
    def verified(self) -> bool:
        """Whether a source that was read says so."""

    @property
    def checked_on(self) -> date | None:
        """When somebody last compared the term with its source."""


T = TypeVar("T", bound=Term)


def holder_on(terms: Iterable[T], day: date, *, several_members: bool = False) -> T | None:
    """The one verified term that surely contains ``day``.

    None in a gap, when any other term (verified or not) could contain the day too, when the only one is
    unverified or not sure, and for an office with ``several_members``, which is greeted as a group.
    """
    possible = possible_on(terms, day)
    if several_members or len(possible) != 1:
        return None
    [only] = possible
    return only if only.verified and _surely_contains(only, day) else None


def possible_on(terms: Iterable[T], day: date) -> list[T]:
    """Every term, verified or not, that could contain ``day``."""
    return [term for term in terms if _could_contain(term, day)]


def holder_to_greet(terms: Iterable[T], day: date, *, several_members: bool = False) -> T | None:
    """``holder_on``, and only if the term was checked in the 90 days up to ``day``."""
    holder = holder_on(terms, day, several_members=several_members)
    return holder if holder and is_fresh(holder.checked_on, day) else None


def is_fresh(checked_on: date | None, day: date) -> bool:
    """Whether a check made on ``checked_on`` still counts on ``day``; one from the future never does."""
    return checked_on is not None and timedelta(0) <= day - checked_on <= FRESH_FOR


def _could_contain(term: Term, day: date) -> bool:
    starts, ends = _bounds(term)
    after_start = starts is None or starts.first - _slack(term, starts) <= day
    before_end = ends is None or day <= ends.last + _slack(term, ends)
    return after_start and before_end


def _surely_contains(term: Term, day: date) -> bool:
    starts, ends = _bounds(term)
    if starts is None or day < starts.last + _slack(term, starts):
        return False
    if ends is None:
        return term.check_from is None or day < term.check_from
    return day <= ends.first - _slack(term, ends)


def _bounds(term: Term) -> tuple[PartialDate | None, PartialDate | None]:
    return (
        None if term.starts is None else PartialDate(term.starts),
        None if term.ends is None else PartialDate(term.ends),
    )


def _slack(term: Term, bound: PartialDate) -> timedelta:
    return A_YEAR if term.approximate and bound.is_year else timedelta(0)
