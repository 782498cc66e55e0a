"""On a line of 250 kbit/s, 300 ms to go there and back, with nothing kept: the appeal can be signed in 5 seconds."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from tests.browser.tour import SLUG

LINE = {"offline": False, "latency": 300, "downloadThroughput": 250_000 / 8, "uploadThroughput": 250_000 / 8}
READY = "performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd"
SOON, SMALL, FEW = 5_000, 100_000, 6  # ms, bytes as they travel, requests


@pytest.mark.browser
@pytest.mark.parametrize("lang", ["en", "fa"])
def test_it_works(open_page: Callable[..., Page], lang: str) -> None:
    page = open_page(phone=True)
    line, travelled = page.context.new_cdp_session(page), []
    line.send("Network.enable")
    line.send("Network.emulateNetworkConditions", LINE)
    line.on("Network.loadingFinished", lambda event: travelled.append(event["encodedDataLength"]))
    page.goto(f"/{lang}/{SLUG}", wait_until="domcontentloaded")
    page.locator("#sign [name=name]").fill("Alice", timeout=SOON)
    page.wait_for_load_state("networkidle")
    assert page.evaluate(READY) < SOON
    assert sum(travelled) < SMALL, travelled
    assert len(travelled) <= FEW, travelled
