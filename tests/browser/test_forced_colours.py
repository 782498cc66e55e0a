"""Where a device puts its own colours in place of ours, what can be pressed, chosen or measured keeps an outline."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.conftest import PHONE
from tests.browser.tour import HARMLESS, Tour
from tests.stack import Stack

EDGED = """all => all.filter(one => one.offsetWidth > 1).filter(one => {
  const style = getComputedStyle(one);
  return style.borderBlockEndStyle === 'none' || parseFloat(style.borderBlockEndWidth) < 1;
}).map(one => one.outerHTML.slice(0, 120))"""
FIELDS = "input[type=text], input[type=email], select, textarea, fieldset .choice"
PARTS = f"{FIELDS}, button, .button, progress, .state, .leave a"


@pytest.fixture
def page(browser: Browser, stack: Stack, tour: Tour) -> Iterator[Page]:
    """A phone with the colours of Windows' high contrast."""
    opened = browser.new_context(base_url=stack.url, viewport=PHONE, forced_colors="active")  # type: ignore[arg-type]
    yield opened.new_page()
    opened.close()


@pytest.mark.browser
@pytest.mark.parametrize("path", [f"/en/{HARMLESS}", f"/fa/{HARMLESS}/letters/sr-iran", "/en/iran-detainees"])
def test_it_works(page: Page, path: str) -> None:
    page.goto(path)
    parts = page.locator(PARTS)
    assert parts.count() >= 10
    assert parts.evaluate_all(EDGED) == []


@pytest.mark.browser
def test_where_the_focus_is_can_be_seen(page: Page) -> None:
    page.goto(f"/en/{HARMLESS}")
    page.locator("#sign [name=name]").focus()
    page.keyboard.press("Tab")
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline != "none"
