"""No message stays in a state for ever, and what may have left is never taken for what has not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import update

from campaign.db import session
from campaign.mail import claiming, outbox, suppressing, transports
from campaign.mail.addresses import Address
from campaign.mail.models import Message
from campaign.mail.states import MAY_COME_FROM, PEOPLE, RULES, SENT_AGAIN_AT_MOST, TERMINAL, State
from campaign.mail.sweeping import sweep
from tests.post_office import ALICE, Post
from tests.sink import Sink

Move = Callable[[timedelta], None]


def put(post: Post, state: State, key: str, **values: object) -> UUID:
    """A message in this state, with a lease if the state has one."""
    row = post.letter(key) if key.startswith("letter") else post.confirm(key)
    leases = {State.LEASED: timedelta(minutes=2), State.ATTEMPTING: timedelta(minutes=12)}
    lease = {"lease_until": outbox.CLOCK + leases[state]} if state in leases else {}
    change = update(Message).where(Message.id == row)
    session.execute(change.values(state=state, changed_at=outbox.CLOCK, **lease, **values))
    session.commit()
    return row


def test_it_works(post: Post, live: Sink, move_clock: Move) -> None:
    row = post.confirm()
    claiming.claim(PEOPLE, transports.LIVE, 1)
    sweep()
    assert post.state(row) == "leased"
    move_clock(timedelta(minutes=3))
    sweep()
    assert post.state(row) == "ready"
    post.drain()
    assert post.state(row) == "accepted"
    assert post.row(row).epoch == 2


def test_every_state_but_the_ends_has_an_owner_an_age_and_a_way_out() -> None:
    ruled = [rule.state for rule in RULES]
    assert len(ruled) == len(set(ruled))
    assert set(ruled) | TERMINAL == set(State)
    assert all(rule.owner and rule.why and rule.state in MAY_COME_FROM[rule.then] for rule in RULES)
    # Events of their own: a late bounce, sending again, and waiting for the digest after one that came back.
    late = {State.SETTLED: {State.BOUNCED}, State.FAILED: {State.READY}, State.BOUNCED: {State.FOLDED}}
    left = {state: {to for to in State if state in MAY_COME_FROM[to]} for state in TERMINAL}
    assert {state: to for state, to in left.items() if to} == late


@pytest.mark.parametrize(
    ("state", "age", "after"),
    [
        (State.HELD, timedelta(days=7), "expired"),
        (State.FOLDED, timedelta(days=7), "expired"),
        (State.READY, timedelta(days=7), "expired"),
        (State.DEFERRED, timedelta(days=7), "expired"),
        (State.LEASED, timedelta(minutes=2), "ready"),
        (State.ATTEMPTING, timedelta(minutes=12), "unknown"),
        (State.ACCEPTED, timedelta(days=6), "settled"),
        (State.UNKNOWN, timedelta(minutes=1), "ready"),
    ],
)
def test_each_state_ends_at_its_age_and_not_before(
    post: Post, live: Sink, move_clock: Move, state: State, age: timedelta, after: str
) -> None:
    row = put(post, state, "confirm:1", attempts=3)
    noise = put(post, State.CANCELLED, "confirm:2")
    move_clock(age - timedelta(seconds=20))
    sweep()
    assert post.state(row) == state
    move_clock(age + timedelta(seconds=5))
    sweep()
    assert after in post.story(row)
    assert post.state(noise) == "cancelled"


def test_what_may_have_left_is_never_ready_at_once(post: Post, live: Sink, move_clock: Move) -> None:
    letter, confirm = (put(post, State.ATTEMPTING, key) for key in ("letter:1", "confirm:1"))
    move_clock(timedelta(minutes=13))
    sweep()
    assert (post.state(letter), post.state(confirm)) == ("unknown", "unknown")
    move_clock(timedelta(days=40))
    sweep()
    assert post.state(letter) == "unknown"  # a person decides, however long it takes


def test_an_unknown_to_a_person_goes_again_twice_then_waits_for_a_person(
    post: Post, live: Sink, move_clock: Move
) -> None:
    row = put(post, State.UNKNOWN, "confirm:1", epoch=5, sent_again=SENT_AGAIN_AT_MOST - 1)
    move_clock(timedelta(minutes=2))
    sweep()
    assert (post.state(row), post.row(row).epoch, post.row(row).sent_again) == ("ready", 6, SENT_AGAIN_AT_MOST)
    session.execute(update(Message).values(state="unknown"))
    session.commit()
    move_clock(timedelta(minutes=10))
    sweep()
    assert post.state(row) == "unknown"


def test_a_captured_letter_may_go_again_since_a_file_overwrites_itself(post: Post, move_clock: Move) -> None:
    row = put(post, State.UNKNOWN, "letter:1")
    move_clock(timedelta(minutes=2))
    sweep()
    assert post.state(row) == "ready"


def test_whoever_is_suppressed_is_told_nothing_more(post: Post, live: Sink) -> None:
    held, ready = put(post, State.HELD, "confirm:1"), put(post, State.READY, "confirm:2")
    begun, noise = put(post, State.ATTEMPTING, "confirm:3"), put(post, State.READY, "letter:1")
    suppressing.suppress(Address.parse(ALICE).index(), "complained")
    session.commit()
    sweep()
    states = [post.state(row) for row in (held, ready, begun, noise)]
    assert states == ["suppressed", "suppressed", "attempting", "ready"]


def test_a_suppression_may_end(post: Post, live: Sink, move_clock: Move) -> None:
    suppressing.suppress(Address.parse(ALICE).index(), "full", lasting=timedelta(days=1))
    session.commit()
    move_clock(timedelta(days=2))
    row = post.confirm()
    sweep()
    post.drain()
    assert post.state(row) == "accepted"


def test_more_than_one_sweep_s_worth_is_swept(post: Post, live: Sink, move_clock: Move) -> None:
    post.letter()
    copies = (
        "INSERT INTO message (id, kind, lane, dedupe_key, language, recipient_index, mailbox_index, recipient_domain,"
        " mode, expires_at, token) SELECT gen_random_uuid(), kind, lane, 'copy:' || n, language, recipient_index,"
        " mailbox_index, recipient_domain, mode, expires_at, n::text FROM message, generate_series(1, 2500) n"
    )
    session.connection().exec_driver_sql(copies)
    session.commit()
    move_clock(timedelta(days=61))
    assert sweep()["expired"] == 2501
    assert sweep().total() == 0


def test_at_the_end_of_all_ages_everything_has_ended_or_waits_for_a_person(
    post: Post, live: Sink, move_clock: Move
) -> None:
    rows = [put(post, state, f"{kind}:{state}") for state in State for kind in ("letter", "confirm")]
    for days in range(1, 80, 3):
        move_clock(timedelta(days=days))
        sweep()
    left = {(post.row(row).kind, post.state(row)) for row in rows if post.state(row) not in TERMINAL}
    assert left <= {("test_letter", "unknown"), ("test_confirm", "unknown")}
    assert ("test_letter", "unknown") in left
