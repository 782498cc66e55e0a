"""What signers say: sealed until read, public once approved, gone with the signature, never on a sensitive appeal."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from campaign.appeals.models import Appeal
from campaign.db import session
from campaign.errors import Refused
from campaign.exports import queries as export_queries
from campaign.exports.audiences import AUDIENCES
from campaign.organisers import accounts
from campaign.petition import ending
from campaign.petition.comments import writing
from campaign.petition.models import Comment, Signature
from campaign.vault import current
from tests.cast import PAGE, SLUG, sign, the_appeal
from tests.desk import press, signed_in

PLACE = f"/desk/appeals/{SLUG}/comments"
WORDS = "My uncle was there. I want to know."


@pytest.fixture
def appeal(context: Flask) -> Appeal:
    return the_appeal(sensitive=False)


def counted(client: FlaskClient, **changes: str) -> Signature:
    """Alice's confirmed signature with a comment."""
    assert sign(client, **{"comment": WORDS, "visibility": "public", **changes}).status_code == 303
    row = session.query(Signature).one()
    row.state, row.confirmed_at, row.public_name = "confirmed", row.created_at, "Alice Nyström"
    session.commit()
    return row


def test_it_works(app: Flask, appeal: Appeal, client: FlaskClient) -> None:
    row = counted(client)
    assert WORDS not in client.get(f"{PAGE}?1").text
    assert client.get(f"{PAGE}/wall?1").status_code == 404
    olga = signed_in(app)
    assert WORDS in olga.get(PLACE).text
    assert press(olga, PLACE, f"{PLACE}/{row.id}/show").status_code == 303
    page = client.get(f"{PAGE}/wall?2").text
    assert WORDS in page
    assert "Alice Nyström" in page
    (exported,) = export_queries.rows(app.extensions["engine"], current(), appeal, AUDIENCES["organisers"])
    assert exported.comment == WORDS


def test_it_lies_sealed_until_it_is_read(app: Flask, appeal: Appeal, client: FlaskClient) -> None:
    counted(client)
    with app.extensions["engine"].connect() as connection:
        kept = connection.execute(text("SELECT comment::text FROM comment")).scalar_one()
    assert WORDS not in kept
    (exported,) = export_queries.rows(app.extensions["engine"], current(), appeal, AUDIENCES["organisers"])
    assert exported.comment == ""


def test_what_is_refused_is_shown_nowhere(app: Flask, appeal: Appeal, client: FlaskClient) -> None:
    row, olga = counted(client), accounts.add("olga@example.org")
    writing.decide(appeal, row.id, approve=True, by=olga)
    writing.decide(appeal, row.id, approve=False, by=olga)
    assert writing.shown(appeal) == []
    assert writing.waiting(appeal) == []
    assert session.get_one(Comment, row.id).shown is None


@pytest.mark.parametrize("visibility", ["counted", "recipient"])
def test_who_is_not_public_speaks_without_a_name(appeal: Appeal, client: FlaskClient, visibility: str) -> None:
    row = counted(client, visibility=visibility)
    row.public_name = None
    writing.decide(appeal, row.id, approve=True, by=accounts.add("olga@example.org"))
    assert [one.name for one in writing.shown(appeal)] == [""]


def test_it_goes_with_the_signature(appeal: Appeal, client: FlaskClient) -> None:
    row = counted(client)
    writing.decide(appeal, row.id, approve=True, by=accounts.add("olga@example.org"))
    ending.withdraw(row.id)
    assert writing.shown(appeal) == []
    ending.erase(row.id)
    assert session.query(Comment).count() == 0


def test_only_what_counts_is_read(appeal: Appeal, client: FlaskClient) -> None:
    sign(client, comment=WORDS)
    assert writing.waiting(appeal) == []


@pytest.mark.parametrize("changes", [{"sensitive": True}, {"sensitive": False, "country_at_risk": "DE"}])
def test_where_it_could_harm_nothing_is_kept(context: Flask, client: FlaskClient, changes: dict[str, object]) -> None:
    the_appeal(**changes)
    assert sign(client, comment=WORDS, country="DE").status_code == 303
    assert session.query(Comment).count() == 0


def test_a_sensitive_appeal_does_not_ask(context: Flask, client: FlaskClient) -> None:
    the_appeal()
    assert 'name="comment"' not in client.get(PAGE).text


@pytest.mark.parametrize("typed", ["x" * 501, "look at www.example.com", "=HYPERLINK(1)", "\u202eevil"])
def test_a_comment_that_cannot_be_shown_is_explained_and_kept_in_the_form(
    appeal: Appeal, client: FlaskClient, typed: str
) -> None:
    answer = sign(client, comment=typed)
    assert answer.status_code == 422
    assert session.query(Signature).count() == 0
    assert "alice" in answer.text


def test_eve_decides_nothing(appeal: Appeal, client: FlaskClient) -> None:
    row = counted(client)
    assert client.post(f"{PLACE}/{row.id}/show").status_code == 404
    with pytest.raises(Refused):
        writing.decide(appeal, appeal.id, approve=True, by=accounts.add("olga@example.org"))
