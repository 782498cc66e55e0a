"""An office's own page: what waits, how it should come, received and stop; looking at it changes nothing."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text
from werkzeug.test import TestResponse

from campaign import tokens
from campaign.appeals.models import Appeal
from campaign.db import session
from campaign.letters import confirming, gathering, office_links, wishes
from campaign.letters.models import Digest, OfficeWish
from campaign.mail import pacing
from campaign.mail.models import Message
from campaign.offices import directory
from campaign.organisers import accounts, audit
from tests.desk import OLGA
from tests.letter_stage import PATH, deliver, letters, messages, preview, send, the_appeal, the_office

Mails = Callable[[], list[Path]]
OTHER = (
    "I am a nurse in Lyon, and every winter my mother still sets a place at the table for her brother, who was "
    "taken from his school in the autumn of that year and whose name no list has ever carried."
)


@pytest.fixture
def appeal(context: Flask) -> Appeal:
    return the_appeal()


@pytest.fixture
def page(appeal: Appeal, client: FlaskClient) -> str:
    """The page of an office to which Bob's letter waits; another office has one, too."""
    send(client)
    send(client, f"{PATH}/sr-truth", email="noise@example.org", name="Noise Maker")
    confirm_all()
    return path()


def confirm_all() -> None:
    for letter in letters("pending"):
        confirming.confirm(letter.submission_id, {letter.id})


def path(slug: str = "sr-iran") -> str:
    return f"/office/{office_links.make(office_links.PAGE, the_office(slug))}"


def shown(client: FlaskClient, url: str) -> str:
    session.rollback()
    answer = client.get(url)
    assert answer.status_code == 200
    return unescape(answer.get_data(as_text=True))


def press(client: FlaskClient, url: str, step: str, **more: str) -> TestResponse:
    """Press a button as a browser does, with what its form holds."""
    until = re.search(r'name="until" value="([^"]+)"', client.get(url).get_data(as_text=True))
    held = {"until": until[1]} if until and step == "received" else {}
    answer = client.post(url, data={"step": step, **held, **more})
    session.rollback()
    return answer


def states(slug: str = "sr-iran") -> list[str]:
    session.rollback()
    rows = select(Message.state).where(Message.budget_key == f"office:{slug}", Message.kind == "letter")
    return list(session.scalars(rows.order_by(Message.created_at)))


def test_it_works(page: str, client: FlaskClient, mails: Mails) -> None:
    said = " ".join(re.sub("<[^>]+>", " ", shown(client, page)).split())
    assert "in Iran Letters in the writer’s own words 1 Letters much like others 0 Oldest since" in said
    assert states() == ["ready"]

    answer = press(client, page, "choose", choice="digest")
    assert answer.status_code == 303
    assert "Your choice is kept" in shown(client, answer.location)
    assert states() == ["folded"]
    assert states("sr-truth") == ["ready"]
    assert pacing.standings(["office:sr-iran"])["office:sr-iran"].mode == "digest"

    press(client, page, "choose", choice="each")
    assert states() == ["ready"]
    deliver(mails)
    assert "have not confirmed: 1" in re.sub("<[^>]+>", "", shown(client, page))
    press(client, page, "received")
    session.expire_all()
    assert {letter.office_id: bool(letter.received_at) for letter in letters()} == {
        the_office().id: True, the_office("sr-truth").id: False,
    }  # fmt: skip


def test_the_link_stands_in_the_letter_and_nowhere_that_its_writer_sees(
    appeal: Appeal, client: FlaskClient, mails: Mails
) -> None:
    assert "/office/" not in preview(client).get_data(as_text=True)
    assert "a private link that only the office gets" in preview(client).get_data(as_text=True)
    send(client)
    asked = client.get(f"/letters/confirm/{tokens.make('letter-confirm', letters()[0].submission_id)}")
    assert "/office/" not in asked.get_data(as_text=True)
    confirm_all()
    [letter] = [mail for mail in deliver(mails) if mail["Reply-To"]]
    found = re.search(r"http://127\.0\.0\.1:8000(/office/\S+)", letter.get_content())
    assert found
    assert "Letters to your office" in shown(client, found[1])
    mine = client.get(f"/letters/{tokens.make('letters', letters()[0].submission_id)}").get_data(as_text=True)
    assert "/office/" not in mine


def test_it_shows_numbers_and_no_letter(page: str, client: FlaskClient) -> None:
    html = shown(client, page)
    assert "uncle" not in html
    assert "Okafor" not in html
    assert "bob@example.org" not in html


def test_looking_changes_nothing(page: str, client: FlaskClient) -> None:
    before = _everything()
    for query in ({}, {"step": "stop"}, {"step": "choose", "choice": "none"}, {"done": "stop"}, {"in": "fr"}):
        assert client.get(page, query_string=query).status_code == 200
        assert client.head(page, query_string=query).status_code == 200
    assert client.open(page, method="OPTIONS").status_code == 200
    assert _everything() == before


def _everything() -> list[str]:
    session.rollback()
    tables = ("office_wish", "budget", "message", "letter", "digest", "audit_event")
    return [str(session.execute(text(f"SELECT * FROM {name} ORDER BY 1")).all()) for name in tables]


def test_stop_ends_what_waits_and_takes_nothing_new(page: str, client: FlaskClient, mails: Mails) -> None:
    press(client, page, "choose", choice="digest")
    send(client, message=OTHER, email="carol@example.org")
    confirm_all()
    assert states() == ["folded", "folded"]
    press(client, page, "stop")
    assert states() == ["suppressed", "suppressed"]
    assert states("sr-truth") == ["ready"]
    assert "You asked us to stop" in shown(client, page)
    assert pacing.standings(["office:sr-iran"])["office:sr-iran"].blocked

    assert client.get(f"{PATH}/sr-iran?of=1").status_code == 403  # with a query no cache answers
    late = send(client, f"{PATH}/hrc-president", email="dora@example.org")
    assert late.status_code == 303
    status = f"/letters/{tokens.make('letters', letters()[0].submission_id)}"
    assert "does not want to be written to" in shown(client, status)
    [left] = [mail for mail in deliver(mails) if mail["Reply-To"]]
    assert left["To"] == "sr-truth@office.invalid"


def test_a_letter_confirmed_after_stop_is_ended_too(appeal: Appeal, client: FlaskClient) -> None:
    send(client)
    press(client, path(), "stop")
    confirm_all()
    assert states() == ["suppressed"]


def test_an_office_that_stopped_can_choose_again(page: str, client: FlaskClient) -> None:
    press(client, page, "stop")
    press(client, page, "choose", choice="each")
    assert "You asked us to stop" not in shown(client, page)
    assert client.get(f"{PATH}/sr-iran").status_code == 200
    assert pacing.standings(["office:sr-iran"])["office:sr-iran"].takes_letters


@pytest.mark.parametrize("choice", ["each", "digest"])
def test_choosing_does_not_lift_what_the_directory_says(page: str, client: FlaskClient, choice: str) -> None:
    pacing.set_budget("office:sr-iran", blocked=directory.CASES_ONLY)
    session.commit()
    press(client, page, "choose", choice=choice)
    standing = pacing.standings(["office:sr-iran"])["office:sr-iran"]
    assert (standing.mode, standing.blocked) == (choice, directory.CASES_ONLY)


@pytest.mark.parametrize("stopped_first", [True, False])
def test_no_choice_sends_letters_to_an_office_that_takes_cases_only(
    page: str, client: FlaskClient, mails: Mails, stopped_first: bool
) -> None:
    """Whichever was said first, and without waiting for the directory to be loaded again."""
    the_office().cases_only = True
    steps = [lambda: press(client, page, "stop"), lambda: pacing.block("office:sr-iran", directory.CASES_ONLY)]
    for step in steps if stopped_first else reversed(steps):
        step()
        session.commit()
    for choice in ("each", "digest", "each"):
        press(client, page, "choose", choice=choice)
        assert pacing.standings(["office:sr-iran"])["office:sr-iran"].blocked == directory.CASES_ONLY
    assert not [mail for mail in deliver(mails) if mail["To"] == "sr-iran@office.invalid"]


def test_loading_the_directory_does_not_lift_what_an_office_objected_to(page: str, client: FlaskClient) -> None:
    press(client, page, "stop")
    pacing.block("office:sr-iran", directory.CASES_ONLY)
    pacing.unblock("office:sr-iran", directory.CASES_ONLY)
    assert pacing.standings(["office:sr-iran"])["office:sr-iran"].blocked == wishes.OBJECTED


@pytest.mark.parametrize("choice", ["digest", "none"])
def test_what_comes_later_waits_as_the_office_chose(
    page: str, client: FlaskClient, mails: Mails, choice: str
) -> None:
    press(client, page, "choose", choice=choice)
    send(client, message=OTHER, email="carol@example.org")
    confirm_all()
    deliver(mails)
    assert states() == ["folded", "folded"]
    assert session.query(Digest).count() == 1


def test_letters_much_like_others_stay_together_when_each_is_chosen(page: str, client: FlaskClient) -> None:
    send(client, message="Please act.", email="carol@example.org")
    confirm_all()
    press(client, page, "choose", choice="none")
    press(client, page, "choose", choice="each")
    assert states() == ["ready", "folded"]


def test_received_is_dated_for_the_writer_and_holds_only_for_what_was_shown(
    page: str, client: FlaskClient, mails: Mails
) -> None:
    deliver(mails)
    early = re.search(r'name="until" value="([^"]+)"', shown(client, page))
    assert early
    send(client, message=OTHER, email="carol@example.org")
    confirm_all()
    deliver(mails)
    client.post(page, data={"step": "received", "until": early[1]})
    session.expire_all()
    bobs, _noise, carols = letters()
    assert bobs.received_at
    assert not carols.received_at
    assert "The office confirmed receipt" in shown(client, f"/letters/{tokens.make('letters', bobs.submission_id)}")
    theirs = shown(client, f"/letters/{tokens.make('letters', carols.submission_id)}")
    assert "The office confirmed receipt" not in theirs
    assert messages("letter") == 3


@pytest.mark.parametrize(
    "form",
    [{}, {"step": "x"}, {"step": "choose"}, {"step": "choose", "choice": "daily"}, {"step": "received"},
     {"step": "received", "until": "1e400"}, {"step": "received", "until": "nan"}, {"step": "\0"}],
)  # fmt: skip
def test_what_no_button_of_ours_says_does_nothing(page: str, client: FlaskClient, form: dict[str, str]) -> None:
    before = _everything()
    assert client.post(page, data=form).status_code == 400
    assert _everything() == before


def test_eve_cannot_make_a_link(page: str, client: FlaskClient) -> None:
    office = the_office()
    forged = [
        page[:-2] + ("A" if page[-2] != "A" else "B") + page[-1],  # of the last character not all bits count
        f"/office/{office.id.hex}.1",
        f"/office/{tokens.stamp('other', f'{office.id.hex}.1')}",
        f"/office/{tokens.make('office', office.id)}",
        f"/office/{office_links.make(office_links.FETCH, office)}",
    ]
    for url in forged:
        assert client.get(url).status_code == 404, url
        assert client.post(url, data={"step": "stop"}).status_code == 404, url
    assert session.query(OfficeWish).count() == 0


def test_a_replaced_link_opens_nothing_and_the_new_one_does(page: str, client: FlaskClient) -> None:
    olga = accounts.add(OLGA)
    wishes.replace_link(the_office(), by=olga)
    assert client.get(page).status_code == 404
    assert client.post(page, data={"step": "stop"}).status_code == 404
    assert shown(client, path())
    assert states() == ["ready"]
    [deed] = audit.listing(action="office.link_replaced")
    assert (deed.subject, deed.organiser_id) == ("office sr-iran", olga.id)


def test_an_old_link_opens_nothing(page: str, client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(office_links._LIVES, office_links.PAGE, -1)
    answer = client.get(page)
    assert answer.status_code == 404
    assert "This link opens nothing any more" in answer.text
    assert "Rapporteur" not in answer.text
    assert "Ce lien n’ouvre plus rien" in unescape(client.get(page, query_string={"in": "fr"}).text)


def test_what_an_office_says_is_in_the_log(page: str, client: FlaskClient) -> None:
    press(client, page, "choose", choice="none")
    press(client, page, "stop")
    assert [(deed.actor, deed.action) for deed in audit.listing(subject="office sr-iran")] == [
        ("office", "office.objected"), ("office", "office.chose"),
    ]  # fmt: skip


@pytest.mark.parametrize(("language", "said"), [("en", "How should letters"), ("fr", "Comment souhaitez-vous")])
def test_it_speaks_as_the_office_works(page: str, client: FlaskClient, language: str, said: str) -> None:
    html = shown(client, f"{page}?in={language}")
    assert said in html
    assert f'<html lang="{language}" dir="ltr">' in html
    assert shown(client, f"{page}?in=fa").count("How should letters") >= 1


def test_it_is_private(page: str, client: FlaskClient) -> None:
    answer = client.get(page)
    assert answer.headers["Cache-Control"] == "no-store"
    assert 'content="noindex"' in answer.get_data(as_text=True)
    assert "Set-Cookie" not in answer.headers


def test_a_wish_said_while_a_letter_is_confirmed_is_not_missed(page: str, client: FlaskClient) -> None:
    """Whatever comes second waits for the first: nobody may stand between."""
    wishes.alone_with(the_office().id)
    with session.get_bind().connect() as other:  # type: ignore[union-attr]
        other.execute(text("SET LOCAL lock_timeout = '200ms'"))
        with pytest.raises(Exception, match="lock timeout"):
            other.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"),
                          {"key": f"office {the_office().id}"})  # fmt: skip


def test_each_office_has_one_digest_that_gathers(page: str, client: FlaskClient) -> None:
    for name in ("carol", "dora"):
        send(client, message="Please act.", email=f"{name}@example.org")
        send(client, f"{PATH}/sr-truth", message="Please act.", email=f"{name}@example.org")
    confirm_all()
    assert session.query(Digest).count() == 2
    for one in session.query(Digest):
        assert abs(one.due_at - one.created_at - gathering.WEEKLY) < timedelta(seconds=5)
