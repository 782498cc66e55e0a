"""The count is exact whatever runs at once or dies half way, and it says nothing about single people."""

from __future__ import annotations

import multiprocessing
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from campaign.appeals.models import Appeal
from campaign.db import engine, make_engine, session
from campaign.organisers import audit
from campaign.petition import counting, ending
from campaign.petition.counting import milestone
from tests.cast import a_signature, an_appeal


@pytest.fixture
def appeal(context: Flask) -> Appeal:
    counting._kept.clear()
    return an_appeal()[0]


@pytest.fixture
def wording(appeal: Appeal) -> UUID:
    return session.scalar(text("SELECT id FROM consent_wording WHERE appeal_id = :id"), {"id": appeal.id})


def folded(appeal: Appeal) -> int:
    query = text("SELECT coalesce(sum(signatures), 0) FROM tally WHERE appeal_id = :id")
    return int(session.scalar(query, {"id": appeal.id}))


def test_it_works(appeal: Appeal, wording: UUID) -> None:
    other, other_wording = an_appeal("another")
    a_signature(other, other_wording)
    for country in ("FR", "FR", None):
        a_signature(appeal, wording, country=country)
    for state in ("pending", "withdrawn", "invalidated", "lapsed", "expired", "erased"):
        a_signature(appeal, wording, state=state)
    assert counting.tally(appeal.id).by_country == {"FR": 2, "": 1}
    assert folded(appeal) == 0
    assert counting.fold() > 0
    assert folded(appeal) == 3
    assert counting.count(appeal) == 3
    assert counting.fold() == 0


def test_held_does_not_count_until_released(appeal: Appeal, wording: UUID) -> None:
    held = a_signature(appeal, wording, held_at=text("clock()"))
    assert counting.tally(appeal.id).total == 0
    held.held_at = None
    session.commit()
    assert counting.tally(appeal.id).total == 1


def test_whatever_takes_a_signature_away_is_counted(appeal: Appeal, wording: UUID) -> None:
    signatures = [a_signature(appeal, wording, country=c) for c in ("FR", "DE", "SE", "NO")]
    counting.fold()
    ending.withdraw(signatures[0].id)
    ending.erase(signatures[1].id)
    session.execute(text("DELETE FROM signature WHERE id = :id"), {"id": signatures[2].id})
    session.execute(text("UPDATE signature SET country = 'IS' WHERE id = :id"), {"id": signatures[3].id})
    session.commit()
    assert counting.tally(appeal.id).by_country == {"IS": 1}
    counting.fold()
    assert folded(appeal) == 1


def test_a_folder_that_dies_changes_nothing(appeal: Appeal, wording: UUID) -> None:
    for _ in range(3):
        a_signature(appeal, wording)
    session.execute(counting._FOLD)
    session.rollback()  # as when its process is killed before the commit
    assert folded(appeal) == 0
    counting.fold()
    assert folded(appeal) == 3


def test_of_two_that_count_at_once_one_is_killed_half_way(appeal: Appeal, wording: UUID) -> None:
    for _ in range(5):
        a_signature(appeal, wording)
    with engine().connect() as victim:
        victim.execute(counting._FOLD)
        a_signature(appeal, wording, country="FR")
        counting.fold()  # passes over what the other holds
        assert folded(appeal) == 1
        assert counting.tally(appeal.id).by_country == {"DE": 5, "FR": 1}
        pid = victim.scalar(text("SELECT pg_backend_pid()"))
        session.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
        session.commit()
        with pytest.raises(OperationalError):
            victim.commit() or victim.execute(text("SELECT 1"))
        victim.invalidate()
    assert counting.tally(appeal.id).total == 6
    while counting.fold():
        pass
    assert (folded(appeal), counting.reconcile()) == (6, 0)


def _die_half_way(url: str, folded: Any) -> None:
    """A counter in a process of its own that has folded but not yet committed, and waits to be killed."""
    with make_engine(url).connect() as connection:
        connection.execute(counting._FOLD)
        folded.set()
        time.sleep(60)


def test_of_two_counters_one_process_is_killed_half_way(app: Flask, appeal: Appeal, wording: UUID) -> None:
    for _ in range(5):
        a_signature(appeal, wording)
    apart = multiprocessing.get_context("spawn")
    half_way = apart.Event()
    victim = apart.Process(target=_die_half_way, args=(app.config["DATABASE_URL"], half_way), daemon=True)
    victim.start()
    assert half_way.wait(30)
    a_signature(appeal, wording, country="FR")
    counting.fold()  # the other counter, at the same moment: it passes over what the first holds
    assert folded(appeal) == 1
    assert counting.tally(appeal.id).by_country == {"DE": 5, "FR": 1}

    victim.kill()
    victim.join(10)

    assert victim.exitcode == -signal.SIGKILL
    deadline = time.monotonic() + 10
    while folded(appeal) < 6 and time.monotonic() < deadline:  # until PostgreSQL has noticed and rolled back
        counting.fold()
    assert folded(appeal) == 6
    assert counting.tally(appeal.id).by_country == {"DE": 5, "FR": 1}
    assert counting.reconcile() == 0


def test_folding_beside_folding_and_signing_stays_exact(app: Flask, appeal: Appeal, wording: UUID) -> None:
    def sign_and_fold(number: int) -> None:
        with app.app_context():
            kept = a_signature(appeal, wording, country="DE" if number % 2 else "FR")
            counting.fold()
            if number % 3 == 0:
                ending.withdraw(kept.id)
                session.execute(counting._FOLD)
                session.rollback()
            counting.fold()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(sign_and_fold, range(60)))
    while counting.fold():
        pass
    assert folded(appeal) == 40
    assert session.scalar(text("SELECT count(*) FROM tally_change")) == 0
    assert counting.reconcile() == 0


def test_reading_while_folding_never_sees_half(appeal: Appeal, wording: UUID) -> None:
    a_signature(appeal, wording)
    with engine().begin() as folder:
        folder.execute(counting._FOLD)
        assert counting.tally(appeal.id).total == 1
    session.rollback()
    assert counting.tally(appeal.id).total == 1


def test_reconciling_corrects_what_somebody_broke(appeal: Appeal, wording: UUID) -> None:
    other, other_wording = an_appeal("another")
    a_signature(other, other_wording)
    a_signature(appeal, wording)
    counting.fold()
    session.execute(text("UPDATE tally SET signatures = 7 WHERE appeal_id = :id"), {"id": appeal.id})
    session.execute(text("INSERT INTO tally VALUES (:id, 'XX', 2)"), {"id": appeal.id})
    session.commit()
    assert counting.reconcile() == 2
    assert counting.tally(appeal.id).by_country == {"DE": 1}
    assert counting.tally(other.id).by_country == {"DE": 1}
    assert counting.reconcile() == 0
    noted = [deed for deed in audit.listing() if deed.action == "count.corrected"]
    assert sorted(deed.details["signatures"] for deed in noted) == [-6, -2]
    assert {(deed.actor, deed.subject) for deed in noted} == {("system", f"appeal {appeal.slug}")}


def test_a_deleted_appeal_does_not_stop_the_others(appeal: Appeal, wording: UUID) -> None:
    gone, gone_wording = an_appeal("gone")
    a_signature(gone, gone_wording)
    for table in ("signature", "consent_wording"):
        session.execute(text(f"DELETE FROM {table} WHERE appeal_id = :id"), {"id": gone.id})
    session.execute(text("DELETE FROM appeal WHERE id = :id"), {"id": gone.id})
    a_signature(appeal, wording)
    counting.fold()
    assert folded(appeal) == 1


@pytest.mark.parametrize(
    ("signatures", "expected"),
    [(0, 50), (42, 50), (43, 100), (84, 100), (85, 250), (212, 250), (213, 500), (849, 1000), (850, 2500)],
)
def test_the_next_milestone_is_never_nearly_reached(signatures: int, expected: int) -> None:
    assert milestone(signatures) == expected


def test_past_the_last_milestone_come_its_multiples() -> None:
    assert milestone(900, steps=(100, 1000)) == 2000
    assert milestone(5_000, steps=(100, 1000)) == 6000


def test_a_milestone_never_moves_back(appeal: Appeal, wording: UUID) -> None:
    signatures = [a_signature(appeal, wording) for _ in range(43)]
    counting.fold()
    assert counting.goal(appeal) == 100
    for signature in signatures[:30]:
        ending.withdraw(signature.id)
    counting.fold()
    counting._kept.clear()
    assert counting.count(appeal) == 13
    assert counting.goal(appeal) == 100


def test_small_countries_are_folded(appeal: Appeal, wording: UUID) -> None:
    for country, people in (("DE", 6), ("FR", 5), ("IS", 4), ("LI", 1), (None, 3)):
        for _ in range(people):
            a_signature(appeal, wording, country=country)
    found = counting.countries(appeal)
    assert found.named == (("DE", 6), ("FR", 5))
    assert found.elsewhere == 5


def test_a_count_is_kept_for_a_second_only(appeal: Appeal, wording: UUID, monkeypatch: pytest.MonkeyPatch) -> None:
    moment = 1000.0
    monkeypatch.setattr(counting.time, "monotonic", lambda: moment)
    assert counting.count(appeal) == 0
    a_signature(appeal, wording)
    assert counting.count(appeal) == 0
    moment += 1.1
    assert counting.count(appeal) == 1


def test_the_worker_folds_and_reconciles(app: Flask, appeal: Appeal, wording: UUID) -> None:
    tasks, beat = app.extensions["celery"].tasks, app.extensions["celery"].conf.beat_schedule
    a_signature(appeal, wording)
    tasks["petition.count"]()
    assert folded(appeal) == 1
    session.execute(text("UPDATE tally SET signatures = 9"))
    session.commit()
    tasks["petition.reconcile"]()
    assert counting.tally(appeal.id).total == 1
    assert beat["petition.count"]["schedule"] <= 2
    assert beat["petition.expire"]["schedule"] <= 3600
