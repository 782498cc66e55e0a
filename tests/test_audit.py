"""The audit trail is only ever added to, and the desk reads it in words."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from campaign.db import session
from campaign.organisers import accounts, audit
from tests.desk import OLGA, signed_in


def test_it_works(context: Flask) -> None:
    olga = signed_in(context)
    audit.record("signatures.exported", "appeal iran", organiser=accounts.add(OLGA), audience="public", format="csv")
    audit.record("appeal.loaded", "appeal iran", actor="command line")
    session.commit()

    page = olga.get("/desk/log").text

    assert "began to export signatures" in page
    assert "for: public" in page
    assert "Somebody at the server" in page
    assert "signed in" in page
    assert page.count(OLGA) == 4  # she signed in, as herself; she exported; she was added
    assert str(accounts.add(OLGA).id) not in page


def test_a_deed_is_part_of_its_transaction(context: Flask) -> None:
    audit.record("appeal.closed", "appeal iran")
    session.rollback()

    assert not audit.listing()


@pytest.mark.parametrize(
    "change",
    ["UPDATE audit_event SET action = 'nothing'", "UPDATE audit_event SET at = clock()", "DELETE FROM audit_event"],
)
def test_the_database_refuses_to_change_or_remove_a_deed(context: Flask, change: str) -> None:
    audit.record("signatures.exported", "appeal iran")
    session.commit()

    with pytest.raises(DBAPIError, match="only ever added"):
        session.execute(text(change))
    session.rollback()

    assert [deed.action for deed in audit.listing()] == ["signatures.exported"]


def test_a_deed_outlives_whoever_did_it(context: Flask) -> None:
    organiser = accounts.add("former@example.org")
    audit.record("outbox.paused", "all", organiser=organiser)
    session.commit()
    session.execute(text("DELETE FROM organiser"))
    session.commit()

    assert "A former organiser" in signed_in(context).get("/desk/log").text


def test_a_long_trail_is_paged(context: Flask) -> None:
    olga = signed_in(context)
    for number in range(60):
        audit.record("appeal.loaded", f"appeal number-{number}", actor="system")
    session.commit()

    newest = olga.get("/desk/log").text
    older = olga.get(f"/desk/log?before={audit.listing()[49].id}").text

    assert "number-59" in newest
    assert "number-9<" not in newest
    assert "number-9<" in older
    assert "number-59" not in older
