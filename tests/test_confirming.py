"""The button behind the mail's link: a look changes nothing, a press counts once, and a shared page shows nothing."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from campaign.db import session
from campaign.mail import draining
from campaign.petition import counting
from tests.cast import PAGE, SLUG, mails_of, sign, the_appeal
from tests.conftest import link_in

Mails = Callable[[], list[Path]]
RECEIPT = "Your private link"


@pytest.fixture
def client(context: Flask) -> FlaskClient:
    """A visitor of the bundled appeal, which is sensitive."""
    the_appeal()
    return context.test_client()


@pytest.fixture
def carefree(context: Flask) -> FlaskClient:
    """A visitor of an appeal that can harm nobody."""
    the_appeal(sensitive=False)
    return context.test_client()


def newest(mails: Mails) -> tuple[str, str, str]:
    """Subject, sender and text of the last mail that left."""
    draining.drain()
    mail = message_from_bytes(mails()[-1].read_bytes(), policy=default)
    body = mail.get_body(("plain",))
    assert body is not None
    return str(mail["Subject"]), str(mail["From"]), str(body.get_content())


def states() -> list[str]:
    session.rollback()
    return list(session.scalars(text("SELECT state FROM signature ORDER BY created_at")))


def counted() -> int:
    session.rollback()
    return counting.tally(session.scalar(text("SELECT id FROM appeal"))).total


def test_it_works(client: FlaskClient, mails: Mails) -> None:
    sign(client, name="علی‌رضا نوری‌زاده", visibility="recipient")
    link = link_in(newest(mails)[2], "/confirm/")
    page = client.get(link)
    assert page.status_code == 200
    for shown in (
        "علی‌رضا نوری‌زاده",
        "France",
        "Also the UN experts’ offices",
        'form id="confirm"',
        "This was not me",
    ):
        assert shown in page.text
    assert "alice@example.org" not in page.text
    assert (states(), counted()) == (["pending"], 0)
    answer = client.post(link)
    assert answer.status_code == 200
    assert "Your signature is confirmed" in answer.text
    assert (states(), counted()) == (["confirmed"], 1)
    for given in (page, answer):
        assert given.headers["Cache-Control"] == "no-store"
        assert given.headers["Referrer-Policy"] == "no-referrer"
        assert "Set-Cookie" not in given.headers
        assert 'content="noindex"' in given.text


def test_what_scanners_do_confirms_nothing(client: FlaskClient, mails: Mails) -> None:
    sign(client)
    link = link_in(newest(mails)[2], "/confirm/")
    for _ in range(3):
        client.get(link)
        client.head(link)
        client.options(link)
    for addition in ("/receipt", "/not-me"):
        assert client.get(link + addition).status_code == 405
    assert states() == ["pending"]


def test_not_me_after_the_press_does_not_say_that_it_is_gone(client: FlaskClient, mails: Mails) -> None:
    sign(client)
    link = link_in(newest(mails)[2], "/confirm/")
    client.post(link)
    answer = client.post(f"{link}/not-me", follow_redirects=True)
    assert "Your signature is confirmed" in answer.text
    assert "Mail me my receipt" in answer.text  # with the link that takes it back
    assert "It is erased" not in answer.text
    assert (states(), counted()) == (["confirmed"], 1)


def test_fifty_clicks_count_once(client: FlaskClient, context: Flask, mails: Mails) -> None:
    sign(client)
    link = link_in(newest(mails)[2], "/confirm/")
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda _: context.test_client().post(link).status_code, range(50)))
    assert set(answers) - {503} == {200}  # a busy machine asks some to come again
    assert (states(), counted()) == (["confirmed"], 1)


def test_of_a_sensitive_appeal_only_the_screen_shows_the_receipt(
    client: FlaskClient, mails: Mails, move_clock: Callable[[timedelta], None]
) -> None:
    sign(client)
    link = link_in(newest(mails)[2], "/confirm/")
    answer = client.post(link)
    assert RECEIPT in answer.text
    private = link_in(answer.text, "/mine/")
    assert client.get(private).status_code == 200
    draining.drain()
    assert len(mails()) == 1
    assert RECEIPT not in client.get(link).text
    assert "/mine/" not in client.get(link).text
    session.close()
    move_clock(timedelta(minutes=11))
    assert "/mine/" not in client.post(link).text


def test_its_receipt_is_mailed_to_who_asks_and_names_no_appeal(client: FlaskClient, mails: Mails) -> None:
    sign(client)
    link = link_in(newest(mails)[2], "/confirm/")
    client.post(link)
    answer = client.post(link + "/receipt")
    assert answer.status_code == 303
    assert "on its way" in client.get(answer.location).text
    subject, sender, body = newest(mails)
    assert subject == "Your receipt"
    assert client.get(link_in(body, "/mine/")).status_code == 200
    for word in ("Iran", "1988", "sign", "appeal", "Alice"):
        assert word not in subject + sender.split("<")[0] + body


def test_elsewhere_the_receipt_comes_by_mail_and_the_page_can_be_shared(carefree: FlaskClient, mails: Mails) -> None:
    sign(carefree)
    subject, _, body = newest(mails)
    assert "Protect the detained protesters in Iran" in subject
    answer = carefree.post(link_in(body, "/confirm/"))
    assert answer.status_code == 303
    page = carefree.get(answer.location)
    assert "Your signature is confirmed" in page.text
    for secret in ("Alice", "/mine/", "/confirm/", "alice@"):
        assert secret not in page.text
    subject, _, body = newest(mails)
    assert subject.startswith("Your receipt: ")
    assert carefree.get(link_in(body, "/mine/")).status_code == 200


def test_the_way_on_is_a_letter_and_links_that_say_nothing_of_signing(client: FlaskClient, mails: Mails) -> None:
    sign(client)
    page = client.post(link_in(newest(mails)[2], "/confirm/")).text
    assert f'href="{PAGE}/letters"' in page
    assert page.index("Write a letter") < page.index("WhatsApp")
    shared = page[page.index("https://wa.me/") : page.index("</ul>", page.index("https://wa.me/"))]
    assert "signed" not in shared
    assert "I%20" not in shared


def test_this_was_not_me(client: FlaskClient, mails: Mails) -> None:
    sign(client, name="Eve the Clown")
    link = link_in(newest(mails)[2], "/confirm/")
    answer = client.post(link + "/not-me")
    assert "It is erased" in answer.text
    assert states() == ["erased"]
    assert client.get(link).status_code == 410
    assert client.post(link).status_code == 410
    assert (states(), counted()) == (["erased"], 0)
    session.rollback()
    assert session.execute(text("SELECT sealed, email_index, person_index FROM signature")).one() == (
        None,
        None,
        None,
    )


def test_not_me_cannot_undo_what_was_confirmed(client: FlaskClient, mails: Mails) -> None:
    sign(client)
    link = link_in(newest(mails)[2], "/confirm/")
    client.post(link)
    client.post(link + "/not-me")
    assert states() == ["confirmed"]


def test_anothers_submission_neither_blocks_me_nor_speaks_for_me(client: FlaskClient, mails: Mails) -> None:
    sign(client, name="Eve the Clown", visibility="public")
    by_eve = link_in(newest(mails)[2], "/confirm/")
    sign(client)
    mine = link_in(newest(mails)[2], "/confirm/")
    assert mine != by_eve
    assert "Eve the Clown" in client.get(by_eve).text
    assert "Alice Moreau" in client.get(mine).text
    client.post(mine)
    assert states() == ["lapsed", "confirmed"]
    late = client.post(by_eve)
    assert late.status_code == 200
    assert "You have already signed" in late.text
    assert "Eve" not in late.text
    assert (states(), counted()) == (["lapsed", "confirmed"], 1)


def test_who_signs_again_is_told_by_mail_only(client: FlaskClient, mails: Mails) -> None:
    sign(client)
    client.post(link_in(newest(mails)[2], "/confirm/"))
    for _ in range(3):
        assert "already" not in client.get(sign(client, name="Zoe Again").location).text
    subject, sender, body = newest(mails)
    assert mails_of("already_signed") == 1
    assert subject == "About your email"
    assert client.get(link_in(body, "/mine/")).status_code == 200
    for word in ("Iran", "appeal", "Zoe", "Alice"):
        assert word not in subject + sender + body


def test_an_expired_link_says_what_to_do(
    client: FlaskClient, mails: Mails, move_clock: Callable[[timedelta], None]
) -> None:
    sign(client)
    link = link_in(newest(mails)[2], "/confirm/")
    session.close()
    move_clock(timedelta(hours=73))
    for answer in (client.get(link), client.post(link)):
        assert answer.status_code == 410
        assert "This link has expired" in answer.text
        assert f'href="{PAGE}#sign"' in answer.text
        assert "Alice" not in answer.text
    assert counted() == 0


def test_a_mail_about_what_ended_does_not_leave(client: FlaskClient, mails: Mails) -> None:
    sign(client)
    session.execute(text("UPDATE signature SET state = 'erased', sealed = NULL"))
    session.commit()
    draining.drain()
    assert mails() == []
    assert session.scalar(text("SELECT state FROM message")) == "cancelled"


def test_the_signer_is_answered_in_their_language(client: FlaskClient, mails: Mails) -> None:
    sign(client, f"/fa/{SLUG}")
    link = link_in(newest(mails)[2], "/confirm/")
    for page in (client.get(link), client.post(link)):
        assert '<html lang="fa" dir="rtl">' in page.text


def test_a_row_that_is_gone_is_gone(client: FlaskClient, mails: Mails) -> None:
    sign(client)
    link = link_in(newest(mails)[2], "/confirm/")
    session.execute(text("DELETE FROM signature"))
    session.commit()
    assert client.get(link).status_code == 410
    assert client.post(link).status_code == 410
