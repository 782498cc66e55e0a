"""The page cache: public pages are made once a second, everything else goes straight through."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from threading import Thread
from time import sleep
from typing import Any

import pytest
from werkzeug.test import Client

from campaign.pages import PageCache

PUBLIC = [("Content-Type", "text/html; charset=utf-8"), ("Cache-Control", "public, s-maxage=60")]


class Site:
    """A WSGI app that counts how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0
        self.status, self.headers, self.body = "200 OK", PUBLIC, b"<p>an appeal</p>" * 100

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
        self.asked += 1
        start_response(self.status, self.headers)
        return iter([self.body])


@pytest.fixture
def site() -> Site:
    return Site()


@pytest.fixture
def time() -> list[float]:
    return [0.0]


@pytest.fixture
def browser(site: Site, time: list[float]) -> Client:
    return Client(PageCache(site, clock=lambda: time[0]))


def test_it_works(browser: Client, site: Site) -> None:
    first, second = browser.get("/en/a"), browser.get("/en/a")
    assert first.data == second.data == site.body
    assert site.asked == 1


def test_what_is_kept_is_shown_under_our_own_names_only(site: Site) -> None:
    browser = Client(PageCache(site, hosts=["appeal.example.org"]))
    ours = {"HTTP_HOST": "appeal.example.org:8000"}
    assert browser.get("/en/a", environ_overrides=ours).headers["ETag"]
    browser.get("/en/a", environ_overrides=ours)
    assert site.asked == 1
    for host in ("eve.example", "", "appeal.example.org@eve.example"):
        assert "ETag" not in browser.get("/en/a", environ_overrides={"HTTP_HOST": host}).headers
    assert site.asked == 4


def test_a_change_shows_within_a_second_or_so(browser: Client, site: Site, time: list[float]) -> None:
    browser.get("/en/a")
    site.body, time[0] = b"changed", 1.01
    assert browser.get("/en/a").data == b"changed"


def test_while_one_makes_it_anew_the_others_get_the_last_one(site: Site, time: list[float]) -> None:
    cache = PageCache(site, clock=lambda: time[0])
    browser = Client(cache)
    before, heard = browser.get("/en/a").data, []
    plain = site.__class__.__call__

    def meanwhile(environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
        heard.append(browser.get("/en/a").data)
        return plain(site, environ, start_response)

    cache._app, site.body, time[0] = meanwhile, b"changed", 1.01
    assert browser.get("/en/a").data == b"changed"
    assert heard == [before]


def test_after_a_quiet_minute_a_crowd_has_it_made_once(site: Site, time: list[float]) -> None:
    cache = PageCache(site, clock=lambda: time[0])
    Client(cache).get("/en/a")
    made, heard, crowd = site.asked, list[bytes](), list[Thread]()
    plain = cache._app

    def making(environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
        if not crowd:
            crowd.extend(Thread(target=lambda: heard.append(Client(cache).get("/en/a").data)) for _ in range(8))
            for one in crowd:
                one.start()
            sleep(0.1)  # all of them have come
        return plain(environ, start_response)

    cache._app, site.body, time[0] = making, b"changed", 60.0
    assert Client(cache).get("/en/a").data == b"changed"
    for one in crowd:
        one.join()
    assert (heard, site.asked - made) == ([b"changed"] * 8, 1)


def test_while_it_cannot_be_made_the_last_one_does_for_a_minute(
    browser: Client, site: Site, time: list[float]
) -> None:
    before = browser.get("/en/a").data
    site.status, site.headers, site.body, time[0] = "503 SERVICE UNAVAILABLE", [], b"busy", 30.0
    assert browser.get("/en/a").data == before
    assert browser.get("/en/b").status_code == 503
    time[0] = 62.0
    assert browser.get("/en/a").status_code == 503


def test_a_first_page_in_the_making_is_waited_for(site: Site) -> None:
    cache, heard = PageCache(site), list[int]()
    plain = cache._app

    def making(environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
        cache._app = overrun
        waiting.start()
        return plain(environ, start_response)

    def overrun(environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
        start_response("503 SERVICE UNAVAILABLE", [])
        return iter([b"busy"])

    waiting = Thread(target=lambda: heard.append(Client(cache).get("/en/a").status_code))
    cache._app = making
    assert Client(cache).get("/en/a").status_code == 200
    waiting.join()
    assert heard == [200]


def test_a_browser_that_has_it_gets_304_and_no_body(browser: Client) -> None:
    etag = browser.get("/en/a").headers["ETag"]
    again = browser.get("/en/a", headers={"If-None-Match": etag})
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["Cache-Control"] == "public, s-maxage=60"


def test_it_is_compressed_for_who_asks(browser: Client, site: Site) -> None:
    packed = browser.get("/en/a", headers={"Accept-Encoding": "br, gzip"})
    assert gzip.decompress(packed.data) == site.body
    assert packed.headers["Vary"] == "Accept-Encoding"
    assert "Content-Encoding" not in browser.get("/en/a").headers


def test_a_stylesheet_is_kept_compressed_whatever_version_is_asked_for(browser: Client, site: Site) -> None:
    site.headers = [("Content-Type", "text/css; charset=utf-8"), ("Cache-Control", "public, max-age=31536000")]
    packed = [browser.get(f"/static/a.css?v={n}", headers={"Accept-Encoding": "gzip"}) for n in "12"]
    assert [gzip.decompress(one.data) for one in packed] == [site.body] * 2
    assert site.asked == 1
    site.headers = [("Content-Type", "image/webp"), ("Cache-Control", "public, max-age=31536000")]
    for _ in range(2):
        assert browser.get("/look/a/logo-1.webp").data == site.body
    assert site.asked == 3


def test_head_has_the_headers_only(browser: Client, site: Site) -> None:
    answer = browser.head("/en/a")
    assert answer.data == b""
    assert answer.headers["Content-Length"] == str(len(site.body))
    assert browser.get("/en/a").data == site.body


def test_two_pages_are_two(browser: Client, site: Site) -> None:
    browser.get("/en/a")
    site.body = b"other"
    assert browser.get("/fr/a").data == b"other"


@pytest.mark.parametrize(
    ("status", "headers"),
    [
        ("404 NOT FOUND", PUBLIC),
        ("200 OK", [("Cache-Control", "no-store")]),
        ("200 OK", [*PUBLIC, ("Set-Cookie", "desk=1")]),
        ("200 OK", []),
    ],
)
def test_a_private_answer_is_never_kept(browser: Client, site: Site, status: str, headers: Any) -> None:
    site.status, site.headers = status, headers
    browser.get("/en/a")
    browser.get("/en/a")
    assert site.asked == 2


def test_a_post_and_a_query_go_straight_through(browser: Client, site: Site) -> None:
    browser.get("/en/a")
    browser.post("/en/a")
    browser.get("/en/a?x=1")
    assert site.asked == 3
