"""Passing the appeal on: by links for everybody, by a button where there are scripts; nothing says who signed."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import unquote, urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.stack import Stack

OPEN = Callable[..., Page]
PLACES = {"wa.me", "t.me", "mailto", "bsky.app", "share.joinmastodon.org", "x.com", "www.facebook.com"}


@pytest.mark.browser
def test_the_address_is_copied_by_a_button(open_page: OPEN, stack: Stack) -> None:
    page = open_page()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto("/en/iran-detainees")
    page.locator(".copy button:visible").first.click()
    expect(page.locator(".copy [role=status]")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == f"{stack.url}/en/iran-detainees"


@pytest.mark.browser
def test_the_device_shares_it_its_own_way_where_it_has_one(open_page: OPEN, stack: Stack) -> None:
    page = open_page(phone=True)
    page.add_init_script("navigator.share = async given => { window.given = given; }")
    page.goto("/fr/iran-detainees")
    page.locator("[data-share]:visible").first.click()
    given = page.evaluate("window.given")
    assert given["url"] == f"{stack.url}/fr/iran-detainees"
    assert given.keys() == {"title", "url"}


@pytest.mark.browser
def test_without_a_script_the_address_stands_there(open_page: OPEN, stack: Stack) -> None:
    page = open_page(scripts=False, phone=True, locale="fa")
    page.goto("/fa/iran-detainees")
    assert page.locator(".copy input").input_value() == f"{stack.url}/fa/iran-detainees"
    expect(page.locator(".copy button:visible")).to_have_count(0)
    links = page.locator(".share").first.locator("a").evaluate_all("all => all.map(one => one.href)")
    assert {urlsplit(link).hostname or urlsplit(link).scheme for link in links} == PLACES
    assert all("/fa/iran-detainees" in unquote(link) for link in links)
