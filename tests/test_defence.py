"""What is held and why: signals add up, a crowd alone is not enough, nothing lasts, and nobody is told."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from campaign import limits
from campaign.appeals.models import Appeal
from campaign.db import session
from campaign.mail.addresses import recorded_domain
from campaign.organisers import accounts
from campaign.petition import counting, expiring, signing
from campaign.petition.defence import carrying_out, crowds, deciding, scoring, trusting
from campaign.petition.defence.selecting import Selection
from campaign.petition.defence.weights import HELD_FROM, SIGNALS, words
from tests.cast import a_signature, a_signer, an_appeal, the_appeal
from tests.cast import sign as sign_as
from tests.test_mail_worker import wait_until

APPEAL = uuid4()
_FAMILIES = ("Moreau", "Okafor", "Nyström", "Karimi", "Lefèvre", "Müller", "Papadaki", "Wang", "Shevchenko", "Haddad")


def names() -> Any:
    """Names of people who have nothing to do with each other."""
    return (f"{chr(65 + n % 26)}{chr(97 + n // 26 % 26)}no {_FAMILIES[n % 10]}" for n in count())


def look(name: str = "Alice Moreau", email: str = "alice@gmail.com", **seen: Any) -> list[str]:
    plain = {"appeal_id": APPEAL, "network": "n1", "onion": False, "trapped": False, "browser": True}
    return scoring.reasons_to_hold([scoring.look_at(a_signer(name, email), **{**plain, **seen})])[0]


def test_it_works(context: Flask) -> None:
    assert look() == []
    assert look(trapped=True) == ["trap"]
    assert look("Qqqqqq", "eve@mailinator.com") == ["disposable", "name_shape"]
    assert look("Qqqqqq") == look(email="alice@yopmail.com") == []  # one of them is no reason


def test_every_reason_has_words_and_no_crowd_is_one_alone() -> None:
    assert all(words(code) for code in SIGNALS)
    assert all(signal.weight < HELD_FROM for signal in SIGNALS.values() if signal.crowd)
    crowd = [signal.weight for signal in SIGNALS.values() if signal.crowd == "network" and signal.seconds <= 3600]
    assert sum(crowd) + SIGNALS["no_browser"].weight < HELD_FROM


def test_a_busy_office_is_not_held(context: Flask) -> None:
    several = names()
    assert all(not look(next(several), f"p{n}@gmail.com", browser=n % 2 == 0) for n in range(120))


def test_as_many_as_no_office_has_are(context: Flask) -> None:
    several = names()
    seen = [look(next(several), f"p{n}@gmail.com") for n in range(160)]
    assert seen[149] == []
    assert seen[159] == ["network_minute", "network_hour", "network_day"]
    assert look("Bob Okafor", "bob@gmail.com", network="n2") == []
    assert look("Bob Okafor", "bob@gmail.com", appeal_id=uuid4()) == []


def test_whoever_comes_by_the_onion_address_has_a_wider_door(context: Flask) -> None:
    several = names()
    seen = [look(next(several), f"p{n}@gmail.com", onion=True, network="all", browser=False) for n in range(620)]
    assert not any(seen)


def test_a_mix_of_countries_that_changes_at_once_weighs_a_little(context: Flask) -> None:
    several = names()

    def comes(n: int, name: str) -> list[str]:
        return look(name, f"p{n}@gmail.com", network=f"n{n}", rare_country="IS", unproved=True)

    assert not any(comes(n, next(several)) for n in range(30)), "one sign is not enough"
    assert comes_last(lambda n: look(next(several), f"p{n}@gmail.com", network=f"m{n}", rare_country="IS"), 80) == []
    assert look("Qqqqq", "eve@gmail.com", network="n", rare_country="IS") == []
    assert look("Qqqqq", "eve@mailinator.com", network="n", rare_country="IS") == [
        "disposable",
        "name_shape",
        "country_mix",
    ]


def test_a_country_is_rare_where_hardly_anybody_signed_from(context: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    appeal, _wording = an_appeal()
    monkeypatch.setattr(counting, "counted", lambda _appeal: counting.Count({"FR": 490, "IS": 9}, 499))
    assert not counting.is_rare(appeal, "IS"), "too few to know"
    monkeypatch.setattr(counting, "counted", lambda _appeal: counting.Count({"FR": 490, "IS": 10}, 500))
    assert [counting.is_rare(appeal, country) for country in ("IS", "SE", "FR")] == [False, True, False]


def test_a_domain_that_comes_out_of_nowhere_is_held(context: Flask) -> None:
    several = names()
    seen = [look(next(several), f"p{n}@fresh.example", network=f"n{n}") for n in range(20)]
    assert [bool(reasons) for reasons in seen] == [False] * 15 + [True] * 5
    assert seen[-1] == ["domain_new", "domain_hour"]


def test_a_small_domain_that_is_known_is_not(context: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    look("Alice Moreau", "alice@university.example")
    two_days_on = crowds.time.time() + 2 * 86400
    monkeypatch.setattr(crowds.time, "time", lambda: two_days_on)
    several = names()
    assert not any(look(next(several), f"p{n}@university.example", network=f"n{n}") for n in range(60))


def test_what_an_organiser_let_count_is_not_held_for_that_again(context: Flask) -> None:
    appeal, wording = an_appeal()
    several = names()

    def comes(n: int) -> list[str]:
        return look(next(several), f"p{n}@university.example", appeal_id=appeal.id, network=f"n{n}")

    assert comes_last(comes, 30) == ["domain_new", "domain_hour", "domain_flood"]
    domain = recorded_domain("university.example")
    a_signature(appeal, wording, held_at=text("clock()"), domain=domain)
    released = deciding.decide(appeal, Selection(domain=domain), what="release", by=accounts.add("olga@example.org"))
    trusting._known.clear()
    assert comes_last(comes, 30) == []
    assert look("Qqqqq", "eve@mailinator.com", appeal_id=appeal.id) != []
    carrying_out.carry_out()
    deciding.undo(released, appeal=appeal, by=accounts.add("olga@example.org"))
    trusting._known.clear()
    assert comes_last(comes, 30) != []


def comes_last(comes: Callable[[int], list[str]], number: int) -> list[str]:
    return [comes(n) for n in range(number)][-1]


def test_one_name_again_and_again_is_seen_under_any_spelling(context: Flask) -> None:
    spelt = ("Éve Noël", "EVE NOEL", "eve  noel")
    seen = [look(spelt[n % 3], f"p{n}@gmail.com", network=f"n{n}") for n in range(60)]
    assert seen[49] == []
    assert seen[59] == ["name_many", "name_flood"]


@pytest.mark.parametrize("name", ["Anna Hannah", "李 小龍", "Lloyd Aaronson", "علی‌رضا نوری‌زاده", "Wooo Ng", "Bo Li"])
def test_real_names_are_not_odd(name: str) -> None:
    assert not scoring.is_odd(name)


@pytest.mark.parametrize("name", ["aaa", "Xxxxx Yyy", "Eve eve", "test Test"])
def test_a_hand_on_the_keyboard_is(name: str) -> None:
    assert scoring.is_odd(name)


@pytest.mark.parametrize(
    "domain", ["proton.me", "duck.com", "mozmail.com", "simplelogin.com", "riseup.net", "tuta.com"]
)
def test_who_hides_an_address_behind_a_relay_is_not_disposable(domain: str) -> None:
    assert not scoring.is_disposable(domain)


def test_counters_end_and_name_nobody(context: Flask) -> None:
    look("Alice Moreau", "alice@wrenhouse.example")
    client = limits.redis()
    kept = client.keys("*")
    assert len(kept) > 5
    assert all(0 < client.ttl(key) <= 30 * 86400 for key in kept)
    assert not any(word in key.lower() for key in kept for word in (b"alice", b"moreau", b"wrenhouse"))


def test_the_row_keeps_hashes_only_and_the_network_for_a_week(
    app: Flask, context: Flask, move_clock: Callable[[timedelta], None]
) -> None:
    the_appeal()
    sign_as(app.test_client(), email="alice@wrenhouse.example")
    sign_as(app.test_client(), email="bob@gmail.com")
    session.rollback()
    rows = session.execute(text("SELECT domain, network FROM signature ORDER BY created_at")).all()
    assert len(rows[0].domain) == 16
    assert rows[1].domain == "gmail.com"
    assert len({row.network for row in rows}) == 1
    assert expiring.forget_networks() == 0
    session.close()
    move_clock(timedelta(days=6, hours=1))
    assert expiring.forget_networks() == 2
    assert session.scalar(text("SELECT count(network) FROM signature")) == 0


def test_tomorrow_the_same_network_has_another_hash(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    def seen() -> str:
        with app.test_request_context(environ_base={"REMOTE_ADDR": "203.0.113.77"}):
            return limits.visitor()

    today = seen()
    assert seen() == today
    later = limits.time.time() + 86400
    monkeypatch.setattr(limits.time, "time", lambda: later)
    assert seen() != today
    assert all(app.extensions["redis"].ttl(key) > 0 for key in app.extensions["redis"].keys("network key*"))
    app.extensions["network key"] = (b"", 0.0)


def test_processes_share_the_key_of_the_day(app: Flask) -> None:
    first = limits_key(app)
    app.extensions["network key"] = (b"", 0.0)
    assert limits_key(app) == first


def limits_key(app: Flask) -> bytes:
    with app.app_context():
        app.extensions["redis"].set("unused", 1)
        return limits._key_of_today()


def test_only_a_proxy_on_this_machine_brings_the_onion(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.config, "ONION_URL", "http://abcdef.onion")
    monkeypatch.setitem(app.config, "TRUSTED_HOSTS", None)
    for address, host, onion in (
        ("127.0.0.1", "abcdef.onion", True),
        ("203.0.113.77", "abcdef.onion", False),
        ("127.0.0.1", "undersigned.example", False),
    ):
        with app.test_request_context(base_url=f"http://{host}", environ_base={"REMOTE_ADDR": address}):
            assert limits.by_onion() is onion


def test_a_held_signature_is_forgotten_like_any_other(context: Flask) -> None:
    appeal, wording = an_appeal()
    kept: UUID = a_signature(appeal, wording, state="pending", domain="gmail.com", network="n1").id
    session.execute(text("UPDATE signature SET created_at = clock() - interval '4 days'"))
    session.commit()
    expiring.expire()
    row = session.execute(text("SELECT domain, network FROM signature WHERE id = :id"), {"id": kept}).one()
    assert row == (None, None)


def test_when_one_of_many_cannot_be_stored_nobody_is_counted_a_second_time(app: Flask, context: Flask) -> None:
    appeal, wording = an_appeal()
    appeal_id = appeal.id
    session.commit()

    def sign(n: int, agreed_to: UUID) -> UUID:
        with app.app_context():
            who, plain = a_signer(email=f"p{n}@gmail.com"), {"onion": False, "trapped": False, "browser": True}
            given = {"language": "en", "wording_id": agreed_to, "now": datetime.now(UTC)}
            looked = scoring.look_at(who, appeal_id=appeal_id, network="n1", **plain)
            return signing.sign(session.get_one(Appeal, appeal_id), who, look=looked, **given)

    with ThreadPoolExecutor(4) as pool, app.extensions["engine"].connect() as other:
        other.execute(text("LOCK TABLE signature IN SHARE ROW EXCLUSIVE MODE"))
        first = pool.submit(sign, 0, wording)
        wait_until(lambda: app.extensions["together"], "the first, which waits for the table")
        [queue] = [one for work, one in app.extensions["together"].items() if work is signing._look_and_take]
        wait_until(lambda: queue._at_it and not queue._waiting, "the first, which waits for the table")
        rest = [pool.submit(sign, n, wording if n < 3 else uuid4()) for n in (1, 2, 3)]
        wait_until(lambda: len(queue._waiting) == 3, "those who come meanwhile")
        other.rollback()
        assert all(one.result() for one in (first, *rest[:2]))
        assert isinstance(rest[2].exception(), IntegrityError)
    counted = limits.redis()
    assert {int(counted.get(key)) for key in counted.scan_iter(f"crowd:{appeal_id.hex}:network:*")} == {4}
