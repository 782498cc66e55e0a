"""What we hold about a person: found by their private link only, changed by buttons only, gone when they say so."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from email import message_from_bytes, policy
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from markupsafe import escape
from sqlalchemy import text

from campaign import tokens
from campaign.appeals.models import Appeal
from campaign.db import session
from campaign.mail import draining
from campaign.petition import confirming, counting, signing
from campaign.petition.forms import VISIBILITY
from campaign.rights import erasing
from tests import cast
from tests.conftest import link_in

ALICE = "alice@example.org"
NOW = datetime(2026, 11, 24, tzinfo=UTC)


def _signed(appeal: Appeal, wording: UUID, **who: str) -> UUID:
    row = signing.sign(appeal, cast.a_signer(**who), language="en", wording_id=wording, now=NOW)
    confirming.confirm(row, now=NOW)
    return row


@pytest.fixture
def appeal(context: Flask) -> tuple[Appeal, UUID]:
    """An appeal that noise has signed too."""
    found = cast.an_appeal()
    cast.a_signature(*found)
    _signed(*found, name="Noor Haddad", email="noor@example.org")
    return found


@pytest.fixture
def alice(appeal: tuple[Appeal, UUID]) -> UUID:
    """Alice's confirmed signature, seen by everyone."""
    return _signed(*appeal, visibility="public")


def _link(row: UUID) -> str:
    return f"/mine/{tokens.make('mine', row)}"


def test_it_works(client: FlaskClient, alice: UUID) -> None:
    page = client.get(_link(alice)).text
    assert "Alice Moreau" in page
    assert "I agree." in page
    assert "Noor" not in page


def test_the_link_comes_by_mail(client: FlaskClient, alice: UUID, mails: Callable[[], list[Path]]) -> None:
    assert client.post("/en/mine", data={"email": ALICE}).status_code == 303
    draining.drain()
    read = [message_from_bytes(path.read_bytes(), policy=policy.default) for path in mails()]
    said = next(m.get_body(("plain",)).get_content() for m in read if m["Subject"] == "Your private link")
    assert "Alice" not in said
    assert client.get(link_in(said, "/mine/")).status_code == 200


def test_nobody_learns_whether_somebody_signed(client: FlaskClient, alice: UUID) -> None:
    known = client.post("/en/mine", data={"email": ALICE})
    unknown = client.post("/en/mine", data={"email": "eve@example.org"})
    assert (known.status_code, known.location, known.data) == (unknown.status_code, unknown.location, unknown.data)


def test_withdrawing_stops_the_counting(client: FlaskClient, appeal: tuple[Appeal, UUID], alice: UUID) -> None:
    before = counting.tally(appeal[0].id).total
    button = f"{_link(alice)}/signatures/{alice}/withdraw"
    assert button in client.get(_link(alice)).text
    client.post(button)
    session.rollback()
    assert cast.state(alice) == "withdrawn"
    assert counting.tally(appeal[0].id).total == before - 1


def test_a_name_is_hidden_again(client: FlaskClient, alice: UUID) -> None:
    named = text("SELECT public_name FROM signature WHERE id = :id")
    assert session.scalar(named, {"id": alice}) == "Alice Moreau"
    session.rollback()
    client.post(f"{_link(alice)}/signatures/{alice}/visibility", data={"visibility": "counted"})
    assert session.scalar(named, {"id": alice}) is None


def test_who_sees_a_name_is_asked_in_the_words_of_the_form(client: FlaskClient, alice: UUID) -> None:
    page = client.get(_link(alice)).text
    assert all(escape(str(said)) in page for _value, said in VISIBILITY)


def test_it_can_be_taken_along(client: FlaskClient, alice: UUID) -> None:
    answer = client.get(f"{_link(alice)}/data.json")
    (held,) = json.loads(answer.data)
    assert held["name"] == "Alice Moreau"
    assert "\n" in answer.text.strip()  # a person reads it too
    assert held["agreed_to"]["text"] == "I agree."
    assert answer.headers["Cache-Control"] == "no-store"


def test_erasing_asks_first_and_then_forgets(client: FlaskClient, alice: UUID) -> None:
    link = _link(alice)
    client.get(f"{link}/erase")
    assert cast.state(alice) == "confirmed"
    assert "erased" in client.post(f"{link}/erase").text
    assert cast.state(alice) == "erased"
    named = "coalesce(sealed, person_index, email_index) IS NOT NULL"
    kept = session.scalar(text(f"SELECT count(*) FROM signature WHERE id = :id AND {named}"), {"id": alice})
    assert kept == 0
    assert session.scalar(text("SELECT count(*) FROM message WHERE recipient IS NOT NULL")) == 1  # Noor's
    assert client.get(link).status_code == 410


def test_the_command_line_forgets_too(alice: UUID) -> None:
    assert erasing.erase(ALICE.upper().replace("ALICE@", "alice@"))["signatures"] == 1
    assert erasing.erase(ALICE) == {"signatures": 0, "letters": 0, "organisations": 0, "paper_lines": 0, "mails": 0}


def test_what_was_captured_is_forgotten_too(
    client: FlaskClient, alice: UUID, mails: Callable[[], list[Path]]
) -> None:
    for address in (ALICE, "noor@example.org"):
        client.post("/en/mine", data={"email": address})
    draining.drain()
    kept = [path for path in mails() if ALICE.encode() not in path.read_bytes()]
    assert (len(kept), len(mails())) == (1, 2)
    erasing.erase(ALICE)
    assert mails() == kept


def test_erasing_cut_short_leaves_the_link_to_the_rest(
    client: FlaskClient, alice: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut(_row: UUID) -> bool:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setitem(erasing._ERASE, "signature", cut)
        with pytest.raises(KeyboardInterrupt):
            erasing.erase(ALICE)
    session.rollback()
    assert session.scalar(text("SELECT count(*) FROM message WHERE recipient IS NOT NULL")) == 1  # Noor's
    assert client.post(f"{_link(alice)}/erase").status_code == 200
    assert cast.state(alice) == "erased"


def test_a_mailbox_full_of_our_mail_still_gets_the_link(
    client: FlaskClient, appeal: tuple[Appeal, UUID], alice: UUID
) -> None:
    for n in range(6):
        other, wording = cast.an_appeal(f"other-{n}")
        signing.sign(other, cast.a_signer(), language="en", wording_id=wording, now=NOW)
    client.post("/en/mine", data={"email": ALICE})
    assert cast.mails_of("mine") == 1


def test_visitors_of_the_onion_do_not_use_up_each_others_turns(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "ONION_URL", "http://abcdef.onion")
    monkeypatch.setitem(app.config, "TRUSTED_HOSTS", None)

    def last_of_many(base_url: str) -> int:
        asked = [client.post("/en/mine", base_url=base_url, data={"email": ALICE}) for _visitor in range(21)]
        return asked[-1].status_code

    assert last_of_many("http://abcdef.onion") == 303
    assert last_of_many("http://127.0.0.1:8000") == 429


@pytest.mark.parametrize("token", ["x", "AAAAAAAAAAAAAAAAAAAAAA.aaaa.bbbb"])
def test_a_made_up_link_opens_nothing(client: FlaskClient, context: Flask, token: str) -> None:
    assert client.get(f"/mine/{token}").status_code == 404


def test_a_link_for_something_else_opens_nothing(client: FlaskClient, alice: UUID) -> None:
    assert client.get(f"/mine/{tokens.make('confirm', alice)}").status_code == 404


def test_eve_cannot_touch_what_is_not_hers(client: FlaskClient, appeal: tuple[Appeal, UUID], alice: UUID) -> None:
    eves = _link(_signed(*appeal, name="Eve Mallory", email="eve@example.org"))
    for target in (alice, uuid4()):
        assert client.post(f"{eves}/signatures/{target}/withdraw").status_code == 404
    assert cast.state(alice) == "confirmed"


def test_it_all_goes_on_after_the_appeal_has_closed(
    client: FlaskClient, appeal: tuple[Appeal, UUID], alice: UUID
) -> None:
    session.get_one(Appeal, appeal[0].id).state = "closed"
    session.commit()
    assert client.post("/en/mine", data={"email": ALICE}).status_code == 303
    assert cast.mails_of("mine") == 1
    link = _link(alice)
    client.post(f"{link}/signatures/{alice}/correct", data={"name": "Alice Moro", "country": "FR"})
    assert json.loads(client.get(f"{link}/data.json").data)[0]["name"] == "Alice Moro"
    client.post(f"{link}/signatures/{alice}/withdraw")
    assert cast.state(alice) == "withdrawn"
    client.post(f"{link}/erase")
    assert cast.state(alice) == "erased"


def test_looking_changes_nothing(client: FlaskClient, alice: UUID) -> None:
    link = _link(alice)
    for path in ("", "/data.json", "/erase", f"/signatures/{alice}/withdraw"):
        client.get(link + path)
        client.head(link + path)
    assert cast.state(alice) == "confirmed"
