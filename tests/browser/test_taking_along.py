"""A letter to take to one's own mailbox: a button copies all of it; without scripts it can be selected."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

OPEN = Callable[..., Page]


def taken_along(page: Page) -> Page:
    page.goto("/en/iran-detainees/letters/sr-iran")
    page.locator("[name=message]").fill("My uncle taught me to read.")
    page.locator("[name=how][value=mailbox]").click()
    return page


@pytest.mark.browser
def test_it_works(open_page: OPEN) -> None:
    page = open_page(phone=True)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    taken_along(page).locator(".copy button").click()
    expect(page.locator(".copy [role=status]")).to_have_text("Copied")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == page.locator("textarea").input_value()
    assert "My uncle taught me to read." in copied


@pytest.mark.browser
def test_without_a_script_the_text_stands_there(open_page: OPEN) -> None:
    page = taken_along(open_page(scripts=False))
    expect(page.locator(".copy button:visible")).to_have_count(0)
    assert "My uncle taught me to read." in page.locator("textarea").input_value()
