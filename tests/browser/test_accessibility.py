"""Nothing that axe-core calls serious or critical on any page, in either direction, on any width, in light and dark.

Every page is looked at once: the languages, widths and schemes take turns. ``--nightly`` looks at every public page
in all seven languages, at both widths and in both schemes: about ten minutes on two cores.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import cycle, product
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, Route

from campaign.i18n import INTERFACE
from tests.browser.conftest import DESKTOP, PHONE
from tests.browser.tour import SLUG, Stop, Tour, enter
from tests.stack import Stack

AXE = Axe()
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
ASKED = {"resultTypes": ["violations"], "runOnly": {"type": "tag", "values": RULES}}
MODES = [("en", DESKTOP, "light"), ("fa", PHONE, "dark"), ("fa", DESKTOP, "light"), ("en", PHONE, "dark")]
ALL = list(product(INTERFACE, (PHONE, DESKTOP), ("light", "dark")))
JOURNEY = ["appeal", "signing-errors", "confirm", "choose", "letter-preview"]
LONG_JOURNEY = [*JOURNEY, "sent", "confirmed", "mine", "write", "letter-errors", "letters-sent", "letters-status"]
MAIN_ROOMS = {"desk", "desk-outbox", "desk-style", "desk-offices-sr-iran", f"desk-appeals-{SLUG}",
              f"desk-appeals-{SLUG}-held", f"desk-appeals-{SLUG}-sending"}  # fmt: skip
Context = Any


def faults(page: Page) -> list[str]:
    """What axe finds, if it is serious: the rule, and where."""
    found = AXE.run(page, options=ASKED).response["violations"]
    serious = [one for one in found if one["impact"] in {"serious", "critical"}]
    return [f"{one['id']}: {node['html'][:160]} {node['any'][:1]}" for one in serious for node in one["nodes"]]


@pytest.fixture(scope="module")
def pages(browser: Browser, stack: Stack) -> Iterator[Context]:
    """A page for each width and scheme, opened when it is asked for."""
    opened: dict[tuple[str, str], BrowserContext] = {}

    def page(size: dict[str, int], scheme: Any) -> Page:
        key = (str(size), scheme)
        if key not in opened:
            opened[key] = browser.new_context(base_url=stack.url, viewport=size, color_scheme=scheme)  # type: ignore[arg-type]
            opened[key].new_page()
        return opened[key].pages[0]

    yield page
    for context in opened.values():
        context.close()


@pytest.fixture(scope="module")
def nightly(request: pytest.FixtureRequest) -> bool:
    """Whether to look at everything."""
    return bool(request.config.getoption("--nightly"))


def looked_at(page: Page, stop: Stop) -> list[str]:
    """The faults of a page, each under its name."""
    stop.visit(page)
    return [f"{stop.name} {page.url}: {fault}" for fault in faults(page)]


def served(html: str) -> Callable[[Route], None]:
    """Answers with a page that was kept."""
    return lambda route: route.fulfill(body=html, content_type="text/html; charset=utf-8")


@pytest.mark.browser
def test_it_works(pages: Context) -> None:
    page = pages(DESKTOP, "light")
    pale = '<main><h1>Title</h1><img src="x"><p style="color:#ccc">pale</p></main>'
    page.set_content(f'<html lang="en"><title>Title</title>{pale}')
    assert {fault.partition(":")[0] for fault in faults(page)} == {"image-alt", "color-contrast"}


@pytest.mark.browser
def test_public_pages(pages: Context, tour: Tour, nightly: bool) -> None:
    found = []
    modes = cycle([ALL] if nightly else ([mode] for mode in MODES))
    for name, several in zip((stop.name for stop in tour.public["en"]), modes, strict=False):
        for lang, size, scheme in several:
            stop = next(stop for stop in tour.public[lang] if stop.name == name)
            found += [f"{lang} {scheme} {fault}" for fault in looked_at(pages(size, scheme), stop)]
    assert found == []


@pytest.mark.browser
def test_without_scripts(browser: Browser, pages: Context, tour: Tour, stack: Stack, nightly: bool) -> None:
    """axe needs scripts: so it looks at what a browser without them has made of each page."""
    plain = browser.new_context(base_url=stack.url, java_script_enabled=False, viewport=PHONE).new_page()  # type: ignore[arg-type]
    page, found = pages(PHONE, "light"), []
    for stop in (stop for stop in tour.public["fa"] if stop.name in (LONG_JOURNEY if nightly else JOURNEY)):
        stop.visit(plain)
        html, url = plain.content().replace("<script", "<template").replace("</script", "</template"), plain.url
        page.route(url, served(html), times=1)
        page.goto(url)
        found += [f"{stop.name}: {fault}" for fault in faults(page)]
    plain.context.close()
    assert found == []


@pytest.mark.browser
def test_the_desk(pages: Context, tour: Tour, nightly: bool) -> None:
    page = pages(DESKTOP, "light")
    enter(page, tour)
    rooms = [stop for stop in tour.desk if nightly or stop.name in MAIN_ROOMS]
    assert len(rooms) >= len(MAIN_ROOMS)
    assert [fault for stop in rooms for fault in looked_at(page, stop)] == []
