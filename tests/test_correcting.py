"""A name or a country typed wrongly is put right behind the private link; nothing unseen gets on the public wall."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient

from campaign import i18n, tokens
from campaign.appeals.models import Appeal
from campaign.db import session
from campaign.petition import correcting, counting, ending
from campaign.petition.comments import writing
from campaign.petition.models import Comment, Signature
from campaign.petition.wall.models import WallName, WallRelease
from campaign.vault import current
from tests import cast
from tests.test_public_page import wording_of


@pytest.fixture
def appeal(context: Flask) -> Appeal:
    return cast.the_appeal(sensitive=False)


def signed(appeal: Appeal, **changes: object) -> Signature:
    """Alice's confirmed signature, seen by everyone, unless told otherwise."""
    row, said = uuid4(), {"name": "Alice Moro", "email": "alice@example.org", "hint": ""}
    sealed = current().seal(said, table="signature", row=row)
    shown = {"visibility": "public", "public_name": "Alice Moro", "country": "DE"}
    wording = wording_of(appeal)
    assert isinstance(wording, UUID)
    return cast.a_signature(appeal, wording, **{"id": row, "sealed": sealed, **shown, **changes})


def place(row: UUID) -> str:
    return f"/mine/{tokens.make('mine', row)}/signatures/{row}/correct"


def after(row: UUID) -> Signature:
    session.rollback()
    return session.get_one(Signature, row, populate_existing=True)


def test_it_works(client: FlaskClient, appeal: Appeal) -> None:
    row = signed(appeal).id
    page = client.get(place(row)).text
    assert 'value="Alice Moro"' in page
    assert '<option value="DE" selected>' in page
    answer = client.post(place(row), data={"name": " Alice  Moreau", "country": "FR"})
    assert answer.status_code == 303
    assert "Your change is kept." in client.get(answer.location).text
    found = after(row)
    assert (found.public_name, found.country, found.state) == ("Alice Moreau", "FR", "confirmed")
    assert ending.opened(found) == {"name": "Alice Moreau", "email": "alice@example.org", "hint": ""}
    assert counting.tally(appeal.id).by_country == {"FR": 1}


def test_a_mistake_is_told_and_changes_nothing(client: FlaskClient, appeal: Appeal) -> None:
    row = signed(appeal).id
    answer = client.post(place(row), data={"name": "https://x.example", "country": "ES"})
    assert answer.status_code == 422
    assert "<title>Error:" in answer.text
    assert '<option value="ES" selected>' in answer.text
    assert after(row).country == "DE"


def test_whoever_names_the_country_at_risk_is_counted_and_no_more(context: Flask) -> None:
    row = signed(cast.the_appeal(country_at_risk="IR")).id
    assert correcting.correct(row, name="Alice Moro", country="IR")
    found = after(row)
    assert (found.country, found.visibility, found.public_name) == (None, "counted", None)


def test_what_they_wrote_is_not_kept_then(appeal: Appeal) -> None:
    row = signed(appeal).id
    writing.keep(row, appeal, "My uncle was there.")
    appeal.country_at_risk = "IR"
    session.commit()
    correcting.correct(row, name="Alice Moreau", country="FR")
    assert session.get(Comment, row, populate_existing=True)
    correcting.correct(row, name="Alice Moreau", country="IR")
    assert session.get(Comment, row, populate_existing=True) is None


def test_a_new_name_leaves_the_wall_until_it_was_seen(appeal: Appeal) -> None:
    row, release = signed(appeal).id, WallRelease(id=uuid4(), appeal_id=appeal.id, names=1)
    session.add(release)
    session.flush()
    session.add(WallName(signature_id=row, appeal_id=appeal.id, release_id=release.id))
    writing.keep(row, appeal, "My uncle was there.")
    session.get_one(Comment, row).state, session.get_one(Comment, row).shown = "approved", "My uncle was there."
    session.commit()
    correcting.correct(row, name="Alice Moro", country="FR")
    assert session.get_one(WallName, row, populate_existing=True).release_id == release.id
    correcting.correct(row, name="An Insult", country="FR")
    assert session.get_one(WallName, row, populate_existing=True).release_id is None
    assert writing.shown(appeal) == []
    assert [said.name for said in writing.waiting(appeal)] == ["An Insult"]


@pytest.mark.parametrize("changes", [{"visibility": "recipient"}, {"visibility": "counted"}])
def test_a_name_that_nobody_sees_stays_unseen(appeal: Appeal, changes: dict[str, str]) -> None:
    row = signed(appeal, **changes, public_name=None).id
    correcting.correct(row, name="Alice Moreau", country=None)
    assert after(row).public_name is None


@pytest.mark.parametrize("state", ["pending", "withdrawn"])
def test_only_what_counts_is_corrected(client: FlaskClient, appeal: Appeal, state: str) -> None:
    row = signed(appeal, state=state, public_name=None).id
    assert client.post(place(row), data={"name": "Eve", "country": "FR"}).status_code == 404
    assert not correcting.correct(row, name="Eve", country="FR")


def test_eve_corrects_nothing(client: FlaskClient, appeal: Appeal) -> None:
    alice, eve = (signed(appeal, person_index=who * 32).id for who in (b"a", b"e"))
    answer = client.post(place(eve).replace(str(eve), str(alice)), data={"name": "Eve", "country": "FR"})
    assert answer.status_code == 404
    assert after(alice).public_name == "Alice Moro"


def test_the_file_to_take_along_can_be_read_in_any_script(client: FlaskClient, appeal: Appeal) -> None:
    row = signed(appeal).id
    correcting.correct(row, name="ليلى الحسن", country="DE")
    assert '"name": "ليلى الحسن"' in client.get(f"/mine/{tokens.make('mine', row)}/data.json").text


def test_the_wall_is_spoken_of_only_where_there_may_be_one(client: FlaskClient, appeal: Appeal) -> None:
    row = signed(appeal).id
    assert "public page of names" in client.get(place(row)).text
    appeal.sensitive = True
    session.commit()
    assert "public page of names" not in client.get(place(row)).text


def test_news_is_stopped_there_too(client: FlaskClient, appeal: Appeal) -> None:
    row = signed(appeal, updates=True).id
    mine = f"/mine/{tokens.make('mine', row)}"
    assert "Send me no more news" in client.get(mine).text
    client.post(f"{mine}/signatures/{row}/news/stop")
    assert after(row).updates is False
    assert "Send me no more news" not in client.get(mine).text


@pytest.mark.parametrize("lang", i18n.INTERFACE)
def test_the_private_pages_are_in_any_language_and_stay_in_it(client: FlaskClient, appeal: Appeal, lang: str) -> None:
    correct = place(signed(appeal).id)
    link = correct.split("/signatures")[0]
    mine = client.get(f"{link}?in={lang}").text
    assert f'<html lang="{lang}" dir="{i18n.direction(lang)}">' in mine
    assert all(f'href="{link}?in={other}" lang="{other}"' in mine for other in i18n.INTERFACE)
    assert f'action="{correct.removesuffix("correct")}withdraw?in={lang}"' in mine
    answer = client.post(f"{correct}?in={lang}", data={"name": "Alice Moreau", "country": "FR"})
    assert f"in={lang}" in answer.location
    assert '<html lang="en"' in client.get(f"{link}?in=xx").text
