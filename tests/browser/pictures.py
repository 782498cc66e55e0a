"""Takes every page in every language, on a phone and a desktop, in light and dark: to be looked at by a person.

    python -m tests.browser.pictures FOLDER [LANGUAGE ...]

It starts a product of its own in a temporary DATA_DIR and stops it afterwards. ``FOLDER/en/appeal-phone-dark.png`` is
one picture; those of the desk, of forced colours and of paper lie in folders of their own.
"""

from __future__ import annotations

import sys
import tempfile
from itertools import product
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, sync_playwright

from campaign.i18n import INTERFACE
from tests.browser.conftest import DESKTOP, PHONE, launch
from tests.browser.tour import Stop, Tour, arrange, enter
from tests.stack import Stack

SIZES = {"phone": PHONE, "desktop": DESKTOP}
FORCED = {"color_scheme": "dark", "forced_colors": "active"}
LONGEST = 6_000  # pixels: what nobody scrolls to need not be looked at


def take(browser: Browser, folder: Path, stops: list[Stop], size: str, tour: Tour | None = None, **look: Any) -> None:
    """Pictures of pages at one width; with a ``tour``, as its organiser."""
    folder.mkdir(parents=True, exist_ok=True)
    context = browser.new_context(viewport=SIZES[size], reduced_motion="reduce", **look)  # type: ignore[arg-type]
    page = context.new_page()
    if tour:
        enter(page, tour)
    kind = "forced" if "forced_colors" in look else look["color_scheme"]
    for stop in stops:
        stop.visit(page)
        height = min(page.evaluate("document.documentElement.scrollHeight"), LONGEST)
        page.screenshot(
            path=folder / f"{stop.name}-{size}-{kind}.png",
            full_page=True,
            clip={"x": 0, "y": 0, "width": SIZES[size]["width"], "height": height},
        )
    context.close()


def take_all(browser: Browser, url: str, tour: Tour, folder: Path, languages: list[str]) -> None:
    """Pictures of everything that a tour leads to."""
    for lang, size, scheme in product(languages, SIZES, ("light", "dark")):
        take(browser, folder / lang, tour.public[lang], size, base_url=url, color_scheme=scheme)
    take(browser, folder / "forced", tour.public[languages[0]], "phone", base_url=url, **FORCED)
    take(browser, folder / "desk", tour.desk, "desktop", tour, base_url=url, color_scheme="light")


def main() -> None:
    """The command."""
    folder, languages = Path(sys.argv[1]), sys.argv[2:] or list(INTERFACE)
    with tempfile.TemporaryDirectory() as temporary, sync_playwright() as playwright:
        stack = Stack(Path(temporary) / "var").start()
        try:
            tour = arrange(stack.data, Path(temporary) / "bundles", languages)
            take_all(launch(playwright), stack.url, tour, folder, languages)
        finally:
            stack.stop()


if __name__ == "__main__":
    main()
