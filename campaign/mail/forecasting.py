"""When a queue will be empty: it keeps to itself how offices that share a mail domain share its budget.

Pure computation. An office gets its own pace while its domain can bear all of its offices; beyond that they share
evenly what the domain bears, and who needs less leaves the rest to the others. So one more letter never lets
another office's queue end sooner. Fractions of letters are rounded only at the end, and never in our favour.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from math import ceil

from campaign.mail.scheduling import Pace, working_day, working_days

_Amounts = dict[str, Fraction]
_Phase = tuple[Fraction, Fraction, _Amounts]  # working days from tomorrow on, how many more, letters a day by queue


@dataclass(frozen=True, slots=True)
class Queue:
    """What waits for one office: ``taken`` went today already; ``takes``: whether it takes single letters at all."""

    key: str
    domain: str
    waiting: int
    pace: Pace
    taken: int = 0
    takes: bool = True


@dataclass(frozen=True, slots=True)
class Domain:
    """What all offices behind one mail domain bear, and how many of today's letters went to it."""

    pace: Pace
    taken: int = 0


@dataclass(frozen=True, slots=True)
class Outlook:
    """What becomes of one queue: the day of its last letter (None: nothing waits, or none will ever go), and how
    many letters will not have gone when the day asked about begins."""

    waiting: int
    last_day: date | None
    undone: int = 0

    @property
    def never(self) -> bool:
        """Whether something waits that will not go."""
        return self.waiting > 0 and self.last_day is None


def forecast(
    queues: Sequence[Queue], domains: Mapping[str, Domain], now: datetime, before: date | None = None
) -> dict[str, Outlook]:
    """The outlook of each queue by its key, at today's budgets; ``now`` is Geneva's time without a zone."""
    found: dict[str, Outlook] = {}
    for name in {queue.domain for queue in queues}:
        of_domain = [queue for queue in queues if queue.domain == name]
        found |= _of_one_domain(of_domain, domains[name], now, before)
    return found


def last_day(outlooks: Iterable[Outlook]) -> date | None:
    """The day on which the last letter of all goes; None when none does."""
    return max((one.last_day for one in outlooks if one.last_day), default=None)


def _of_one_domain(queues: Sequence[Queue], domain: Domain, now: datetime, before: date | None) -> dict[str, Outlook]:
    tomorrow = _after_today(queues, domain, now)
    phases = list(_phases(tomorrow, {q.key: q.pace.a_day for q in queues if q.takes}, domain.pace.a_day))
    ends = {key: time + step for time, step, rates in phases for key in rates}
    ends |= {key: Fraction(0) for key, amount in tomorrow.items() if not amount}
    undone = _undone(queues, tomorrow, phases, now.date(), before) if before else {}
    return {
        q.key: Outlook(q.waiting, _day(q, ends.get(q.key), now.date()), ceil(undone.get(q.key, 0))) for q in queues
    }


def _day(queue: Queue, ends: Fraction | None, today: date) -> date | None:
    if not queue.waiting or ends is None:
        return None
    return working_day(today, ceil(ends)) if ends else today


def _undone(
    queues: Sequence[Queue], tomorrow: _Amounts, phases: Sequence[_Phase], today: date, before: date
) -> _Amounts:
    if before <= today:
        return {queue.key: Fraction(queue.waiting) for queue in queues}
    days = Fraction(working_days(today, before - timedelta(days=1)))
    left = dict(tomorrow)
    for time, step, rates in phases:
        for key, rate in rates.items():
            left[key] -= rate * min(max(days - time, Fraction(0)), step)
    return left


def _after_today(queues: Sequence[Queue], domain: Domain, now: datetime) -> _Amounts:
    wants = {q.key: Fraction(min(q.waiting, q.pace.still(now, q.taken) if q.takes else 0)) for q in queues}
    went = _share(Fraction(domain.pace.still(now, domain.taken)), wants)
    return {queue.key: queue.waiting - went[queue.key] for queue in queues}


def _phases(left: _Amounts, paces: Mapping[str, int], bears: int) -> Iterator[_Phase]:
    """From one queue's end to the next all go at a steady pace: as many steps as queues, however long those are."""
    left, time = dict(left), Fraction(0)
    while active := {key: Fraction(pace) for key, pace in paces.items() if left[key]}:
        rates = _share(Fraction(bears), active)
        step = min(left[key] / rates[key] for key in active)
        yield time, step, rates
        time += step
        left |= {key: left[key] - rate * step for key, rate in rates.items()}


def _share(amount: Fraction, wants: Mapping[str, Fraction]) -> _Amounts:
    """Even parts of an amount, nobody more than they want; what one does not want goes to the others."""
    parts: _Amounts = {}
    for number, key in enumerate(sorted(wants, key=lambda key: wants[key])):
        parts[key] = min(wants[key], amount / (len(wants) - number))
        amount -= parts[key]
    return parts
