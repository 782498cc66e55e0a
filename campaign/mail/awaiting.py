"""By when a mail for somebody at a screen will have left: it keeps to itself how the pace of the queue is measured.

Nothing is promised that was not measured. What waits, and how many mails left within the last seconds, is read once
in a few seconds, whoever asks; an answer depends on when a mail was asked for and on its domain, and on nothing else.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from uuid import UUID

from flask import current_app
from sqlalchemy import select, text

from campaign.db import session
from campaign.mail import crowding, pausing, transports
from campaign.mail.addresses import Address, recorded_domain
from campaign.mail.models import Message
from campaign.mail.states import PEOPLE

_FRESH = 5.0  # seconds, or, of a long queue,
_SPARED = 20  # times as long as it took to read
_SOON = timedelta(minutes=2)  # what nobody has to be told about
_YOUNG = timedelta(minutes=1)  # so long "nothing left" may mean that there was nothing to send
_MARGIN = 1.5  # times the pace measured: what comes later than promised is a lie, what comes sooner is none
_STEP = 300  # seconds, to which a promise is rounded up
_KEY = "people's mail"

# Of two spans the faster counts: in the longer one there may have been nothing to send.
_READ = text("""
  WITH waits AS (
    SELECT not_before FROM message
    WHERE lane = 0 AND state IN ('ready', 'deferred') AND NOT paced AND not_before <= (SELECT clock())
      AND mode = :mode AND NOT pause_keys && :paused
  ), gone AS (
    SELECT changed_at FROM message
    WHERE state = 'accepted' AND changed_at > (SELECT clock()) - interval '2 minutes' AND lane = 0 AND mode = :mode
  )
  SELECT clock() AS now, (SELECT count(*) FROM waits) AS waiting, (SELECT min(not_before) FROM waits) AS oldest,
    (SELECT greatest(count(*) FILTER (WHERE changed_at > clock() - interval '20 seconds') / 20.0, count(*) / 120.0)
     FROM gone) AS a_second
""")


@dataclass(frozen=True, slots=True)
class Line:
    """Who waits: how many mails, since when the oldest, how many a second leave, and what is paused."""

    now: datetime
    waiting: int
    oldest: datetime | None
    a_second: float
    paused: frozenset[str]


@dataclass(frozen=True, slots=True)
class Outlook:
    """What can be said of one mail: that it leaves as on any day (``soon``), by when at the latest, or neither.

    ``by`` is a multiple of five minutes; ``lasting`` until then, rounded up to what is said of it.
    """

    soon: bool
    by: datetime | None = None
    lasting: timedelta = timedelta(0)


def outlook(*, since: datetime, domain: str | None, pause_keys: Sequence[str]) -> Outlook:
    """What becomes of a mail to a person that was asked for at ``since``, to a domain as the outbox records it."""
    line = _line()
    by = reckon(line, since)
    if by is None or line.paused & {pausing.ALL, f"domain:{domain}", *pause_keys}:
        return Outlook(soon=False)
    turn = crowding.last_turn(domain) if domain else None
    return _said(line, since, max(by, turn or by))


def outlook_about(subject_id: UUID, email: str, *, since: datetime, pause_keys: Sequence[str]) -> Outlook:
    """The same for the newest mail to a person about a subject; ``email`` is theirs, empty once it is forgotten.

    Where no mail was put in, the page must say what it says of one to the same domain: that there is none tells what
    is known of the address.
    """
    about = Message.subject_id == subject_id, Message.lane == PEOPLE
    newest = select(Message.recipient_domain).where(*about).order_by(Message.created_at.desc()).limit(1)
    domain = session.scalar(newest) or (recorded_domain(Address.parse(email).domain) if email else None)
    return outlook(since=since, domain=domain, pause_keys=pause_keys)


def reckon(line: Line, since: datetime) -> datetime | None:
    """When the line has moved past who came at ``since``, with a margin; None when no pace was measured."""
    if line.oldest is None or line.oldest >= since:
        return line.now
    if not line.a_second:
        return line.now if line.now - line.oldest < _YOUNG else None
    ahead = line.waiting * min((since - line.oldest) / (line.now - line.oldest), 1.0)
    return line.now + timedelta(seconds=_MARGIN * ahead / line.a_second)


def _said(line: Line, since: datetime, by: datetime) -> Outlook:
    soon = by - line.now <= _SOON
    if by <= line.now and (not line.a_second or line.now - since > _YOUNG):
        return Outlook(soon)
    told = datetime.fromtimestamp(ceil((by.timestamp() + 60) / _STEP) * _STEP, tz=by.tzinfo)
    return Outlook(soon, told, _rounded_up(told - line.now))


def _rounded_up(span: timedelta) -> timedelta:
    """So that a span told in its largest unit alone is never told too short."""
    minute, hour, day = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
    unit = minute if span < 50 * minute else hour if span < 20 * hour else day
    return ceil(span / unit) * unit


def _line() -> Line:
    until, line = current_app.extensions.get(_KEY, (0.0, None))
    if until < time.monotonic():
        current_app.extensions[_KEY] = time.monotonic() + _FRESH, line  # whoever comes meanwhile goes by the last one
        began = time.monotonic()
        line = _read()
        took = time.monotonic() - began
        current_app.extensions[_KEY] = time.monotonic() + max(_FRESH, _SPARED * took), line
    return line or _read()


def _read() -> Line:
    paused = [pause.key for pause in pausing.paused()]
    row = session.execute(_READ, {"mode": transports.mode(current_app), "paused": paused}).one()
    return Line(row.now, row.waiting, row.oldest, float(row.a_second), frozenset(paused))
