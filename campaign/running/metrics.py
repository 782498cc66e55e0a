"""Figures for Prometheus, served to this machine only; it keeps to itself how each is read from the database.

One process counts for all, so no figure depends on which worker did something. What was sent, put off or came back
is counted from the messages' own events: from all of them at the start, then only from those that are new. What
stands in the outbox is counted anew only so often that counting takes a twentieth of the time at most.
"""

from __future__ import annotations

import signal
import time
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from threading import Event, Lock

import structlog
from flask import Flask
from prometheus_client import CollectorRegistry, generate_latest, start_http_server
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError

from campaign import create_app
from campaign.api import health
from campaign.db import clock, session
from campaign.mail import pausing
from campaign.mail.models import MessageEvent
from campaign.mail.states import LANES, State
from campaign.mail.tallying import Total, tally, totals

log = structlog.get_logger()
LANE_NAMES = dict(zip(LANES, ("people", "letters", "news"), strict=True))
COUNTED = {
    State.ACCEPTED: ("undersigned_sends", "Messages that a relay accepted."),
    State.DEFERRED: ("undersigned_deferrals", "Times that a message was put off by a relay's answer or its silence."),
    State.FAILED: ("undersigned_refusals", "Messages that were refused for good."),
    State.BOUNCED: ("undersigned_bounces", "Messages that were accepted and came back."),
}
_ON_ITS_WAY = {State.READY, State.DEFERRED}
_RESTS = 20
_NEW = text("""
  SELECT lane, to_state, count(*) FROM (
    SELECT (SELECT lane FROM message WHERE message.id = message_event.message_id AND mode = 'live') AS lane, to_state
    FROM message_event WHERE id > :after AND id <= :until AND to_state = ANY(:counted)
  ) AS new WHERE lane IS NOT NULL GROUP BY lane, to_state
""")  # each message is looked up by its id: as much work as there is news, whatever PostgreSQL expects
_COMMITS_WITHIN = timedelta(seconds=5)  # an event is older than this before it is counted: none is passed over


class Figures(Collector):
    """All figures of one installation, read anew at each question."""

    def __init__(self, app: Flask, *, commits_within: timedelta = _COMMITS_WITHIN, rests: float = _RESTS) -> None:
        """``rests``: how many times as long as the outbox took to count it is not counted anew."""
        self._app = app
        self._commits_within = commits_within
        self._rests = rests
        self._totals: list[Total] = []
        self._totals_until = 0.0
        self._lock = Lock()
        self._counted: Counter[tuple[int, str]] = Counter()
        self._until = 0

    def describe(self) -> list[Metric]:
        """Nothing beforehand: else registering would read the database."""
        return []

    def collect(self) -> Iterator[Metric]:
        """The figures; when the database does not answer, only that."""
        with self._lock, self._app.app_context():
            try:
                found = [*self._messages(), *self._events(), _pauses()]
            except SQLAlchemyError as error:
                log.warning("metrics.no_database", error=type(error).__name__)
                found = []
            yield GaugeMetricFamily("undersigned_database_up", "1 while the database answers.", bool(found))
            yield from found
            yield from _beat()

    def _messages(self) -> Iterator[Metric]:
        """From what the desk's outbox and ``bin/campaign outbox status`` count by too."""
        many = GaugeMetricFamily("undersigned_messages", "Messages by state.", labels=["lane", "kind", "state"])
        age = GaugeMetricFamily(
            "undersigned_queue_age_seconds", "Age of the oldest message on its way.", labels=["lane"]
        )
        oldest, now = dict.fromkeys(LANES, 0.0), session.scalars(select(clock())).one()
        for total in self._counted_now_and_then():
            many.add_metric([LANE_NAMES[total.lane], total.kind, total.state], total.count)
            if total.state in _ON_ITS_WAY:
                oldest[total.lane] = max(oldest[total.lane], (now - total.oldest).total_seconds())
        for lane, spoken in LANE_NAMES.items():
            age.add_metric([spoken], oldest[lane])
        yield from (many, age)

    def _counted_now_and_then(self) -> list[Total]:
        began = time.monotonic()
        if began >= self._totals_until:
            self._totals = list(totals(tally()))
            ended = time.monotonic()
            self._totals_until = ended + self._rests * (ended - began)
        return self._totals

    def _events(self) -> Iterator[Metric]:
        self._count_new()
        for state, (name, said) in COUNTED.items():
            family = CounterMetricFamily(name, said, labels=["lane"])
            for lane, spoken in LANE_NAMES.items():
                family.add_metric([spoken], self._counted[lane, state])
            yield family

    def _count_new(self) -> None:
        newest = select(func.max(MessageEvent.id)).where(
            MessageEvent.id > self._until, MessageEvent.at <= clock() - self._commits_within
        )
        until = session.scalar(newest) or self._until
        asked = {"after": self._until, "until": until, "counted": sorted(COUNTED)}
        for lane, state, n in session.execute(_NEW, asked):
            self._counted[lane, state] += n
        self._until = until


def _pauses() -> Metric:
    said = "What is paused now, closed gates among it."
    return GaugeMetricFamily("undersigned_pauses", said, len(pausing.paused()))


def _beat() -> Iterator[Metric]:
    if (polled := health.last_poll()) is not None:
        said = "When beat last rang and a worker came, in seconds since 1970."
        yield GaugeMetricFamily("undersigned_beat_last_poll_timestamp_seconds", said, polled)


def registry(app: Flask) -> CollectorRegistry:
    """A registry that knows our figures, and none of this process."""
    found = CollectorRegistry()
    found.register(Figures(app))
    return found


def main() -> None:
    """Serve them on 127.0.0.1 at METRICS_PORT until SIGTERM or SIGINT; what went before is counted first."""
    stop = Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: stop.set())
    app = create_app()
    figures = registry(app)
    generate_latest(figures)
    server, thread = start_http_server(app.config["METRICS_PORT"], addr="127.0.0.1", registry=figures)
    stop.wait()
    server.shutdown()
    thread.join()


if __name__ == "__main__":
    main()
