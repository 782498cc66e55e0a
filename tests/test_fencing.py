"""What is in hand is one worker's, by its epoch and the database's clock; what it did not send it gives back."""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime, timedelta
from threading import Event

import pytest
from sqlalchemy import select, update

from campaign.db import session
from campaign.mail import claiming, handing, holding, outbox, recording, rendering, sweeping, transports
from campaign.mail.claiming import Claim
from campaign.mail.delivery import Way
from campaign.mail.handing import Written
from campaign.mail.models import Message, MessageEvent
from campaign.mail.smtp import Relay, Smtp
from campaign.mail.states import LETTERS, PEOPLE, State
from tests.kills import worker
from tests.post_office import Post
from tests.sink import Sink


def claimed(lane: int = PEOPLE, most: int = 10) -> list[Claim]:
    return claiming.claim(lane, transports.LIVE, most)


def written(claims: list[Claim]) -> Written:
    """What leaves together."""
    boxes = [(claim, rendering.prepare(claim.message, claim.at)) for claim in claims]
    return [(claim, box) for claim, box in boxes if box]


def age(**by: int) -> None:
    """Let time pass for every row."""
    span = timedelta(**by)
    session.execute(update(Message).values({n: getattr(Message, n) - span for n in ("changed_at", "lease_until")}))
    session.commit()


def lease(post: Post, claim: Claim) -> timedelta:
    """How long a row was given when it last changed, to the second."""
    row = post.row(claim.id)
    assert row.lease_until
    return timedelta(seconds=round((row.lease_until - row.changed_at).total_seconds()))


def test_it_works(post: Post, live: Sink) -> None:
    post.letter()
    (mine,) = claimed(LETTERS)
    assert lease(post, mine) == timedelta(minutes=2)
    assert holding.go_on((), [(mine, {})]) == {mine.id}
    assert lease(post, mine) == timedelta(minutes=12)  # outlives the 600 s that a server may take
    age(minutes=11)
    sweeping.sweep()
    assert post.state(mine.id) == "attempting"
    age(minutes=2)
    sweeping.sweep()
    assert post.state(mine.id) == "unknown"


@pytest.mark.parametrize("to", [State.ACCEPTED, State.DEFERRED, State.FAILED])
def test_an_answer_of_an_old_epoch_says_nothing_about_the_attempt_under_way(
    post: Post, live: Sink, to: State
) -> None:
    row = post.letter()
    (slow,) = claimed(LETTERS)
    holding.go_on((), [(slow, {})])
    age(minutes=13)
    sweeping.sweep()
    outbox.retry(row)
    assert post.row(row).epoch == slow.epoch + 1
    (other,) = claimed(LETTERS)
    holding.go_on((), [(other, {})])
    assert not holding.finish([(slow, {})], to, "late answer")
    holding.release(slow, why="late")
    assert post.state(row) == "attempting"


def test_of_two_links_that_write_together_only_the_later_claim_begins(post: Post, live: Sink) -> None:
    row = post.letter()
    (slow,) = claimed(LETTERS)
    age(minutes=3)
    sweeping.sweep()
    (other,) = claimed(LETTERS)
    entries = [recording.Entry(beginning=[(claim, {})]) for claim in (slow, other)]
    assert recording._write_entries(entries) == [set(), {row}]


@pytest.mark.parametrize("off", [timedelta(hours=3), timedelta(hours=-3)])
def test_what_a_process_takes_for_the_time_decides_nothing(
    post: Post, live: Sink, monkeypatch: pytest.MonkeyPatch, off: timedelta
) -> None:
    for owner, name, value in worker.wrong_clock(off.total_seconds()):
        monkeypatch.setattr(owner, name, value)
    assert abs(time.time() - datetime.now(UTC).timestamp()) > 1000  # this module's own is right
    row = post.confirm()
    (mine,) = claimed()
    assert lease(post, mine) == timedelta(minutes=2)
    sweeping.sweep()
    assert holding.go_on((), [(mine, {})]) == {row}
    assert lease(post, mine) == timedelta(minutes=12)
    sweeping.sweep()
    holding.finish([(mine, {})], State.DEFERRED, "later", wait=timedelta(hours=1))
    waits = post.row(row).not_before - post.row(row).changed_at
    assert abs(waits - timedelta(hours=1)) < timedelta(seconds=1)
    assert post.story(row) == ["ready", "leased", "attempting", "deferred"]


def test_letters_begin_one_by_one_so_that_a_kill_leaves_one_a_link_to_judge(post: Post, live: Sink) -> None:
    for n in range(20):
        post.letter(f"letter:{n}", to=f"o{n}@offices.internal")
    way = Way(LETTERS, door(live))
    while way.deliver_batch(Event()):
        pass
    told = select(MessageEvent.to_state).where(MessageEvent.to_state.in_(["attempting", "accepted"]))
    assert session.scalars(told.order_by(MessageEvent.id)).all() == ["attempting", "accepted"] * 20


def test_what_began_and_does_not_leave_is_given_back_at_once(post: Post, live: Sink) -> None:
    rows = [post.confirm(f"confirm:{n}", to=f"p{n}@{domain}.internal") for n, domain in enumerate("abc")]
    live.answers["DOT"] = ["550 5.7.515 not authenticated"]  # a consequence: the others must ask anew
    handing.hand_over(written(claimed()), door(live))
    assert [post.state(row) for row in rows] == ["failed", "deferred", "deferred"]
    assert [outbox.history(row)[-1].why for row in rows[1:]] == ["may not leave now"] * 2
    post.drain()
    assert [post.state(row) for row in rows] == ["failed", "accepted", "accepted"]


def test_what_began_long_ago_asks_again_before_it_leaves(
    post: Post, live: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handing, "_STALE", 0.1)
    live.answers["DOT"] = [0.3]
    rows = [post.confirm(f"confirm:{n}", to=f"p{n}@people.internal") for n in range(2)]
    handing.hand_over(written(claimed()), door(live))
    assert [post.state(row) for row in rows] == ["accepted", "deferred"]
    assert len(live.messages) == 1


def door(live: Sink) -> Smtp:
    """A link of this thread."""
    way = Smtp(Relay(live.host, live.port))
    way.open()
    return way


def test_the_wrong_clock_is_wrong_for_the_whole_product() -> None:
    names = {owner.__name__ for owner, name, _ in worker.wrong_clock(60.0) if name == "datetime"}
    here = {name for name, module in sys.modules.items() if name.startswith("campaign.")}
    assert {name for name in names if name.startswith("campaign.")} <= here
    assert "campaign.petition.views.appeal" in names
