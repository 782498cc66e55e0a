"""The stage of letters: the bundled appeal with its offices, Bob who writes, and a browser that fills in his form."""

from __future__ import annotations

import re
from datetime import date
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from html import unescape
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import select, text
from werkzeug.test import TestResponse

from campaign.appeals.models import Appeal
from campaign.db import session
from campaign.letters.models import Letter
from campaign.mail import draining
from campaign.offices.models import Office, OfficeAddress
from tests import bundled
from tests.bundled import SLUG
from tests.conftest import link_in

OFFICES = ["hrc-president", "high-commissioner", "sr-iran", "sr-truth"]
CASES_ONLY = "wg-arbitrary-detention"
PATH = f"/en/{SLUG}/letters"

BOB = {"name": "Bob Okafor", "email": "bob@example.org", "country": "DE", "consent": "y"}
WORDS = (
    "My uncle taught me to read. He did not come home that summer, and nobody has told his mother where he lies. "
    "I still have the books."
)


def the_appeal(**changes: Any) -> Appeal:
    """The bundled appeal and the directory of offices, committed."""
    bundled.appeal()
    appeal = session.scalars(select(Appeal)).one()
    for name, value in changes.items():
        setattr(appeal, name, value)
    session.commit()
    return appeal


def the_office(slug: str = "sr-iran") -> Office:
    """One office of the directory."""
    return session.scalars(select(Office).filter_by(slug=slug)).one()


def a_checked_address(slug: str = "sr-iran", email: str = "mandate@office.example") -> None:
    """Give an office an address that a person has checked."""
    office = the_office(slug)
    session.add(
        OfficeAddress(office_id=office.id, email=email, source="a person", status="verified", checked_on=date.today())  # noqa: DTZ011
    )
    session.commit()


def fields(page: TestResponse, form: str = "") -> dict[str, str]:
    """What a browser would post of a form: names and values of its fields as they stand; buttons are left out."""
    html = page.get_data(as_text=True)
    if form:
        html = html[html.index(f'id="{form}"') :]
    return fields_in(html[: html.index("</form>")])


def fields_in(html: str) -> dict[str, str]:
    """The same of the inside of a form."""
    found = {}
    for tag in re.findall(r"<input[^>]*>", html):
        name, value = re.search(r' name="([^"]*)"', tag), re.search(r' value="([^"]*)"', tag)
        if name and ('type="checkbox"' not in tag or " checked" in tag):
            found[name[1]] = unescape(value[1]) if value else ""
    for name, typed in re.findall(r'<textarea[^>]* name="([^"]*)"[^>]*>\n?(.*?)</textarea>', html, re.S):
        found[name] = unescape(typed)
    for name, options in re.findall(r'<select[^>]* name="([^"]*)"[^>]*>(.*?)</select>', html, re.S):
        chosen = re.search(r'value="([^"]*)" selected', options)
        found[name] = chosen[1] if chosen else ""
    return found


def post(client: FlaskClient, url: str, **typed: Any) -> TestResponse:
    """Post a form."""
    return client.post(url, data=typed)


def preview(client: FlaskClient, url: str = f"{PATH}/sr-iran", **changes: Any) -> TestResponse:
    """Open the form, fill it in as Bob, and ask to see the whole letter."""
    typed = fields(client.get(url), "letter") | BOB | {"message": WORDS} | changes
    return post(client, url, **typed, how="send")


def send(client: FlaskClient, url: str = f"{PATH}/sr-iran", **changes: Any) -> TestResponse:
    """Write a letter as Bob and press "Send this letter" under its preview."""
    return post(client, url, **fields_after_heading(preview(client, url, **changes)), step="send")


def fields_after_heading(page: TestResponse) -> dict[str, str]:
    """The fields of the first form of a page."""
    assert page.status_code == 200, page.get_data(as_text=True)
    return fields(page)


def deliver(mails: Any) -> list[EmailMessage]:
    """Let the outbox run; every mail captured so far, oldest first."""
    session.rollback()
    draining.drain()
    return [message_from_bytes(path.read_bytes(), policy=default) for path in mails()]  # type: ignore[misc]


def confirm_link(mail: EmailMessage) -> str:
    """The path of the link to the button."""
    return link_in(mail.get_content(), "/letters/confirm/")


def private_link(mail: EmailMessage) -> str:
    """The path of the private page."""
    return re.sub(r".*?(/letters/[\w.-]+)\s*$", r"\1", mail.get_content().strip(), flags=re.S)


def letters(*states: str) -> list[Letter]:
    """All letters, oldest first, or those in some states, as they stand now."""
    session.rollback()
    query = select(Letter).order_by(Letter.created_at, Letter.id).execution_options(populate_existing=True)
    return [letter for letter in session.scalars(query) if not states or letter.state in states]


def messages(kind: str) -> int:
    """How many messages of a kind stand in the outbox."""
    session.rollback()
    return int(session.scalar(text("SELECT count(*) FROM message WHERE kind = :kind"), {"kind": kind}) or 0)
