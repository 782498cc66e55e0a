"""The scenarios of signing that others learnt the hard way, each as somebody lives it, through pages and mail."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import inspect, text

from campaign.appeals import queries, states
from campaign.appeals.models import Appeal
from campaign.db import session
from campaign.mail import draining, pausing
from campaign.mail.addresses import recorded_domain
from campaign.petition import counting, expiring
from campaign.petition.models import Signature
from tests.cast import a_signature, an_appeal, sign, the_appeal
from tests.conftest import link_in

Mails = Callable[[], list[Path]]
CONFIRMED = "Your signature is confirmed"


@pytest.fixture
def appeal(context: Flask) -> Appeal:
    """The bundled appeal; beside it another that somebody signed, who must not be touched."""
    appeal = the_appeal(sensitive=False)
    other, wording = an_appeal("another", state="draft")
    a_signature(other, wording)
    return appeal


@pytest.fixture
def client(appeal: Appeal, context: Flask) -> FlaskClient:
    return context.test_client()


def mail_to(mails: Mails, address: str) -> list[tuple[str, str]]:
    """Subject and text of what was mailed to an address, oldest first."""
    draining.drain()
    read = [message_from_bytes(path.read_bytes(), policy=default) for path in mails()]
    bodies = [(mail, mail.get_body(("plain",))) for mail in read if mail["To"] == address]
    return [(str(mail["Subject"]), str(body.get_content())) for mail, body in bodies if body]


def newest_link(mails: Mails, address: str = "alice@example.org", kind: str = "/confirm/") -> str:
    return link_in(mail_to(mails, address)[-1][1], kind)


def count(appeal: Appeal) -> int:
    session.rollback()
    return counting.tally(inspect(appeal).identity[0]).total  # its id, also once its session was closed


def states_of(appeal: Appeal) -> list[str]:
    session.rollback()
    query = "SELECT state FROM signature WHERE appeal_id = :id ORDER BY created_at"
    return list(session.scalars(text(query), {"id": inspect(appeal).identity[0]}))


def test_it_works(client: FlaskClient, appeal: Appeal, mails: Mails) -> None:
    sign(client)
    answer = client.post(newest_link(mails), follow_redirects=True)
    assert CONFIRMED in answer.text
    assert (states_of(appeal), count(appeal)) == (["confirmed"], 1)


def test_a_repeat_signer_counts_once_and_is_told_by_mail_only(
    client: FlaskClient, appeal: Appeal, mails: Mails
) -> None:
    first = sign(client)
    client.post(newest_link(mails))
    again = sign(client, name="Alice M.")
    assert again.status_code == first.status_code == 303
    assert "already" not in client.get(again.location).text.lower()
    draining.drain()
    assert "/mine/" in mail_to(mails, "alice@example.org")[-1][1]
    assert (states_of(appeal), count(appeal)) == (["confirmed", "lapsed"], 1)


def test_an_alias_is_the_same_person(client: FlaskClient, appeal: Appeal, mails: Mails) -> None:
    sign(client, email="alice.moreau@gmail.com")
    client.post(newest_link(mails, "alice.moreau@gmail.com"))
    sign(client, email="AliceMoreau+un@googlemail.com")
    assert (states_of(appeal), count(appeal)) == (["confirmed", "lapsed"], 1)


def test_a_plus_of_an_unknown_provider_is_another_address(client: FlaskClient, appeal: Appeal, mails: Mails) -> None:
    for address in ("alice@example.org", "alice+un@example.org"):
        sign(client, email=address)
        client.post(newest_link(mails, address))
    assert count(appeal) == 2


def test_a_shared_mailbox_is_one_signature(client: FlaskClient, appeal: Appeal, mails: Mails) -> None:
    """One address is one signature: who else sits behind a mailbox nobody can check, and a household can say so."""
    sign(client, name="Alice Moreau")
    hers = newest_link(mails)
    sign(client, name="Bob Moreau")
    his = newest_link(mails)
    assert "Bob Moreau" in client.get(his).text
    client.post(his)
    assert states_of(appeal) == ["lapsed", "confirmed"]
    assert CONFIRMED not in client.post(hers, follow_redirects=True).text
    assert count(appeal) == 1


def test_a_blocked_domain_waits_and_nobody_sees(client: FlaskClient, appeal: Appeal, mails: Mails) -> None:
    """There is no list that refuses: mail to a paused domain waits, its signers see what everybody does."""
    plain = client.get(sign(client, email="bob@elsewhere.org").location).text
    pausing.pause(f"domain:{recorded_domain('bombed.org')}", "its owner asked")
    answer = sign(client, email="alice@bombed.org")
    assert len(client.get(answer.location).text) == len(plain)
    assert mail_to(mails, "alice@bombed.org") == []
    pausing.resume(f"domain:{recorded_domain('bombed.org')}")
    client.post(newest_link(mails, "alice@bombed.org"))
    assert count(appeal) == 1


def test_a_shared_confirmation_link_shows_no_name_once_it_was_used(
    client: FlaskClient, appeal: Appeal, mails: Mails
) -> None:
    sign(client)
    link = newest_link(mails)
    client.post(link)
    seen = client.get(link).text
    assert "Moreau" not in seen
    assert "alice@" not in seen
    assert "/mine/" not in seen
    for _ in range(3):
        client.post(link)
    assert count(appeal) == 1


def test_confirming_late_within_the_grace_of_a_closed_appeal(
    client: FlaskClient, appeal: Appeal, mails: Mails
) -> None:
    sign(client)
    link = newest_link(mails)
    session.execute(text("UPDATE appeal SET state = 'open' WHERE id = :id"), {"id": appeal.id})
    session.commit()
    session.refresh(appeal)
    states.close_appeal(appeal)
    queries.forget()  # what a process keeps for a second
    assert sign_after_closing(client) == 409
    assert CONFIRMED in client.post(link, follow_redirects=True).text
    assert count(appeal) == 1


def sign_after_closing(client: FlaskClient) -> int:
    return client.post("/en/iran-detainees/sign", data={"name": "Eve", "email": "eve@example.org"}).status_code


def test_confirming_too_late_says_so_and_signing_again_works(
    client: FlaskClient, appeal: Appeal, mails: Mails, move_clock: Callable[[timedelta], None]
) -> None:
    sign(client)
    link = newest_link(mails)
    session.close()
    move_clock(timedelta(hours=72, minutes=1))
    answer = client.post(link)
    assert answer.status_code == 410
    assert count(appeal) == 0
    expiring.expire()
    sign(client)
    client.post(newest_link(mails))
    assert (states_of(appeal), count(appeal)) == (["expired", "confirmed"], 1)


def test_it_was_not_me(client: FlaskClient, appeal: Appeal, mails: Mails) -> None:
    sign(client, name="Eve’s idea of Alice")
    link = newest_link(mails)
    client.post(f"{link}/not-me")
    assert states_of(appeal) == ["erased"]
    assert session.scalar(text("SELECT sealed FROM signature WHERE appeal_id = :id"), {"id": appeal.id}) is None
    assert client.post(link).status_code == 410
    sign(client)
    client.post(newest_link(mails))
    assert count(appeal) == 1


def test_withdrawing_and_coming_back(client: FlaskClient, appeal: Appeal, mails: Mails) -> None:
    sign(client)
    client.post(newest_link(mails))
    private = newest_link(mails, kind="/mine/")
    row = session.query(Signature).filter_by(appeal_id=appeal.id).one().id
    client.post(f"{private}/signatures/{row}/withdraw")
    assert (states_of(appeal), count(appeal)) == (["withdrawn"], 0)
    sign(client)
    client.post(newest_link(mails))
    assert count(appeal) == 1


def test_a_held_signer_lives_through_the_same(client: FlaskClient, appeal: Appeal, mails: Mails) -> None:
    sign(client, website="http://eve.example")
    answer = client.post(newest_link(mails), follow_redirects=True)
    assert CONFIRMED in answer.text
    assert (states_of(appeal), count(appeal)) == (["confirmed"], 0)
    assert "/mine/" in mail_to(mails, "alice@example.org")[-1][1]
