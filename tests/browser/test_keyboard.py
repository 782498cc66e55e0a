"""With a keyboard alone, and on a screen as narrow as a page enlarged four times: everything is reached and seen."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.tour import SLUG, Tour
from tests.letter_stage import WORDS
from tests.stack import Stack

OPEN = Callable[..., Page]
SEEN = """() => {
  const on = document.activeElement, style = getComputedStyle(on), box = on.getBoundingClientRect();
  const outlined = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
  return on.id === 'main' || on === document.body || outlined && box.width > 1 && box.height > 1;
}"""
FOCUSED = "selector => document.activeElement.matches(selector)"


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until a part of the page has the focus; wherever it stops on its way there it can be seen."""
    for _ in range(120):
        page.keyboard.press("Tab")
        assert page.evaluate(SEEN), page.evaluate("document.activeElement.outerHTML.slice(0, 200)")
        if page.evaluate(FOCUSED, selector):
            return
    pytest.fail(f"Tab never came to {selector}")


def type_into(page: Page, **typed: str) -> None:
    """Go to each field by its name and type."""
    for name, words in typed.items():
        tab_to(page, f"[name={name}]")
        page.keyboard.type(words)


def go(page: Page, selector: str) -> None:
    """Press Enter on what leads to another page."""
    tab_to(page, selector)
    with page.expect_navigation():
        page.keyboard.press("Enter")


@pytest.mark.browser
def test_it_works(open_page: OPEN) -> None:
    page = open_page()
    page.goto(f"/en/{SLUG}")
    tab_to(page, ".skip")
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    type_into(page, name="Alice Keys", email="alice.keys@example.org", country="Germany")
    for field in ("visibility", "consent"):
        tab_to(page, f"[name={field}]")
        page.keyboard.press("Space")
    go(page, "#sign .button")
    assert "/sent/" in page.url


@pytest.mark.browser
def test_a_mistake_is_told_first_and_leads_to_its_field(open_page: OPEN) -> None:
    page = open_page()
    page.goto(f"/en/{SLUG}")
    go(page, "#sign [name=name]")
    expect(page.locator(".errors")).to_be_focused()
    tab_to(page, ".errors a")
    page.keyboard.press("Enter")
    expect(page.locator("#name")).to_be_focused()


@pytest.mark.browser
def test_bob_writes(open_page: OPEN) -> None:
    page = open_page()
    page.goto(f"/en/{SLUG}/letters")
    tab_to(page, "[name=office][value=sr-iran]")
    page.keyboard.press("Space")
    go(page, "[name=choose]")
    type_into(page, name="Bob Keys", email="bob.keys@example.org", country="France", message=WORDS)
    tab_to(page, "[name=consent]")
    page.keyboard.press("Space")
    go(page, "[name=how][value=send]")
    go(page, "[name=step][value=send]")
    assert "/letters/sent/" in page.url


@pytest.mark.browser
def test_nothing_runs_out_of_a_screen_of_320_pixels(browser: Browser, stack: Stack, tour: Tour) -> None:
    """A page of 1280 pixels at 400 % (WCAG 2.2, 1.4.10)."""
    page = browser.new_context(base_url=stack.url, viewport={"width": 320, "height": 256}).new_page()
    wider = []
    for number, names in enumerate(zip(tour.public["en"], tour.public["fa"], strict=True)):
        names[number % 2].visit(page)
        if page.evaluate("document.documentElement.scrollWidth") > 320:
            wider.append(page.url)
    page.context.close()
    assert wider == []
