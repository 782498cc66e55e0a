"""An organisation adds its name: confirmed from its mailbox, checked by an organiser, shown in the UN's order."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from threading import Barrier
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Row, select, text
from werkzeug.test import TestResponse

from campaign import tokens, vault
from campaign.appeals import leaving, organisations, signing_on, tasks, vetting
from campaign.appeals.mails import CONFIRM
from campaign.appeals.models import Appeal, AppealVersion, OrganisationSignOn
from campaign.appeals.names import clean_line, folded
from campaign.appeals.signing_on import Organisation, Outcome, Speaker
from campaign.db import session
from campaign.errors import Refused
from campaign.mail import draining
from campaign.mail.addresses import Address
from campaign.organisers import accounts, audit
from campaign.organisers.models import Organiser
from campaign.petition import counting
from campaign.petition.views import appeal as sign_views
from campaign.petition.views import organisations as organisation_views
from campaign.rights import erasing, retention
from tests import cast
from tests.conftest import link_in
from tests.desk import OLGA, press, signed_in

PAGE = f"{cast.PAGE}/organisations"
DESK = f"/desk/appeals/{cast.SLUG}/organisations"
TYPED = {
    "name": "Étoile Rights Network",
    "country": "FR",
    "registration": "W751234567, Paris",
    "website": "etoile.example.org",
    "ecosoc_status": "special",
    "ecosoc_year": "1998",
    "person": "Alice Moreau",
    "role": "director",
    "email": "alice@etoile.example.org",
    "consent": "y",
}
CROWD = 20


@pytest.fixture
def appeal(context: Flask) -> Appeal:
    return cast.the_appeal()


@pytest.fixture
def olga(context: Flask) -> Organiser:
    return accounts.add(OLGA)


@pytest.fixture
def consent(appeal: Appeal) -> UUID:
    query = text("SELECT id FROM consent_wording WHERE purpose = 'organisation' AND language = 'en'")
    return session.scalars(query).one()


def typed(client: FlaskClient, **changes: str) -> dict[str, str]:
    """Alice's form with the page's stamp; an empty value is a field that the browser does not send."""
    stamp = re.search(r'name="stamp" value="([^"]+)"', client.get(PAGE).text)
    assert stamp
    return {name: value for name, value in {**TYPED, "stamp": stamp[1], **changes}.items() if value}


def add(client: FlaskClient, **changes: str) -> TestResponse:
    return client.post(PAGE, data=typed(client, **changes))


def row(name: str = TYPED["name"]) -> Row:
    """The newest sign-on of this name as it stands in the database."""
    session.rollback()
    query = text("SELECT * FROM organisation_signon WHERE name = :name ORDER BY created_at DESC, id LIMIT 1")
    return session.execute(query, {"name": name}).one()


def states() -> Counter[str]:
    session.rollback()
    return Counter(session.scalars(text("SELECT state FROM organisation_signon")))


def organisation(appeal: Appeal, consent: UUID, name: str, *, status: str = "none", email: str = "") -> UUID:
    """A pending sign-on, without the form."""
    address = Address.parse(email or f"p{uuid4().hex[:8]}@work.example.org")
    return signing_on.sign_on(
        appeal,
        Organisation(name, "DE", status),
        Speaker("Bob Okafor", "secretary", address),
        language="en",
        wording_id=consent,
        now=datetime.now(UTC),
    )


def now(client: FlaskClient, page: str) -> str:
    """A public page as it is at this moment; the page cache keeps one without a query for a second."""
    return client.get(f"{page}?now").text


def read(mail: Path) -> EmailMessage:
    return message_from_bytes(mail.read_bytes(), policy=default)


def text_of(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body
    return str(body.get_content())


def words_of(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def count(client: FlaskClient) -> int:
    return int(json.loads(now(client, f"/api/v1/appeals/{cast.SLUG}"))["organisations"])


def test_it_works(client: FlaskClient, appeal: Appeal, mails: Callable[[], list[Path]]) -> None:
    sent = add(client)
    assert sent.status_code == 303
    assert "Check your inbox" in client.get(sent.location).text
    draining.drain()
    link = link_in(text_of(read(mails()[-1])), "/organisations/confirm/")
    asked = client.get(link).text
    assert "Étoile Rights Network" in asked
    assert "since 1998" in asked
    assert row().state == "pending"  # a look changes nothing
    assert "an organiser checks it" in client.post(link).text
    assert row().state == "confirmed"
    assert "Étoile" not in now(client, PAGE)  # nobody has checked it
    assert count(client) == 0

    desk = signed_in(client.application)
    assert "Organisations (1 to check)" in words_of(desk.get(f"/desk/appeals/{cast.SLUG}").text)
    seen = words_of(desk.get(DESK).text)
    for field in ("name", "person", "role", "email", "registration"):
        assert TYPED[field] in seen
    done = press(desk, DESK, f"{DESK}/{row().id}/check")
    assert done.status_code == 303
    for page in (PAGE, cast.PAGE):
        assert "Étoile Rights Network France · since 1998" in words_of(now(client, page))
        assert "Alice" not in now(client, page)
    assert count(client) == 1
    (deed,) = audit.listing(action="organisation.checked")
    assert deed.subject == f"organisation {row().id}"


def test_nothing_of_the_person_stands_in_the_clear(client: FlaskClient, appeal: Appeal) -> None:
    sent = add(client)
    stored = row()
    everything = repr(tuple(stored)) + sent.location
    for word in ("Alice", "Moreau", "director", "alice@"):
        assert word not in everything
    opened = vault.current().open(stored.sealed, table="organisation_signon", row=stored.id)
    assert opened == {"person": "Alice Moreau", "role": "director", "email": "alice@etoile.example.org"}
    assert stored.website == "https://etoile.example.org"


def test_they_stand_in_the_order_of_the_un(
    client: FlaskClient, appeal: Appeal, consent: UUID, olga: Organiser
) -> None:
    other, _wording = cast.an_appeal()
    noise = organisation(other, consent, "Zzz of another appeal", status="general")
    given = [("Beta", "none"), ("Zeta", "roster"), ("Ålpha", "none"), ("Gamma", "general"), ("Delta", "special")]
    for name, status in given:
        one = organisation(appeal, consent, name, status=status)
        signing_on.confirm(one)
        vetting.check(one, by=olga)
    signing_on.confirm(organisation(appeal, consent, "Unchecked", status="general"))
    signing_on.confirm(noise)
    vetting.check(noise, by=olga)
    cast.a_signature(appeal, consent)
    counting.fold()
    expected = ["Gamma", "Delta", "Zeta", "Ålpha", "Beta"]
    assert [one.name for one in organisations.listed(appeal)] == expected
    page = now(client, PAGE)
    found = re.findall("|".join(expected), page)
    assert found == expected
    assert "5 organisations support this appeal" in page
    assert "People are counted apart: 1 person has signed" in page
    assert "Unchecked" not in page
    assert "Zzz" not in page
    assert page.index("Beta") < page.index("Edmund Rice International Limited")  # those of 2020 stand apart
    assert count(client) == 5


@pytest.mark.parametrize("sensitive", [True, False])
def test_the_mail_names_nothing_that_was_typed(
    client: FlaskClient, appeal: Appeal, mails: Callable[[], list[Path]], sensitive: bool
) -> None:
    add(client, name="Buy Gold Now", person="Cheap Watches", role="winner")
    appeal.sensitive = sensitive
    session.commit()
    draining.drain()
    (mail,) = map(read, mails())
    said = mail["Subject"] + mail["From"] + text_of(mail)
    assert not any(word in said for word in ("Gold", "Watches", "winner"))
    assert (mail["Subject"] == "Please confirm your email") is sensitive
    assert ("Iran" in said) is not sensitive  # a mailbox is read by others too


def test_a_mistake_loses_nothing(client: FlaskClient, appeal: Appeal) -> None:
    answer = add(client, email="alice@", ecosoc_year="98", consent="")
    assert answer.status_code == 422
    assert "There is a problem" in answer.text
    assert "<title>Error:" in answer.text
    for name in ("name", "registration", "website", "person", "role"):
        assert f'value="{TYPED[name]}"' in answer.text
    assert 'value="98"' in answer.text
    assert re.search(r'value="special" checked', answer.text)
    assert re.search(r'value="FR" selected', answer.text)
    assert states() == {}
    assert cast.mails_of("organisation_confirm") == 0


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "…"),
        ("name", "Rights\u202egnp"),
        ("name", "\u2067Rights"),
        ("name", "See https://eve.example"),
        ("name", "Visit www.eve.example"),
        ("name", "Eve eve.com"),
        ("name", "=HYPERLINK(1)"),
        ("name", "<b>Rights</b>"),
        ("name", "Rights\nNetwork"),
        ("name", "R" * 201),
        ("country", ""),
        ("country", "XX"),
        ("registration", "=1+1"),
        ("website", "javascript:alert(1)"),
        ("website", "https://etoile.example.org@eve.example"),
        ("website", "nowhere"),
        ("website", "http://[::1"),
        ("ecosoc_status", ""),
        ("ecosoc_status", "supreme"),
        ("ecosoc_year", "1945"),
        ("ecosoc_year", str(datetime.now(UTC).year + 1)),
        ("ecosoc_year", "²²²²"),
        ("person", "Alice\u202e"),
        ("role", ""),
        ("role", "see www.eve.example"),
        ("email", ""),
        ("email", "alice"),
        ("consent", ""),
        ("stamp", "forged"),
    ],
)
def test_eve_cannot_send_nonsense(client: FlaskClient, appeal: Appeal, field: str, value: str) -> None:
    assert add(client, **{field: value}).status_code == 422
    assert states() == {}


def test_a_status_that_is_not_there_has_no_year(client: FlaskClient, appeal: Appeal) -> None:
    assert add(client, ecosoc_status="none").status_code == 422
    assert add(client, ecosoc_status="none", ecosoc_year="").status_code == 303
    assert (row().ecosoc_status, row().ecosoc_year) == ("none", None)


def test_only_the_name_the_seat_and_the_person_are_needed(client: FlaskClient, appeal: Appeal) -> None:
    assert add(client, registration="", website="", ecosoc_year="").status_code == 303
    assert (row().registration, row().website, row().ecosoc_year) == (None, None, None)


def test_a_year_may_be_typed_in_persian_digits(client: FlaskClient, appeal: Appeal) -> None:
    add(client, ecosoc_year="۱۹۹۸")
    assert row().ecosoc_year == 1998


def test_a_stamp_of_another_form_is_not_taken(client: FlaskClient, appeal: Appeal) -> None:
    stamp = cast.typed(client)["stamp"]
    answer = add(client, stamp=stamp)
    assert answer.status_code == 422
    assert re.search(r'name="consent" value="y"(?! checked)', answer.text)


@pytest.mark.parametrize("name", ["منظمة حقوق الإنسان", "سازمان حقوق بشر", "28. Jun", "人权组织", "A & B, Inc."])
def test_names_of_every_script_are_taken(client: FlaskClient, appeal: Appeal, name: str) -> None:
    assert add(client, name=name).status_code == 303
    assert row(name).name == name


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Étoile Rights Network", "ETOILE  RIGHTS-NETWORK"),
        ("سازمان حقوق بشر كردستان", "سازمان حقوق بشر کردستان"),
        ("A & B, Inc.", "a b inc"),
    ],
)
def test_a_name_is_the_same_however_it_is_written(one: str, other: str) -> None:
    assert folded(one) == folded(other)


def test_two_names_are_two() -> None:
    assert folded("Rights Now") != folded("Rights Today")
    assert clean_line("  Rights   Now ") == "Rights Now"


def test_a_repeat_gets_the_same_answer(client: FlaskClient, appeal: Appeal, olga: Organiser) -> None:
    first = add(client)
    signing_on.confirm(row().id)
    vetting.check(row().id, by=olga)
    again = add(client, role="president")
    assert (first.status_code, re.sub("[^/]+$", "", first.location)) == (
        again.status_code,
        re.sub("[^/]+$", "", again.location),
    )
    assert client.get(first.location).data == client.get(again.location).data
    assert cast.mails_of("organisation_confirm") == 2


def test_a_second_press_gets_no_second_mail_and_sees_no_difference(
    client: FlaskClient, appeal: Appeal, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Now(datetime):
        """No minute ends between the two."""

        @classmethod
        def now(cls, tz: Any = None) -> Now:
            return cls(2026, 11, 24, 12, tzinfo=tz)

    monkeypatch.setattr(organisation_views, "datetime", Now)
    first, second = add(client), add(client)
    assert client.get(first.location).data == client.get(second.location).data
    assert cast.mails_of("organisation_confirm") == 1
    add(client, name="Étoile Human Rights")
    assert cast.mails_of("organisation_confirm") == 2


def test_a_name_stands_once(client: FlaskClient, appeal: Appeal, consent: UUID, olga: Organiser) -> None:
    first = organisation(appeal, consent, "Étoile Rights Network")
    second = organisation(appeal, consent, "étoile rights network")
    assert signing_on.confirm(first) is Outcome.WAITS
    link = f"/organisations/confirm/{tokens.make(CONFIRM, second)}"
    answer = client.post(link)
    assert "This name is there already" in answer.text
    assert states() == {"confirmed": 1, "pending": 1}
    vetting.refuse(first, note="", by=olga)  # an impostor's must not keep the real one out
    assert "an organiser checks it" in client.post(link).text
    with pytest.raises(Refused):
        vetting.undo(first, by=olga)
    assert states() == {"refused": 1, "confirmed": 1}


def at_once(app: Flask, act: Callable[[int], object]) -> list[object]:
    gate = Barrier(CROWD)

    def one(number: int) -> object:
        with app.app_context():
            gate.wait()
            return act(number)

    with ThreadPoolExecutor(CROWD) as pool:
        return list(pool.map(one, range(CROWD)))


def test_twenty_clicks_at_once_are_one(app: Flask, appeal: Appeal, consent: UUID) -> None:
    one = organisation(appeal, consent, "Rights Now")
    organisation(appeal, consent, "Noise")
    assert at_once(app, lambda _: signing_on.confirm(one)) == [Outcome.WAITS] * CROWD
    assert states() == {"confirmed": 1, "pending": 1}


def test_twenty_sign_ons_of_one_name_at_once_are_one(app: Flask, appeal: Appeal, consent: UUID) -> None:
    rows = [organisation(appeal, consent, "Rights Now") for _ in range(CROWD)]
    outcomes = at_once(app, lambda number: signing_on.confirm(rows[number]))
    assert Counter(outcomes) == {Outcome.WAITS: 1, Outcome.TAKEN: CROWD - 1}
    assert states() == {"confirmed": 1, "pending": CROWD - 1}


def test_two_organisers_decide_once(app: Flask, appeal: Appeal, consent: UUID, olga: Organiser) -> None:
    one = organisation(appeal, consent, "Rights Now")
    signing_on.confirm(one)
    session.close()

    def decide(number: int) -> object:
        by = session.get_one(Organiser, olga.id)
        try:
            vetting.check(one, by=by) if number % 2 else vetting.refuse(one, note="", by=by)
        except Refused:
            return False
        return True

    assert at_once(app, decide).count(True) == 1
    assert len(audit.listing(subject=f"organisation {one}")) == 1


def test_not_me_forgets(client: FlaskClient, appeal: Appeal) -> None:
    add(client)
    link = f"/organisations/confirm/{tokens.make(CONFIRM, row().id)}"
    assert "It is erased" in client.post(f"{link}/not-me").text
    assert (row().state, row().sealed, row().person_index) == ("erased", None, None)
    assert client.post(link).status_code == 410
    assert client.get(link).status_code == 410
    assert states() == {"erased": 1}


def test_not_me_comes_too_late_after_the_button(client: FlaskClient, appeal: Appeal) -> None:
    add(client)
    link = f"/organisations/confirm/{tokens.make(CONFIRM, row().id)}"
    client.post(link)
    answer = client.post(f"{link}/not-me", follow_redirects=True)
    assert "Now an organiser checks it" in answer.text
    assert row().state == "confirmed"


@pytest.mark.parametrize("purpose", ["confirm", "organisation-sent", "mine"])
def test_a_link_for_something_else_confirms_nothing(client: FlaskClient, appeal: Appeal, purpose: str) -> None:
    add(client)
    assert client.post(f"/organisations/confirm/{tokens.make(purpose, row().id)}").status_code == 404
    assert row().state == "pending"


def test_after_72_hours_the_person_is_forgotten(
    client: FlaskClient, appeal: Appeal, consent: UUID, move_clock: Callable[[timedelta], None]
) -> None:
    add(client)
    kept = organisation(appeal, consent, "Confirmed in time")
    signing_on.confirm(kept)
    link = f"/organisations/confirm/{tokens.make(CONFIRM, row().id)}"
    session.close()
    move_clock(timedelta(hours=71))
    assert leaving.expire() == 0
    session.close()
    move_clock(timedelta(hours=72, minutes=1))
    assert client.post(link).status_code == 410  # even before the sweep
    assert row().state == "pending"
    assert leaving.expire() == 1
    assert (row().state, row().sealed, row().person_index) == ("expired", None, None)
    assert "expired" in client.get(link).text
    session.close()
    move_clock(timedelta(days=11))
    tasks.expire()
    assert states() == {"confirmed": 1}
    assert row("Confirmed in time").sealed is not None
    assert row("Confirmed in time").confirmed_at.hour == 0


def test_who_was_refused_or_went_is_forgotten_after_a_month(
    appeal: Appeal, consent: UUID, olga: Organiser, move_clock: Callable[[timedelta], None]
) -> None:
    for name in ("Refused", "Withdrawn", "Shown"):
        signing_on.confirm(organisation(appeal, consent, name))
    vetting.refuse(row("Refused").id, note="Nobody there knows of it", by=olga)
    leaving.withdraw(row("Withdrawn").id)
    vetting.check(row("Shown").id, by=olga)
    session.close()
    move_clock(timedelta(days=31))
    leaving.expire()
    assert row("Refused").sealed is None
    assert row("Withdrawn").person_index is None
    assert row("Shown").sealed is not None
    with pytest.raises(Refused):
        vetting.undo(row("Refused").id, by=olga)


def test_a_closed_appeal_takes_no_more(client: FlaskClient, appeal: Appeal, consent: UUID, olga: Organiser) -> None:
    form = typed(client)
    signing_on.confirm(organisation(appeal, consent, "Rights Now"))
    vetting.check(row("Rights Now").id, by=olga)
    appeal.state = "closed"
    session.commit()
    page = now(client, PAGE)
    assert "takes no more organisations" in page
    assert 'form class="card" id="organisation"' not in page
    assert "Rights Now" in page
    assert client.post(PAGE, data=form).status_code == 422
    assert states() == {"checked": 1}


def test_a_draft_has_no_page(client: FlaskClient, appeal: Appeal) -> None:
    form = typed(client)
    appeal.state = "draft"
    session.commit()
    assert client.get(f"{PAGE}?now").status_code == 404
    assert client.post(PAGE, data=form).status_code == 404


def test_the_empty_page_says_so(client: FlaskClient, appeal: Appeal) -> None:
    assert "Yours can be the first" in client.get(PAGE).text
    assert "No organisation has added its name yet" in client.get(cast.PAGE).text


def test_the_page_has_no_cookie_and_may_be_cached(client: FlaskClient, appeal: Appeal) -> None:
    answer = client.get(PAGE)
    assert "Set-Cookie" not in answer.headers
    assert f"s-maxage={sign_views.FRESH}" in answer.headers["Cache-Control"]
    assert "Set-Cookie" not in add(client).headers


@pytest.mark.parametrize("lang", ["fr", "fa"])
def test_the_page_speaks_the_languages_of_the_appeal(client: FlaskClient, appeal: Appeal, lang: str) -> None:
    page = client.get(f"/{lang}/{cast.SLUG}/organisations").text
    version = session.get_one(AppealVersion, (appeal.id, appeal.version))
    assert version.content["texts"][lang]["short_title"] in page
    assert f'href="/{"fa" if lang == "fr" else "fr"}/{cast.SLUG}/organisations"' in page


def test_a_personal_mailbox_is_noted_and_taken(client: FlaskClient, appeal: Appeal) -> None:
    add(client, email="etoile.network@gmail.com")
    signing_on.confirm(row().id)
    desk = signed_in(client.application)
    assert "a personal mailbox" in desk.get(DESK).text
    add(client, name="Noise", email="noise@work.example.org")
    signing_on.confirm(row("Noise").id)
    assert desk.get(DESK).text.count("a personal mailbox") == 1


def test_a_decision_can_be_undone(client: FlaskClient, appeal: Appeal) -> None:
    add(client)
    signing_on.confirm(row().id)
    desk = signed_in(client.application)
    place = f"{DESK}/{row().id}"
    press(desk, DESK, f"{place}/refuse", note="Nobody there knows of it")
    assert (row().state, row().refusal_note) == ("refused", "Nobody there knows of it")
    assert "Nobody there knows of it" in desk.get(DESK).text
    press(desk, DESK, f"{place}/undo")
    assert (row().state, row().refusal_note, row().ended_at) == ("confirmed", None, None)
    press(desk, DESK, f"{place}/check")
    assert row().state == "checked"
    assert row().checked_by is not None
    press(desk, DESK, f"{place}/undo")
    assert (row().state, row().checked_at) == ("confirmed", None)
    assert [deed.action.partition(".")[2] for deed in audit.listing(subject=f"organisation {row().id}")] == [
        "undone", "checked", "undone", "refused",
    ]  # fmt: skip


def test_an_organiser_cannot_show_what_nobody_confirmed(client: FlaskClient, appeal: Appeal) -> None:
    add(client)
    desk = signed_in(client.application)
    assert "Étoile" not in desk.get(DESK).text
    with pytest.raises(Refused):
        vetting.check(row().id, by=session.scalars(select(Organiser)).one())
    assert row().state == "pending"


@pytest.mark.parametrize("act", ["check", "refuse", "undo"])
def test_eve_cannot_decide(client: FlaskClient, appeal: Appeal, act: str) -> None:
    add(client)
    signing_on.confirm(row().id)
    place = f"{DESK}/{row().id}/{act}"
    assert client.get(DESK).status_code == 303
    assert client.post(place).status_code == 404
    desk = signed_in(client.application)
    assert desk.post(place).status_code == 400  # no token of our page
    assert press(desk, DESK, f"{DESK}/{uuid4()}/{act}").status_code == 404
    cast.an_appeal()
    elsewhere = f"/desk/appeals/test-appeal/organisations/{row().id}/{act}"
    assert press(desk, DESK, elsewhere).status_code == 404
    assert row().state == "confirmed"
    assert audit.listing(subject=f"organisation {row().id}") == []


def test_whoever_answers_for_it_takes_it_back(client: FlaskClient, appeal: Appeal, olga: Organiser) -> None:
    add(client)
    noise = organisation(appeal, row().wording_id, "Noise", email="noise@work.example.org")
    for one in (row().id, noise):
        signing_on.confirm(one)
        vetting.check(one, by=olga)
    mine = f"/mine/{tokens.make('mine', row().id)}"
    page = client.get(mine).text
    for word in ("Étoile Rights Network", "Alice Moreau", "director", "checked and shown"):
        assert word in page
    assert "Noise" not in page
    (held,) = json.loads(client.get(f"{mine}/data.json").data)
    assert (held["kind"], held["name"], held["person"]) == ("organisation", "Étoile Rights Network", "Alice Moreau")
    assert client.post(f"{mine}/organisations/{noise}/withdraw").status_code == 404
    assert client.post(f"{mine}/organisations/{row().id}/withdraw").status_code == 303
    assert row().state == "withdrawn"
    assert row("Noise").state == "checked"
    assert "Étoile" not in now(client, PAGE)


def test_the_link_to_ones_data_comes_to_an_organisations_mailbox_too(client: FlaskClient, appeal: Appeal) -> None:
    add(client)
    client.post("/en/mine", data={"email": TYPED["email"]})
    assert cast.mails_of("mine") == 1


def test_erasing_forgets_who_answered_for_it(client: FlaskClient, appeal: Appeal) -> None:
    add(client)
    organisation(appeal, row().wording_id, "Noise", email="noise@work.example.org")
    counted = {"signatures": 0, "letters": 0, "organisations": 1, "paper_lines": 0, "mails": 1}
    assert erasing.erase(TYPED["email"]) == counted
    assert (row().state, row().sealed, row().person_index) == ("erased", None, None)
    assert row("Noise").sealed is not None


def test_on_the_day_of_deletion_the_people_go_and_the_names_stay(
    client: FlaskClient, appeal: Appeal, olga: Organiser
) -> None:
    add(client)
    signing_on.confirm(row().id)
    vetting.check(row().id, by=olga)
    appeal.delete_by = datetime.now(UTC).date()
    session.commit()
    assert retention.forget_due() == 1
    assert (row().state, row().sealed, row().person_index) == ("checked", None, None)
    assert "Étoile" in now(client, PAGE)


def test_a_sign_on_that_waits_on_the_day_of_deletion_has_expired(client: FlaskClient, appeal: Appeal) -> None:
    add(client)
    appeal.delete_by = datetime.now(UTC).date()
    session.commit()
    assert retention.forget_due() == 1
    assert (row().state, row().sealed) == ("expired", None)
    signing_on.confirm(row().id)
    assert row().state == "expired"


def test_what_came_before_the_opening_was_a_rehearsal(client: FlaskClient, appeal: Appeal, olga: Organiser) -> None:
    add(client)
    signing_on.confirm(row().id)
    vetting.check(row().id, by=olga)
    retention.forget_rehearsal(appeal)
    assert row().state == "erased"
    assert organisations.count(appeal) == 0


def test_a_sign_on_exists_exactly_when_its_mail_does(
    appeal: Appeal, consent: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(**_given: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(signing_on.outbox, "enqueue", fail)
    with pytest.raises(RuntimeError):
        organisation(appeal, consent, "Rights Now")
    assert states() == {}
    assert session.scalars(select(OrganisationSignOn)).all() == []
