"""A labelled flood: 1,000 fakes from 10 domains among 400 honest people (``--nightly``: 5,000 from 50 among 2,000).

Everybody signs as visitors do and confirms. Printed: what of the flood was held while it came, what of the honest was
held by mistake, and what an organiser's few decisions about domains make of it. Time is simulated: honest people come
within twenty hours, some of them from one office within three, the flood within four.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import product
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from campaign import tokens
from campaign.appeals.models import Appeal
from campaign.db import session
from campaign.mail.addresses import recorded_domain
from campaign.mail.providers import LARGE
from campaign.organisers import accounts
from campaign.organisers.models import Organiser
from campaign.petition import confirming, counting
from campaign.petition.defence import carrying_out, crowds, deciding, trusting
from campaign.petition.defence.selecting import INVALIDATE, RELEASE, Selection, effect
from tests.cast import PAGE, the_appeal, typed
from tests.letter_stage import send as write_a_letter

HOUR = 3600
OFFICE = "198.51.100.7"  # behind which a tenth of the honest sit
SOCIETY = "society.example"  # whose people sign on its day, as nobody knew before
GIVEN = [
    *("Ali", "Ana", "Anna", "Bob", "Chloé", "Dina", "Elif", "Emma", "Farid", "Hana"),
    *("Ingrid", "Ivan", "Jan", "José", "Leila", "Lina", "Maria", "Mehdi", "Mina", "Nora"),
]
_SYLLABLES = ("ka", "mi", "ro", "ta", "len", "ber", "sa", "ni", "der", "vin", "go", "pal")
FAMILY = [f"{a}{b}{c}".title() for a, b, c in product(_SYLLABLES, repeat=3)]
BROWSER = {"Sec-Fetch-Site": "same-origin"}


@dataclass
class Visit:
    """Somebody who signs at a moment of the simulated day."""

    at: float
    name: str
    email: str
    network: str
    headers: dict[str, str]
    fake: bool
    signature: UUID | None = None
    pages: tuple[str, ...] = field(default=())


@pytest.fixture
def appeal(context: Flask) -> Appeal:
    return the_appeal()


@pytest.fixture
def olga(context: Flask) -> Organiser:
    return accounts.add("olga@desk.example")


def honest(number: int, dice: random.Random) -> Iterator[Visit]:
    large = sorted(LARGE)
    for n in range(number):
        at, network, domain = dice.uniform(0, 20) * HOUR, _somewhere(dice), dice.choice(large)
        if n % 10 == 0:
            at, network = dice.uniform(9, 12) * HOUR, OFFICE
        elif n % 33 == 1:
            domain = SOCIETY
        elif n % 4 == 1:
            domain = f"home{n}.example"
        name = f"{dice.choice(GIVEN)} {dice.choice(FAMILY)}"
        yield Visit(at, name, f"p{n}@{domain}", network, BROWSER if dice.random() < 0.9 else {}, False)


def fakes(number: int, domains: list[str], dice: random.Random) -> Iterator[Visit]:
    """Half from a few hired machines, half from homes all over the world; some of them in a hurry with names."""
    for n in range(number):
        network = f"203.0.{n % 5}.9" if n % 2 else _somewhere(dice)
        name = "Xxxx Yyyy" if n % 10 == 0 else f"{dice.choice(GIVEN)} {dice.choice(FAMILY)}"
        at = dice.uniform(8, 12) * HOUR
        yield Visit(at, name, f"f{n}@{domains[n % len(domains)]}", network, BROWSER if n % 3 else {}, True)


def _somewhere(dice: random.Random) -> str:
    return f"{dice.randint(1, 126)}.{dice.randint(0, 255)}.{dice.randint(0, 255)}.{dice.randint(1, 254)}"


def come(client: FlaskClient, visits: list[Visit], monkeypatch: pytest.MonkeyPatch) -> None:
    """Let everybody sign, in the order of their day; every twentieth also looks at the page after it."""
    form, midnight = typed(client), int(crowds.time.time()) // 86400 * 86400
    for n, visit in enumerate(sorted(visits, key=lambda one: one.at)):
        moment = midnight + visit.at
        with monkeypatch.context() as simulated:
            simulated.setattr(crowds, "time", _At(moment))
            answer = client.post(
                f"{PAGE}/sign",
                data=form | {"name": visit.name, "email": visit.email},
                headers=visit.headers,
                environ_base={"REMOTE_ADDR": visit.network},
            )
        assert answer.status_code == 303
        token = answer.location.removeprefix("/sent/")
        visit.signature = tokens.read("sent", token, max_age=3600)
        pages = [answer.text, *([client.get(answer.location).text] if n % 20 == 0 else [])]
        visit.pages = tuple(re.sub(re.escape(token), "TOKEN", page) for page in pages)


class _At:
    """A clock that stands still."""

    def __init__(self, moment: float) -> None:
        self.time = lambda: moment


def held_now() -> set[UUID]:
    session.rollback()
    query = "SELECT id FROM signature WHERE held_at IS NOT NULL AND state IN ('pending', 'confirmed')"
    return set(session.scalars(text(query)))


def everything() -> list[Any]:
    session.rollback()
    return list(session.execute(text("SELECT id, state, held_at, held_reasons, ended_at FROM signature ORDER BY id")))


def total(appeal: Appeal) -> int:
    assert counting.reconcile() == 0
    return counting.tally(appeal.id).total


def test_it_works(
    app: Flask, appeal: Appeal, olga: Organiser, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    number, people, spread = (5000, 2000, 50) if request.config.getoption("--nightly") else (1000, 400, 10)
    dice = random.Random(2026)
    domains = [f"cheap{n}.example" for n in range(spread)]
    visits = [*honest(people, dice), *fakes(number, domains, dice)]
    client = app.test_client()
    trusting._known.clear()
    come(client, visits, monkeypatch)

    # Nobody could see a difference.
    assert len({visit.pages[0] for visit in visits}) == 1
    assert len({visit.pages[1] for visit in visits if len(visit.pages) > 1}) == 1
    mailed = "SELECT count(*) FROM message WHERE kind = 'confirm'"
    assert session.scalar(text(mailed)) == len(visits)

    confirmed = [confirming.confirm(visit.signature, now=datetime.now(UTC)) for visit in visits if visit.signature]
    assert set(confirmed) == {confirming.Outcome.CONFIRMED}
    held = held_now()
    caught = sum(visit.signature in held for visit in visits if visit.fake)
    by_mistake = sum(visit.signature in held for visit in visits if not visit.fake)
    print(f"\nheld while it came: {caught} of {number} fakes ({caught / number:.1%}), "
          f"{by_mistake} of {people} honest ({by_mistake / people:.1%})")  # fmt: skip
    assert caught / number >= 0.75
    assert by_mistake / people <= 0.03
    assert total(appeal) == len(visits) - caught - by_mistake

    # What an organiser does about it, each with a look ahead; and takes back.
    before, counted = everything(), total(appeal)
    made = []
    for selection, what in [
        *((Selection(held_only=False, domain=recorded_domain(domain)), INVALIDATE) for domain in domains),
        (Selection(), RELEASE),
    ]:
        looked = effect(appeal, selection, what)
        if looked.found:
            made.append(deciding.decide(appeal, selection, what=what, why="machine", by=olga))
            carrying_out.carry_out()
            assert total(appeal) == looked.after
    print(f"after {len(made)} decisions the count is {total(appeal)}: {people} signed honestly")
    assert total(appeal) == people
    for decision in reversed(made):
        deciding.undo(decision, appeal=appeal, by=olga)
        carrying_out.carry_out()
    assert everything() == before
    assert total(appeal) == counted


def test_nobody_is_turned_away_for_where_they_sit(app: Flask, appeal: Appeal) -> None:
    client = app.test_client()
    form = typed(client)
    signed = {client.post(f"{PAGE}/sign", data=form | {"email": f"p{n}@x.example"}).status_code for n in range(100)}
    written = {write_a_letter(client, email=f"p{n}@x.example").status_code for n in range(40)}
    assert (signed, written) == ({303}, {303})
