"""Everybody's way, walked in a real browser on the real product: sign, confirm, write, read, export.

With scripts and without, in English on a desktop and in Persian on a phone. Mails are read as a mail program
would: parsed, their link followed.
"""

from __future__ import annotations

import csv
import random
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.conftest import link_in
from tests.stack import Stack

APPEAL = "iran-detainees"
WAYS = [("en", True, False), ("en", False, True), ("fa", True, True), ("fa", False, False)]
NAMES = {"en": "Alice O’Brien-Nyström", "fa": "پروانه می‌آبادی"}
OPEN = Callable[..., Page]


def _text(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def _sign(page: Page, lang: str, email: str, *, name: str = "", visibility: str = "recipient") -> None:
    page.goto(f"/{lang}/{APPEAL}")
    form = page.locator("form#sign")
    form.locator("[name=name]").fill(name or NAMES[lang])
    form.locator("[name=email]").fill(email)
    form.locator("[name=country]").select_option("DE")
    form.locator(f"[name=visibility][value={visibility}]").check()
    form.locator("[name=consent]").check()
    form.locator("button:visible").last.click()
    page.wait_for_url("**/sent/**")


def _confirm(page: Page, stack: Stack, email: str) -> None:
    link = link_in(_text(stack.next_mail_to(email)), "/confirm/")
    page.goto(link)
    page.locator("form#confirm button").click()


@pytest.mark.browser
@pytest.mark.parametrize(("lang", "scripts", "phone"), WAYS)
def test_alice_signs_and_confirms(open_page: OPEN, stack: Stack, lang: str, scripts: bool, phone: bool) -> None:
    alice = f"alice.{lang}.{scripts}@example.org".lower()
    page = open_page(scripts=scripts, phone=phone, locale=lang)
    _sign(page, lang, alice)
    assert page.locator("html").get_attribute("dir") == ("rtl" if lang == "fa" else "ltr")
    mail = stack.next_mail_to(alice)
    assert NAMES[lang] not in mail.as_string()
    page.goto(link_in(_text(mail), "/confirm/"))
    expect(page.locator("dl bdi", has_text=NAMES[lang])).to_be_visible()
    page.locator("form#confirm button").click()
    expect(page.locator("a[href*='/mine/']")).to_be_visible()
    assert page.context.cookies() == []
    assert not _wider_than_its_screen(page)


@pytest.mark.browser
def test_what_was_typed_is_kept_and_the_mistake_explained(open_page: OPEN) -> None:
    page = open_page(scripts=False)
    page.goto(f"/en/{APPEAL}")
    page.locator("[name=name]").fill("=HYPERLINK(0)")
    page.locator("[name=email]").fill("alice@example.org")
    page.locator("form#sign button:visible").last.click()
    expect(page.locator(".errors")).to_be_visible()
    assert page.title().startswith("Error:")
    assert page.locator("[name=email]").input_value() == "alice@example.org"
    assert page.locator("[name=name]").input_value() == "=HYPERLINK(0)"


@pytest.mark.browser
def test_alice_takes_her_signature_back(open_page: OPEN, stack: Stack) -> None:
    page = open_page(scripts=False)
    _sign(page, "en", "alice.back@example.org")
    _confirm(page, stack, "alice.back@example.org")
    page.locator("a[href*='/mine/']").first.click()
    page.locator("form[action$='/withdraw'] button").click()
    expect(page.locator(".state").first).to_contain_text("withdrawn")


@pytest.mark.browser
@pytest.mark.parametrize(("lang", "scripts", "phone"), WAYS)
def test_bob_writes_two_letters(open_page: OPEN, stack: Stack, lang: str, scripts: bool, phone: bool) -> None:
    bob = f"bob.{lang}.{scripts}@example.org".lower()
    page = open_page(scripts=scripts, phone=phone, locale=lang)
    page.goto(f"/{lang}/{APPEAL}/letters")
    page.locator("[name=office][value=sr-iran]").check()
    page.locator("[name=office][value=sr-truth]").check()
    page.locator("[name=choose]").click()
    for number in (1, 2):
        if number == 1:
            page.locator("[name=name]").fill("Bob Lefèvre")
            page.locator("[name=email]").fill(bob)
            page.locator("[name=country]").select_option("FR")
        page.locator("[name=message]").fill(_own_words(f"{bob} {number}"))
        page.locator("[name=consent]").check()
        page.locator("[name=how][value=send]").click()
        expect(page.locator("pre")).to_contain_text("all her life")
        page.locator("[name=step][value=send]").click()
    page.wait_for_url("**/letters/sent/**")
    page.goto(link_in(_text(stack.next_mail_to(bob)), "/letters/confirm/"))
    expect(page.locator("pre")).to_have_count(2)
    page.locator("form#confirm button").click()
    page.locator("a[href*='/letters/']").first.click()
    letter = stack.next_mail_to("sr-truth@office.invalid")
    assert "Duhaime" in _text(letter)
    assert len(stack.mails_to(bob)) == 1
    assert not _wider_than_its_screen(page)


@pytest.mark.browser
def test_bob_takes_his_letter_to_his_own_mailbox(open_page: OPEN, downloads: Path) -> None:
    page = open_page(scripts=False)
    page.goto(f"/en/{APPEAL}/letters/high-commissioner")
    page.locator("[name=message]").fill("I was there.")
    page.locator("[name=how][value=mailbox]").click()
    assert "I was there." in page.locator("textarea").first.input_value()
    with page.expect_download() as download:
        page.locator("button", has_text=".eml").or_(page.locator("button", has_text="file")).first.click()
    kept = downloads / "letter.eml"
    download.value.save_as(kept)
    assert b"X-Unsent: 1" in kept.read_bytes()


@pytest.mark.browser
def test_olga_reads_and_exports(open_page: OPEN, stack: Stack, downloads: Path) -> None:
    page = open_page(scripts=False)
    _sign(page, "fa", "parvaneh.export@example.org")
    _confirm(page, stack, "parvaneh.export@example.org")
    page.goto(stack.campaign("organiser", "add", "olga@example.org").stdout.strip())
    page.locator("main form button").click()
    expect(page.locator("h1")).to_be_visible()
    page.goto("/desk/mail")
    page.locator("main a[href*='/desk/mail/']").first.click()
    expect(page.locator("main")).to_contain_text("example.org")
    page.goto(f"/desk/appeals/{APPEAL}/export")
    page.locator("[name=audience][value=organisers]").check()
    with page.expect_download() as download:
        page.locator("main form button").last.click()
    kept = downloads / "signatures.csv"
    download.value.save_as(kept)
    rows = list(csv.DictReader(kept.open(encoding="utf-8-sig", newline="")))
    assert NAMES["fa"] in {row["name"] for row in rows}
    assert "@" not in kept.read_text(encoding="utf-8-sig")
    page.goto("/desk/log")
    expect(page.locator("main")).to_contain_text(APPEAL)


@pytest.mark.browser
def test_the_first_organiser_comes_in_by_the_printed_link_once(open_page: OPEN, stack: Stack) -> None:
    page = open_page(scripts=False)
    page.goto(stack.sign_in_link())
    page.locator("main form button").click()
    expect(page.locator("nav a[href='/desk/outbox']")).to_be_visible()
    eve = open_page(scripts=False)
    eve.goto(stack.sign_in_link())
    if eve.locator("main form button").count():
        eve.locator("main form button").first.click()
    expect(eve.locator("nav a[href='/desk/outbox']")).to_have_count(0)


def _own_words(seed: str) -> str:
    """Enough words like nobody else's, so that the letter goes alone and does not wait for a digest."""
    drawn = random.Random(seed)
    words = ("".join(drawn.choices("aeiourstnlm", k=7)) for _ in range(40))
    return f"My grandmother waited for news all her life. {' '.join(words)}"


def _wider_than_its_screen(page: Page) -> bool:
    return int(page.locator("body").evaluate("b => document.documentElement.scrollWidth - innerWidth")) > 0
