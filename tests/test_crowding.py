"""Nobody is bombed with our help: mail about one signature ends, and what one domain cannot bear in an hour waits."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import text

from campaign.db import session
from campaign.mail import crowding, draining, outbox
from campaign.mail.addresses import Address
from campaign.organisers import accounts, links
from campaign.petition import confirming, signing
from campaign.petition.models import Signature
from tests.cast import a_signer, an_appeal

HOUR = timedelta(hours=1)


def sign(address: str, slug: str = "test-appeal") -> Signature:
    found = an_appeal(slug) if slug not in _appeals else _appeals[slug]
    _appeals[slug] = found
    appeal, wording = found
    row = signing.sign(appeal, a_signer(email=address), language="en", wording_id=wording, now=datetime.now(UTC))
    session.rollback()
    return session.get_one(Signature, row)


_appeals: dict[str, Any] = {}


@pytest.fixture(autouse=True)
def few(context: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Small caps, so that a few mails are many; noise goes to another domain."""
    _appeals.clear()
    crowding._known.clear()
    monkeypatch.setattr(crowding, "AN_HOUR", 3)
    monkeypatch.setattr(crowding, "AN_HOUR_LARGE", 5)
    for n in range(4):
        sign(f"noise{n}@quiet-street.org")


def waits(domain: str) -> list[float]:
    """After how many hours each mail to a domain may go, in the order in which they were asked for."""
    session.rollback()
    query = "SELECT extract(epoch FROM not_before - created_at) / 3600 FROM message WHERE recipient_domain = ANY(:d)"
    names = {"d": [domain, outbox_domain(domain)]}
    return [round(float(hours), 1) for hours in session.scalars(text(query + " ORDER BY created_at"), names)]


def outbox_domain(domain: str) -> str:
    return str(outbox.addressed(Address.parse(f"x@{domain}"), language="en")["mail_recipient_domain"])


def test_it_works() -> None:
    for n in range(8):
        sign(f"person{n}@wrenhouse.org")
    assert waits("wrenhouse.org") == [0, 0, 0, 1, 1, 1, 2, 2]
    assert session.scalar(text("SELECT count(*) FROM signature WHERE state = 'pending'")) == 12


def test_what_waits_is_sent_when_its_hour_comes(move_clock: Callable[[timedelta], None], mails: Any) -> None:
    for n in range(5):
        sign(f"person{n}@wrenhouse.org")
    draining.drain()
    sent = len(mails())
    session.close()
    move_clock(HOUR + timedelta(minutes=1))
    draining.drain()
    assert (sent, len(mails())) == (6, 9)


def test_a_large_provider_bears_more(monkeypatch: pytest.MonkeyPatch) -> None:
    for n in range(7):
        crowding._known.clear()
        sign(f"person{n}@gmail.com")
    assert waits("gmail.com") == [0, 0, 0, 0, 0, 1, 1]


def test_a_large_provider_is_looked_at_once_a_second() -> None:
    for n in range(7):
        sign(f"person{n}@gmail.com")
    assert waits("gmail.com") == [0] * 7


def test_an_organiser_gets_in_whatever_is_sent_to_their_domain() -> None:
    for n in range(4):
        sign(f"person{n}@wrenhouse.org")
    accounts.add("olga@wrenhouse.org")
    links.send(Address.parse("olga@wrenhouse.org"), language="en")
    assert waits("wrenhouse.org") == [0, 0, 0, 1, 0]


def test_five_mails_about_one_signature_and_no_more(move_clock: Callable[[timedelta], None]) -> None:
    signature = sign("alice@elsewhere.org", slug="plain")
    _appeals["plain"][0].sensitive = False
    session.commit()
    confirming.confirm(signature.id, now=datetime.now(UTC))
    for day in range(1, 9):
        later = datetime.now(UTC) + timedelta(days=day)
        session.close()
        move_clock(timedelta(days=day))
        appeal, wording = _appeals["plain"]
        signing.sign(appeal, a_signer(email="alice@elsewhere.org"), language="en", wording_id=wording, now=later)
    session.rollback()
    mine = "SELECT kind FROM message WHERE subject_id = :id ORDER BY created_at"
    kinds = list(session.scalars(text(mine), {"id": signature.id}))
    assert kinds == ["confirm", "receipt", "already_signed", "already_signed", "already_signed"]
    confirming.request_receipt(signature.id, now=datetime.now(UTC) + timedelta(days=20))
    assert len(list(session.scalars(text(mine), {"id": signature.id}))) == signing.EVER


def test_what_nobody_typed_is_not_capped() -> None:
    for n in range(5):
        outbox.enqueue(
            kind="receipt", subject_id=uuid4(), address=f"p{n}@wrenhouse.org", language="en", dedupe_key=f"r{n}"
        )
    session.commit()
    assert waits("wrenhouse.org") == [0] * 5
