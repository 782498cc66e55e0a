"""In a rehearsal the desk is everybody's mailbox: whoever reads there can finish the journey."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from campaign.desk.reading import with_links
from campaign.mail import draining
from tests import cast
from tests.desk import signed_in


def test_it_works(context: Flask, client: FlaskClient) -> None:
    olga = signed_in(context)
    cast.the_appeal()
    cast.sign(client)
    draining.drain()

    listing = olga.get("/desk/mail").text
    name = re.search(r'href="(/desk/mail/[0-9a-f-]{36})"', listing)
    assert name
    mail = olga.get(name[1]).text
    link = re.search(r'<a href="(/confirm/[^"]+)">http', mail)
    assert link
    confirming = client.get(link[1])

    assert "alice@example.org" in listing
    assert 'id="confirm"' in confirming.text


def test_the_mails_own_bytes_can_be_saved(context: Flask, client: FlaskClient) -> None:
    olga = signed_in(context)
    cast.the_appeal()
    cast.sign(client)
    draining.drain()
    name = re.search(r'href="(/desk/mail/[0-9a-f-]{36})"', olga.get("/desk/mail").text)
    assert name

    saved = olga.get(f"{name[1]}.eml")

    assert saved.mimetype == "message/rfc822"
    assert b"alice@example.org" in saved.data
    assert saved.headers["Content-Disposition"].startswith("attachment")


@pytest.mark.parametrize(
    ("text", "html"),
    [
        (
            "see http://127.0.0.1:8000/confirm/a.b-c.",
            'see <a href="/confirm/a.b-c">http://127.0.0.1:8000/confirm/a.b-c</a>.',
        ),
        ("http://127.0.0.1:8000.evil.example/x", "http://127.0.0.1:8000.evil.example/x"),
        ("http://evil.example/confirm/x", "http://evil.example/confirm/x"),
        ("javascript:alert(1) <script>", "javascript:alert(1) &lt;script&gt;"),
        ('http://127.0.0.1:8000/a"onclick=', '<a href="/a">http://127.0.0.1:8000/a</a>&#34;onclick='),
    ],
)
def test_only_our_own_links_can_be_followed(context: Flask, text: str, html: str) -> None:
    assert with_links(text) == html


@pytest.mark.parametrize("name", ["none", "00000000-0000-0000-0000-000000000000", "..%2f..%2fvault.key"])
def test_no_other_file_can_be_read(context: Flask, name: str) -> None:
    olga = signed_in(context)

    assert olga.get(f"/desk/mail/{name}").status_code == 404
    assert olga.get(f"/desk/mail/{name}.eml").status_code == 404


@pytest.mark.parametrize("page", ["0", "-1", "x", "99999999999999999999"])
def test_a_page_that_is_none_is_empty_or_the_first(context: Flask, page: str) -> None:
    assert signed_in(context).get(f"/desk/mail?page={page}").status_code == 200
