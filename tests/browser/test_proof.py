"""The sum before signing in a real browser: done by itself, handed in, and not missed where there is no script."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from urllib.parse import parse_qs

import pytest
from playwright.sync_api import Page, Request

from tests.cast import PAGE, SLUG
from tests.stack import Stack

Open = Callable[..., Page]


@pytest.fixture(autouse=True, scope="module")
def asked(stack: Stack) -> Iterator[None]:
    """Surge mode, which asks everybody."""
    stack.campaign("surge", "on", SLUG)
    time.sleep(2.5)  # the page is kept for a second, and so is whether a sum is asked for
    yield
    stack.campaign("surge", "off", SLUG)


def sent(page: Page, email: str) -> Request:
    """Fill in the form and press the button; what the browser sent."""
    page.goto(PAGE)
    page.get_by_label("Full name").fill("Alice Moreau")
    page.get_by_label("Email", exact=True).fill(email)
    page.get_by_label("Country you live in").select_option("FR")
    page.get_by_role("checkbox", name="I agree").or_(page.locator("#consent")).first.check()
    with page.expect_request(lambda request: request.method == "POST") as found:
        page.get_by_role("button", name="Sign the appeal").click()
    page.wait_for_url("**/sent/**")
    return found.value


def test_it_works(open_page: Open) -> None:
    fields = parse_qs(sent(open_page(), "alice.sum@example.org").post_data or "")
    assert len(fields["altcha"][0]) > 300


def test_a_phone_does_it_too(open_page: Open) -> None:
    fields = parse_qs(sent(open_page(phone=True), "bob.sum@example.org").post_data or "")
    assert len(fields["altcha"][0]) > 300


def test_without_scripts_the_form_is_taken_all_the_same(open_page: Open) -> None:
    page = open_page(scripts=False)
    fields = parse_qs(sent(page, "alice.plain@example.org").post_data or "", keep_blank_values=True)
    assert fields["altcha"] == [""]
    assert not page.get_by_text("One moment").is_visible()


def test_when_the_sum_cannot_be_had_the_form_is_sent_without(open_page: Open) -> None:
    page = open_page()
    page.route("**/proof/**", lambda route: route.abort())
    fields = parse_qs(sent(page, "alice.offline@example.org").post_data or "", keep_blank_values=True)
    assert fields["altcha"] == [""]
