"""The canary: one signer made of unique strings walks every way, then everything at rest is searched for them.

The real product runs with all its processes. Searched are a dump of the database, its files with the write-ahead
log, the broker, all output, the mails to others, and every page of error.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from campaign import embedded
from campaign.embedded import binaries
from config import load_settings
from tests.conftest import link_in
from tests.stack import Stack
from tests.visitor import Visitor

NAME, EMAIL, WORDS = "Quillonia Zebrafinch", "quillonia.zebrafinch@wrenhouse.example", "My thrush sang at dawn"
ADDRESS, AGENT = "203.0.113.77", "Canaryfox/1"
ENOUGH = " ".join(f"w{n}rd" for n in range(30))  # own words, so that the letter goes alone and not in a digest
SECRETS = {
    "name": "Quillonia",
    "surname": "Zebrafinch",
    "address": "quillonia.zebrafinch",
    "domain": "wrenhouse",
    "words": "thrush sang",
    "network address": ADDRESS,
    "browser": "Canaryfox",
}
APPEAL = "iran-detainees"
OFFICE = "sr-iran@office.invalid"


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A product that the canary has walked through."""
    running = Stack(tmp_path_factory.mktemp("canary") / "var", TRUSTED_PROXIES="1").start()
    _walk(running)
    yield running
    running.stop()


def _walk(stack: Stack) -> None:
    canary = Visitor(stack.url, **{"X-Forwarded-For": ADDRESS, "User-Agent": AGENT})
    _sign(canary, stack)
    _write(canary, stack)
    _stumble(canary)


def _sign(canary: Visitor, stack: Stack) -> None:
    canary.get(f"/en/{APPEAL}")
    canary.submit("sign", name=NAME, email=EMAIL, country="DE", visibility="recipient", consent="y")
    assert canary.status == 200
    canary.get(_link(stack, 0, "/confirm/"))
    assert NAME in canary.page
    canary.submit("confirm")
    canary.get(link_in(canary.page, "/mine/"))
    assert EMAIL in canary.page
    canary.get(f"/en/{APPEAL}")
    canary.submit("sign", name=NAME, email=EMAIL, country="DE", visibility="public", consent="y")


def _write(canary: Visitor, stack: Stack) -> None:
    canary.get(f"/en/{APPEAL}/letters/sr-iran")
    typed = {"name": NAME, "email": EMAIL, "country": "DE", "message": f"{WORDS} {ENOUGH}"}
    canary.submit("letter", **typed, consent="y", how="send")
    assert WORDS in canary.page
    canary.submit("letters/sr-iran", step="send")
    canary.get(_link(stack, 2, "/letters/confirm/"))
    canary.submit("confirm")
    stack.next_mail_to(OFFICE)


def _stumble(canary: Visitor) -> None:
    """Every way to be refused, with the strings in it."""
    typed = {"name": NAME, "email": EMAIL, "comment": WORDS, "country": "DE"}
    for path in (f"/en/{APPEAL}/sign", f"/en/{APPEAL}/letters/sr-iran", "/en/mine", "/desk/sign-in", "/confirm/x"):
        canary.post(path, typed)
    for path in (f"/en/{NAME.split()[0]}", "/confirm/x", "/mine/x", f"/en/{APPEAL}/sign"):
        canary.get(path)
    canary.post(f"/en/{APPEAL}/sign", {"name": NAME, "stamp": "x" * 300_000})


def _link(stack: Stack, number: int, kind: str) -> str:
    body = stack.next_mail_to(EMAIL, after=number).get_body(("plain",))
    assert body is not None
    return link_in(body.get_content(), kind)


@pytest.mark.parametrize("what", SECRETS)
def test_it_is_not_in_a_dump_of_the_database(stack: Stack, what: str) -> None:
    assert SECRETS[what].encode() not in _dump(stack)


def test_what_a_dump_must_hold_is_there(stack: Stack) -> None:
    assert b"iran-detainees" in _dump(stack)  # or the tests above prove nothing


@pytest.mark.parametrize("what", SECRETS)
def test_it_is_in_no_file_but_the_captured_mails(stack: Stack, what: str) -> None:
    files = [p for p in stack.data.rglob("*") if p.is_file() and stack.data / "mail" not in p.parents]
    assert len(files) > 500  # heap, indexes and write-ahead log are among them
    assert [p for p in files if SECRETS[what].encode() in p.read_bytes()] == []


@pytest.mark.parametrize("what", SECRETS)
def test_it_is_not_in_the_broker(stack: Stack, what: str) -> None:
    with embedded.start(load_settings(DATA_DIR=stack.data)) as servers:
        client = Redis.from_url(servers.redis_url)
        kept = b" ".join(key + (client.dump(key) or b"") for key in client.scan_iter("*"))
    assert kept
    assert SECRETS[what].encode() not in kept


@pytest.mark.parametrize("what", SECRETS)
def test_nobody_said_it_in_a_log(stack: Stack, what: str) -> None:
    said = stack.said()
    assert "signature.confirmed" in said  # or there was no log to search
    assert SECRETS[what] not in said


def test_others_got_no_mail_with_it(stack: Stack) -> None:
    mails = [path.read_bytes() for path in (stack.data / "mail").rglob("*.eml")]
    to_others = [m for m in mails if EMAIL.encode() not in m.split(b"\n\n")[0] and OFFICE.encode() not in m]
    assert [m for m in to_others if b"Quillonia" in m] == []


def test_her_own_confirmation_does_not_repeat_what_she_typed(stack: Stack) -> None:
    confirmation = stack.next_mail_to(EMAIL).as_string()
    assert "Quillonia Zebrafinch" not in confirmation
    assert "Iran" not in str(stack.next_mail_to(EMAIL)["Subject"])


@pytest.mark.parametrize(
    "path", ["/en/nowhere", "/confirm/x", "/mine/x", "/desk/mail/x", f"/en/{APPEAL}/letters/nobody"]
)
def test_an_error_page_repeats_nothing(stack: Stack, path: str) -> None:
    eve = Visitor(stack.url)
    eve.post(f"{path}?name=Quillonia", {"name": NAME, "email": EMAIL, "message": WORDS})
    assert eve.status >= 400
    assert not [what for what, secret in SECRETS.items() if secret in eve.page]


def _dump(stack: Stack) -> bytes:
    kept = stack.data.parent / "dump.sql"
    if not kept.exists():
        _write_dump(stack, kept)
    return kept.read_bytes()


def _write_dump(stack: Stack, to: Path) -> None:
    with embedded.start(load_settings(DATA_DIR=stack.data)) as servers:
        url = servers.database_url.replace("+psycopg", "")
        done = subprocess.run(
            [binaries() / "pg_dump", f"--dbname={url}", f"--file={to}"], capture_output=True, check=False
        )
    assert done.returncode == 0, done.stderr
