"""The card in a stranger's page: two origins, third-party cookies blocked, signed without leaving a trace there."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from campaign.running.preparing import DATA
from tests.browser.conftest import CHROMIUM, PHONE
from tests.conftest import link_in
from tests.stack import Stack

HARMLESS = "open-letter"


class Quiet(SimpleHTTPRequestHandler):
    """Serves a folder and says nothing."""

    def log_message(self, *_said: object) -> None:
        """Nothing."""


@pytest.fixture(scope="module")
def harmless(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The bundled appeal under another name, as one that can harm nobody."""
    bundle = tmp_path_factory.mktemp("bundle") / HARMLESS
    shutil.copytree(DATA / "appeals" / "iran-detainees", bundle)
    facts = (bundle / "appeal.yaml").read_text("utf-8")
    facts = facts.replace("slug: iran-detainees", f"slug: {HARMLESS}").replace("sensitive: true", "sensitive: false")
    (bundle / "appeal.yaml").write_text(facts, "utf-8")
    stack.campaign("appeal", "load", str(bundle))
    return HARMLESS


@pytest.fixture
def stranger(stack: Stack, harmless: str, tmp_path: Path) -> Iterator[str]:
    """The page of another site (another host, so another site to the browser) with the card and the count in it."""
    frame = f'<iframe src="{stack.url}/embed/{harmless}/en" title="Appeal" width="360" height="1400"></iframe>'
    count = f'<img src="{stack.url}/embed/{harmless}/en/count.png" alt="" width="360" height="72">'
    (tmp_path / "index.html").write_text(f"<!doctype html><title>NGO</title><h1>Our site</h1>{count}{frame}")
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://localhost:{server.server_port}"
    server.shutdown()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A phone without scripts in a browser that blocks third-party cookies."""
    strict = browser.browser_type.launch(
        executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--test-third-party-cookie-phaseout"]
    )
    yield strict.new_context(java_script_enabled=False, viewport=PHONE).new_page()
    strict.close()


@pytest.mark.browser
def test_alice_signs_in_a_stranger_s_page(page: Page, stranger: str, stack: Stack) -> None:
    page.goto(stranger)
    form = page.frame_locator("iframe").locator("form#sign")
    form.locator("[name=name]").fill("Alice Embedded")
    form.locator("[name=email]").fill("alice.embedded@example.org")
    form.locator("[name=country]").select_option("DE")
    form.locator("[name=visibility][value=counted]").check()
    form.locator("[name=consent]").check()
    with page.context.expect_page() as opened:
        form.locator("button:visible").last.click()
    ours = opened.value
    ours.wait_for_url(f"{stack.url}/sent/**")
    assert page.url.startswith(stranger)
    mail = stack.next_mail_to("alice.embedded@example.org").get_body(("plain",))
    assert mail is not None
    ours.goto(stack.url + link_in(str(mail.get_content()), "/confirm/"))
    ours.locator("form#confirm button").click()
    expect(ours.get_by_role("heading", name="Your signature is confirmed")).to_be_visible()
    assert page.context.cookies() == []


@pytest.mark.browser
def test_the_count_is_drawn_there_and_no_other_page_of_ours_is(
    page: Page, stranger: str, stack: Stack, tmp_path: Path
) -> None:
    page.goto(stranger)
    with page.expect_response("**/count.png") as drawn:
        page.reload()
    assert drawn.value.ok
    (tmp_path / "evil.html").write_text(f'<iframe src="{stack.url}/en/iran-detainees"></iframe>')
    page.goto(f"{stranger}/evil.html")
    page.wait_for_load_state("networkidle")
    assert page.frame_locator("iframe").locator("form#sign").count() == 0
