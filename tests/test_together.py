"""What many ask for at the same moment is done once for all of them, and each hears what became of its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.exc import DataError, OperationalError

from campaign import together

CROWD = 40


@pytest.fixture
def bare() -> Flask:
    """As much of an app as the queues need."""
    made = Flask(__name__)
    together.init_app(made)
    return made


@pytest.fixture
def batches() -> list[list[int]]:
    """What was done at once."""
    return []


@pytest.fixture
def work(batches: list[list[int]]) -> Callable[[Sequence[int]], list[int]]:
    """Slow enough for others to come meanwhile; 13 cannot be done, and at 666 the server goes away."""

    def double(numbers: Sequence[int]) -> list[int]:
        batches.append(list(numbers))
        time.sleep(0.02)
        if 13 in numbers:
            raise DataError("13", None, ValueError())
        if 666 in numbers:
            raise OperationalError("666", None, ValueError())
        return [2 * number for number in numbers]

    return double


def all_at_once(bare: Flask, work: Any, numbers: Sequence[int], apart: bool = False) -> Iterator[Any]:
    """Each from a thread of its own, begun together; what each heard."""
    begin = threading.Barrier(len(numbers))

    def ask(number: int) -> Any:
        begin.wait()
        with bare.app_context():
            try:
                return together.done(work, number, apart="same" if apart else None)
            except (DataError, OperationalError) as error:
                return type(error)

    with ThreadPoolExecutor(len(numbers)) as crowd:
        return crowd.map(ask, numbers)


def test_it_works(bare: Flask, work: Any, batches: list[list[int]]) -> None:
    numbers = range(100, 100 + CROWD)
    assert list(all_at_once(bare, work, numbers)) == [2 * number for number in numbers]
    assert sorted(chain(*batches)) == list(numbers), "each once"
    assert len(batches) < CROWD / 4


def test_who_comes_alone_is_not_kept_waiting(bare: Flask, work: Any, batches: list[list[int]]) -> None:
    with bare.app_context():
        assert [together.done(work, number) for number in (1, 2, 3)] == [2, 4, 6]
    assert batches == [[1], [2], [3]]


def test_what_one_did_wrong_harms_nobody_else(bare: Flask, work: Any) -> None:
    assert list(all_at_once(bare, work, [1, 2, 13, 4])) == [2, 4, DataError, 8]


def test_without_a_server_all_hear_of_it_and_the_next_are_done(
    bare: Flask, work: Any, batches: list[list[int]]
) -> None:
    heard = list(all_at_once(bare, work, [666, *range(10)]))
    assert heard[0] is OperationalError
    for number, said in enumerate(heard[1:]):
        assert said in {2 * number, OperationalError}
    assert sorted(chain(*batches)) == [*range(10), 666], "nothing is tried twice: it may have been done"
    with bare.app_context():
        assert together.done(work, 5) == 10


def test_no_two_of_a_kind_are_done_at_once(bare: Flask, work: Any, batches: list[list[int]]) -> None:
    assert list(all_at_once(bare, work, [1, 2, 3, 4], apart=True)) == [2, 4, 6, 8]
    assert [len(batch) for batch in batches] == [1, 1, 1, 1]


def test_a_batch_has_an_end(bare: Flask, work: Any, batches: list[list[int]]) -> None:
    numbers = range(200, 200 + together.MOST + 10)
    assert list(all_at_once(bare, work, numbers)) == [2 * number for number in numbers]
    assert max(map(len, batches)) <= together.MOST
