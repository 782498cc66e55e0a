"""A real Chromium on the real product. Where no browser can be had these tests are skipped, loudly."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Playwright, sync_playwright

from campaign.i18n import INTERFACE
from tests.browser.tour import Tour, arrange
from tests.stack import Stack

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
PHONE, DESKTOP = {"width": 390, "height": 844}, {"width": 1280, "height": 900}


def launch(playwright: Playwright) -> Browser:
    """Debian's Chromium, without a sandbox when root, as in CI."""
    quiet = ["--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"]
    sandbox = ["--no-sandbox"] if os.getuid() == 0 else []
    return playwright.chromium.launch(executable_path=CHROMIUM, args=[*quiet, *sandbox, "--disable-gpu"])


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The browser of all tests."""
    if CHROMIUM is None:
        pytest.skip("NO CHROMIUM ON THIS MACHINE: the journeys were not walked in a browser")
    with sync_playwright() as playwright:
        launched = launch(playwright)
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """One running product for all journeys."""
    running = Stack(tmp_path_factory.mktemp("up") / "var").start()
    yield running
    assert running.stop() == 0


@pytest.fixture(scope="session")
def tour(request: pytest.FixtureRequest, stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Tour:
    """Every page of that product, in a language of either direction; with ``--nightly`` in all of them."""
    languages = INTERFACE if request.config.getoption("--nightly") else ("en", "fa")
    return arrange(stack.data, tmp_path_factory.mktemp("bundles"), languages)


@pytest.fixture
def open_page(browser: Browser, stack: Stack) -> Iterator[Callable[..., Page]]:
    """Open pages that fail the test on any foreign request, script error or cookie on the public side."""
    contexts = []

    def opened(*, scripts: bool = True, phone: bool = False, locale: str = "en") -> Page:
        context = browser.new_context(
            base_url=stack.url,
            java_script_enabled=scripts,
            viewport=PHONE if phone else DESKTOP,
            locale=locale,
            accept_downloads=True,
        )
        contexts.append(context)
        page = context.new_page()
        page.on("request", lambda request: _own(request.url, stack))
        page.on("pageerror", lambda error: pytest.fail(f"script error: {error}"))
        page.set_default_timeout(15_000)
        return page

    yield opened
    for context in contexts:
        context.close()


def _own(url: str, stack: Stack) -> None:
    assert url.startswith((stack.url, "data:", "blob:")), f"a request left this site: {url}"


@pytest.fixture
def downloads(tmp_path: Path) -> Path:
    """Where a test keeps what it downloads."""
    return tmp_path
