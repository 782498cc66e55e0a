"""Olga at her desk, and Eve before it: signing in, and acting as a browser does, with the token of the page."""

from __future__ import annotations

import re
from contextvars import Context
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from campaign.organisers import accounts, links

OLGA = "olga@example.org"


class Browser(FlaskClient):
    """A browser whose requests share nothing with the app context of a test, as they would not in life."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        return Context().run(super().open, *args, **{"buffered": True, **kwargs})


def link_for(app: Flask, email: str = OLGA) -> str:
    """The path of a fresh sign-in link."""
    with app.app_context():
        return f"/desk/enter/{links.make(accounts.add(email))}"


def signed_in(app: Flask, email: str = OLGA) -> FlaskClient:
    """A browser in which an organiser has signed in."""
    browser = Browser(app, app.response_class)
    link = link_for(app, email)
    response = press(browser, link, link)
    assert response.status_code == 303, response.status
    return browser


def press(browser: FlaskClient, page: str, action: str, **fields: Any) -> TestResponse:
    """Open ``page`` and send one of its forms to ``action``."""
    return browser.post(action, data={"csrf_token": token_on(browser, page), **fields})


def token_on(browser: FlaskClient, page: str) -> str:
    """The CSRF token that a page carries."""
    found = re.search(r'name="csrf_token" value="([^"]+)"', browser.get(page).text)
    assert found, f"no form on {page}"
    return found[1]
