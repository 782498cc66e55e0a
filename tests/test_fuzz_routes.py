"""Whatever is sent to any public address, it is answered, never with a 500, and nothing of it gets into the log.

Each request starts from what a browser would send of a form on the site, and is then spoilt at some places:
fields, address, method, headers, encoding. It goes the whole way, through all that stands before Flask.
"""

from __future__ import annotations

import re
import statistics
import time
from collections.abc import Iterator
from contextvars import Context
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any
from urllib.parse import quote_from_bytes, unquote_to_bytes

import pytest
import structlog
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.letter_stage import fields_in
from tests.test_routes import METHODS, Stage, is_desk, stage  # noqa: F401 - a fixture

MARK = "Quillonia"  # in whatever is typed: no log may repeat it
FORM = "application/x-www-form-urlencoded"
GOOD = {"name": "Alice Moreau", "email": "alice@example.org", "country": "FR", "consent": "y", "visibility": "public"}
PART = b'--x\r\nContent-Disposition: form-data; name="f"\r\n\r\nQuillonia\r\n'
QUICK = 0.005  # seconds of processor time: a refusal costs no work

odd_bytes = st.sampled_from(
    [
        b"", b" ", b"\0", b"\xff\xfe", b"\xed\xa0\x80", b"\xc0\xaf", b"\r\nSet-Cookie: a=b", b"%00", b"%", b"../etc",
        b"' OR 1=1 --", b"{{7*7}}", b"${7*7}", b"<script>", b"%s%n", b"-1", b"9" * 400, b"1e999", b"NaN", b"-inf",
        b"0000-00-00", b"[object Object]", b"a@b", b"a@" + b"b." * 100 + b"c", b"@" * 80, b"=?utf-8?q?x?=",
        "‮⁦".encode(), "ﷺ".encode() * 60, "🦊‍".encode() * 60, b"x" * 5000, b"\x1b[2J", b"xn--", b"a@xn--a", b"00000000",
    ]
)  # fmt: skip
odd = st.one_of(odd_bytes, st.binary(max_size=40), st.text(max_size=40).map(lambda s: s.encode("utf-8", "replace")))
marked = odd.map(lambda value: MARK.encode() + value) | odd
headers = st.dictionaries(
    st.sampled_from(
        [
            "HTTP_HOST", "HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_HOST", "HTTP_X_FORWARDED_PROTO",
            "HTTP_ACCEPT_LANGUAGE", "HTTP_COOKIE", "HTTP_IF_NONE_MATCH", "HTTP_IF_MODIFIED_SINCE", "HTTP_RANGE",
            "HTTP_ACCEPT_ENCODING", "HTTP_USER_AGENT", "HTTP_REFERER", "HTTP_ORIGIN", "HTTP_SEC_FETCH_SITE",
            "CONTENT_TYPE", "CONTENT_LENGTH", "QUERY_STRING", "REMOTE_ADDR",
        ]
    ),
    marked,
    max_size=2,
)  # fmt: skip
bodies = st.sampled_from(
    [
        (FORM, b"&&==&=%&name"),
        (FORM, b"name=%ff%fe&email=%00"),
        (f"{FORM}; charset=utf-16", "name=a".encode("utf-16")),
        ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="name"\r\n\r\nno end'),
        ("multipart/form-data", b"no boundary"),
        ("multipart/form-data; boundary=x", PART.replace(b'"f"', b'"f"; filename="b"') + b"--x--"),
        ("application/json", b'{"name": ["' + b"[" * 2000),
        ("text/plain", b"\xff" * 100),
        ("", b"name=a"),
    ]
)  # fmt: skip


@dataclass
class Sent:
    """A request as the web server hands it over."""

    path: bytes
    method: str = "GET"
    fields: dict[str, bytes] = field(default_factory=dict)
    body: tuple[str, bytes] | None = None
    headers: dict[str, bytes] = field(default_factory=dict)

    def environ(self) -> dict[str, Any]:
        """As PEP 3333 has it: bytes as Latin-1."""
        typed = "&".join(f"{name}={quote_from_bytes(value)}" for name, value in self.fields.items())
        kind, body = self.body or (FORM, typed.encode())
        return {
            "REQUEST_METHOD": self.method,
            "SCRIPT_NAME": "",
            "PATH_INFO": self.path.decode("latin-1"),
            "QUERY_STRING": "",
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": "8000",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "192.0.2.1",
            "HTTP_HOST": "127.0.0.1:8000",
            "CONTENT_TYPE": kind,
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": BytesIO(body),
            "wsgi.errors": None,
            "wsgi.multithread": True,
            "wsgi.multiprocess": True,
            "wsgi.run_once": False,
        } | {name: value.decode("latin-1") for name, value in self.headers.items()}


@dataclass
class Answer:
    """What came back, what was said in the log meanwhile, and the processor time that it took."""

    status: int
    headers: dict[str, str]
    body: bytes
    log: str
    seconds: float


def answer(app: Flask, sent: Sent) -> Answer:
    """What this request is answered, as each is: alone in its context."""
    said: list[Any] = []
    began = time.thread_time()
    with structlog.testing.capture_logs() as log:
        body = b"".join(Context().run(app.wsgi_app, sent.environ(), lambda *told, **_: said.extend(told)))
    return Answer(int(said[0][:3]), dict(said[1]), body, repr(log), time.thread_time() - began)


def check(app: Flask, sent: Sent) -> Answer:
    """The answer, which must be one that we stand by."""
    found = answer(app, sent)
    assert found.status < 500, f"{found.status}: {found.log}"
    assert b"Traceback" not in found.body
    assert MARK not in found.log
    assert not any(c in value for value in found.headers.values() for c in "\r\n")
    assert "Set-Cookie" not in found.headers or sent.path.startswith(b"/desk")
    return found


@dataclass
class Site:
    """The app, and every public address by every method that it knows, with the fields of its form on the site."""

    app: Flask
    starts: list[Sent]


@pytest.fixture
def site(stage: Stage) -> Site:  # noqa: F811 - the fixture
    rules = [(rule, method, address) for rule, method, address in stage.every(*METHODS) if not is_desk(rule)]
    forms = dict(_forms(stage, {address for _rule, method, address in rules if method == "GET"}))
    starts = [
        Sent(address.encode(), method, forms.get(address, {}) if method == "POST" else {})
        for _rule, method, address in rules
    ]
    return Site(stage.app, starts)


def _forms(stage: Stage, pages: set[str]) -> Iterator[tuple[str, dict[str, bytes]]]:  # noqa: F811 - no fixture
    for page in sorted(pages):
        html = stage.browser().get(page).get_data().decode("utf-8", "replace")
        for tag, inside in re.findall(r"<form([^>]*)>(.*?)</form>", html, re.S):
            action = re.search(r'action="([^"#?]*)', tag)
            typed = {name: value or GOOD.get(name, "") for name, value in fields_in(inside).items()}
            names = {name: GOOD[name] for name in GOOD if f'name="{name}"' in inside}
            yield (action[1] if action and action[1] else page), {n: v.encode() for n, v in (typed | names).items()}


@st.composite
def spoilt(draw: st.DrawFn, starts: list[Sent]) -> Sent:
    """One of them, with some of it made odd."""
    start = draw(st.sampled_from(starts))
    path, fields = start.path, dict(start.fields)
    for name in draw(st.lists(st.sampled_from(sorted(fields)), max_size=3)) if fields else ():
        fields[name] = draw(marked)
    if not fields or draw(st.integers(0, 3)) == 0:
        parts = path.split(b"/")
        parts[draw(st.integers(1, len(parts) - 1))] = unquote_to_bytes(draw(marked))
        path = b"/".join(parts)
    method = draw(st.sampled_from([start.method] * 5 + ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "Q"]))
    body = draw(st.none() | bodies) if draw(st.booleans()) else None
    return Sent(path, method, fields, body, draw(headers))


def test_it_works(site: Site) -> None:
    """What a browser sends is taken, and its forms were found."""
    posts = {start.path: start for start in site.starts if start.method == "POST"}
    assert sum(bool(start.fields) for start in posts.values()) >= 8
    assert check(site.app, posts[b"/en/iran-detainees/sign"]).status == 303


def test_whatever_is_sent_is_answered(site: Site, request: pytest.FixtureRequest) -> None:
    nightly = request.config.getoption("--nightly")

    @given(sent=spoilt(site.starts))
    @settings(
        max_examples=20_000 if nightly else 300, derandomize=not nightly, deadline=None, database=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    def send(sent: Sent) -> None:
        check(site.app, sent)

    send()


TOO_MUCH = {
    "ten thousand fields": (FORM, b"&".join(b"f%d=Quillonia" % n for n in range(10_000))),
    "one field ten thousand times": (FORM, b"&".join([b"name=Quillonia"] * 10_000)),
    "three megabytes": (FORM, b"name=" + b"Quillonia" * 333_333),
    "two hundred parts": ("multipart/form-data; boundary=x", PART * 200 + b"--x--"),
    "ten thousand parts": ("multipart/form-data; boundary=x", PART * 10_000 + b"--x--"),
}
OTHER_HOSTS = (
    "eve.example", "eve.example:8000", "127.0.0.1:8000@eve.example", "127.0.0.1, eve.example", "[::1", "\0",
    "a" * 9000, "127.0.0.1#eve.example", "eve.example/127.0.0.1",
)  # fmt: skip


def test_too_much_is_refused_at_once(site: Site) -> None:
    for what, body in TOO_MUCH.items():
        took = []
        for start in site.starts:
            if start.method == "POST":
                found = check(site.app, Sent(start.path, "POST", body=body))
                assert found.status == 413, f"{start.path!r}: {what}"
                took.append(found.seconds)
        assert statistics.median(took) < QUICK, what


def test_under_another_host_there_is_nothing(site: Site) -> None:
    """Not even a page that is kept: each was asked for a moment ago, for its form."""
    for host in OTHER_HOSTS:
        for start in site.starts:
            found = check(
                site.app, Sent(start.path, start.method, start.fields, headers={"HTTP_HOST": host.encode()})
            )
            assert found.status == 400, f"{host} {start.path!r}"
            assert "eve.example" not in f"{found.headers} {found.body!r}"


def test_a_length_that_is_no_number_is_no_reason_to_fail(site: Site) -> None:
    for length in (b"\xb2", b"-1", b"9" * 5000):
        for start in site.starts:
            if start.method == "POST":
                check(site.app, Sent(start.path, "POST", start.fields, headers={"CONTENT_LENGTH": length}))
