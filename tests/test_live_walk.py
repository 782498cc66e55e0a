"""Going live as an operator and an organiser live it: ``bin/up`` with a relay, a real gate and real pacing.

Everything is the product's own: processes, pages, mails. The test keeps a mail server and a name server, and moves
the database's clock, which nothing else can. Nothing leaves the machine: the relay is the sink.
"""

from __future__ import annotations

import html
import re
import shutil
import socketserver
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import dns.message
import dns.rrset
import psycopg
import pytest

from campaign.embedded import Servers
from tests.letter_stage import SLUG
from tests.sink import Sink
from tests.stack import ROOT, Stack, free_port
from tests.visitor import Visitor

NAME = "live_walk"
OLGA, BOB, ANNA = "olga@people.internal", "bob@people.internal", "anna@people.internal"
OFFICE = "mandate@office.internal"
SENDING = f"/desk/appeals/{SLUG}/sending"
PATIENCE = 60.0  # seconds
PUBLISHER = {
    "name": "Association Alpha", "address": "Rue 1, 1200 Geneva", "contact_person": "Olga Keller",
    "phone": "+41 22 000 00 00", "privacy_contact": "data@appeal.internal", "delete_by": "2028-12-31",
}  # fmt: skip
OWN_WORDS = (
    "My uncle taught me to read. He did not come home that summer, and nobody has told his mother where he lies. "
    "I still have the books, and each winter I read the one about the sea to my own children."
)
OTHER_WORDS = (
    "I am a nurse in Lyon, and at our table a place is kept for my mother’s brother, who was taken from his school "
    "in the autumn of that year and whose name no list has ever carried."
)
# What a process of the product reads first: all questions about names go to the test's own server.
RESOLVER = """
import dns.resolver
def read(self, _file):
    self.nameservers, self.port = ["127.0.0.1"], {port}
dns.resolver.Resolver.read_resolv_conf = read
"""


class Names(socketserver.BaseRequestHandler):
    """A name server for which every domain has SPF and DMARC."""

    def handle(self) -> None:
        said, line = self.request
        query = dns.message.from_wire(said)
        name = query.question[0].name
        record = "v=DMARC1; p=none" if name.to_text().startswith("_dmarc.") else "v=spf1 -all"
        answer = dns.message.make_response(query)
        answer.answer.append(dns.rrset.from_text(name, 60, "IN", "TXT", f'"{record}"'))
        line.sendto(answer.to_wire(), self.client_address)


class Clock:
    """The database's clock, for the stack's connections."""

    def __init__(self, url: str) -> None:
        self._url = url

    def set(self, geneva: str) -> None:
        """It is this moment in Geneva; who is connected has to connect anew."""
        with psycopg.connect(self._url, autocommit=True) as connection:
            asked = "SELECT extract(epoch FROM %s::timestamp AT TIME ZONE 'Europe/Zurich' - clock_timestamp())::int"
            row = connection.execute(asked, [geneva]).fetchone()
            assert row
            connection.execute(f"ALTER DATABASE {NAME} SET undersigned.clock_offset = '{row[0]} seconds'")
            connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [NAME])


@pytest.fixture
def clock(servers: Servers) -> Iterator[Clock]:
    """A database of its own, with nothing in it."""
    url = servers.database_url.replace("+psycopg", "")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {NAME}")
    yield Clock(url)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {NAME} WITH (FORCE)")


@pytest.fixture
def names() -> Iterator[int]:
    """The port of a name server."""
    with socketserver.ThreadingUDPServer(("127.0.0.1", 0), Names) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


@pytest.fixture
def stack(servers: Servers, clock: Clock, names: int, sink: Sink, tmp_path: Path) -> Iterator[Stack]:
    """``bin/up`` on a Monday at noon in Geneva, sending to the sink."""
    (tmp_path / "sitecustomize.py").write_text(RESOLVER.format(port=names))
    clock.set("2027-03-01 12:00")
    stack = Stack(
        tmp_path / "data", MAIL_URL=sink.url, MAIL_FROM="campaign@appeal.internal", PYTHONPATH=f"{tmp_path}:{ROOT}",
        LETTERS_DOMAIN="letters.appeal.internal", METRICS_PORT=str(free_port()),
        DATABASE_URL=servers.database_url.replace("+psycopg", "").replace("/undersigned?", f"/{NAME}?"),
    )  # fmt: skip
    stack.command = [sys.executable, "-m", "campaign.running"]  # what bin/up executes, which sets PYTHONPATH
    stack.start()
    yield stack
    assert stack.stop() == 0


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """The bundled appeal, with a publisher and an end."""
    bundle = tmp_path / SLUG
    shutil.copytree(ROOT / "campaign/data/appeals" / SLUG, bundle)
    facts = (bundle / "appeal.yaml").read_text(encoding="utf-8")
    for name, value in PUBLISHER.items():
        assert f"{name}: null\n" in facts
        facts = facts.replace(f"{name}: null\n", f'{name}: "{value}"\n', 1)
    (bundle / "appeal.yaml").write_text(facts, encoding="utf-8")
    return bundle


def mails_to(sink: Sink, address: str) -> list[EmailMessage]:
    taken = [one.content for one in sink.messages if one.recipients == [address]]
    return [message_from_bytes(content, policy=default) for content in taken]  # type: ignore[misc, arg-type]


def mail_to(sink: Sink, address: str, number: int = 1) -> EmailMessage:
    """The n-th mail to an address, once it is there."""
    wait_until(lambda: len(mails_to(sink, address)) >= number, f"mail {number} to {address}")
    return mails_to(sink, address)[number - 1]


def text_of(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body
    return str(body.get_content())


def private_page(mail: EmailMessage) -> str:
    """Where a writer watches their letters: the last link of the mail that asks them."""
    return re.findall(r"https?://[^/\s]+(/letters/[\w.-]+)\s*$", text_of(mail).strip())[-1]


def wait_until(true: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.1)


def path_in(text: str, kind: str) -> str:
    found = re.search(rf"https?://[^/\s]+({re.escape(kind)}[^\s>]+)", text)
    assert found, f"no {kind} link"
    return found[1]


def at_the_desk(stack: Stack) -> Visitor:
    """Olga, signed in by the link that the command line prints."""
    link = stack.campaign("organiser", "add", OLGA).stdout.split()[-1]
    olga = Visitor(stack.url, cookies=True)
    olga.get(link)
    olga.submit("/desk/enter/")
    assert olga.status == 200
    return olga


def write(stack: Stack, sink: Sink, address: str, words: str) -> Visitor:
    """Somebody writes to the office, confirms by mail, and looks at their private page."""
    writer = Visitor(stack.url)
    before = len(mails_to(sink, address))
    writer.get(f"/en/{SLUG}/letters/sr-iran")
    page = html.unescape(writer.page)
    drafted = dict(re.findall(r'<textarea[^>]* name="(\w+)"[^>]*>\n?(.*?)</textarea>', page, re.S))
    typed = {"name": "Bob Okafor", "email": address, "country": "DE", "consent": "y", "message": words, "how": "send"}
    writer.submit("letter", **drafted | typed)
    assert writer.status == 200, writer.page
    writer.submit("/letters/sr-iran", step="send")
    asking = text_of(mail_to(sink, address, before + 1))
    writer.get(path_in(asking, "/letters/confirm/"))
    letters = re.findall(r'name="letter" value="(\w+)"', writer.page)
    writer.submit("/letters/confirm/", **({"letter": letters[0]} if letters else {}))
    writer.get(private_page(mail_to(sink, address, before + 1)))
    return writer


def test_it_works(stack: Stack, sink: Sink, clock: Clock, bundle: Path) -> None:
    stack.campaign("appeal", "load", str(bundle))
    stack.campaign("appeal", "open", SLUG)
    olga = at_the_desk(stack)

    olga.get(SENDING)
    assert "the gate is closed" in olga.page
    for against in ("No office has an address", "No organiser has received a test letter"):
        assert against in olga.page
    olga.get("/desk/offices/sr-iran")
    seen = {"address-email": OFFICE, "address-source": "its own page", "address-seen": "y"}
    olga.submit("/addresses", **seen)
    olga.get(SENDING)
    assert "1 of 4 offices have an address that a person checked within 90 days." in olga.page
    assert "SPF is published." in olga.page
    assert f"{SENDING}/open" not in olga.page

    olga.submit(f"{SENDING}/test", office="sr-iran")
    test = mail_to(sink, OLGA)
    assert test["Subject"].startswith("[Test, no office got this]")
    assert "Association Alpha" in text_of(test)
    code = re.search(r"Code to type at the desk: (\w+)", text_of(test))
    assert code
    olga.submit("/test/received", code=code[1])
    olga.submit(f"{SENDING}/plan", urgent="y")
    olga.submit(f"{SENDING}/open")
    assert "the gate is open" in olga.page

    bob = write(stack, sink, BOB, OWN_WORDS)
    letter = mail_to(sink, OFFICE)
    assert "Bob Okafor via Undersigned" in letter["From"]
    assert letter["From"].endswith("@letters.appeal.internal>")
    assert letter["Reply-To"] == BOB
    assert OWN_WORDS.split(".")[0] in " ".join(text_of(letter).split())

    write(stack, sink, ANNA, OTHER_WORDS)  # in her own words, so alone, but the office had its turn
    for n in range(2):
        write(stack, sink, f"writer{n}@people.internal", "Please act.")
    time.sleep(2)  # each confirmation has rung for the worker
    assert len(mails_to(sink, OFFICE)) == 1
    olga.get("/desk/outbox")
    assert "waits for its turn at its office" in olga.page
    assert "goes with its office’s digest" in html.unescape(olga.page)

    clock.set("2027-03-02 13:00")
    assert OTHER_WORDS.split(",")[0] in " ".join(text_of(mail_to(sink, OFFICE, 2)).split())
    olga = at_the_desk(stack)
    olga.get(f"/desk/appeals/{SLUG}/digests")
    olga.submit("/release")
    assert "It is released in your name" in olga.page
    time.sleep(2)
    assert len(mails_to(sink, OFFICE)) == 2  # it waits for its turn like any letter
    clock.set("2027-03-02 16:30")
    digest = mail_to(sink, OFFICE, 3)
    [paper] = digest.iter_attachments()
    assert paper.get_content()[:5] == b"%PDF-"
    assert "2 people" in digest["Subject"]

    office = Visitor(stack.url)
    office.get(path_in(text_of(letter), "/office/"))
    bob.get(bob_page := private_page(mail_to(sink, BOB)))
    assert "confirmed receipt" not in bob.page
    office.post(*received(office))
    bob.get(bob_page)
    assert "The office confirmed receipt" in bob.page

    letters = 'undersigned_sends_total{lane="letters"} 4.0'  # the test, two letters, the digest
    wait_until(lambda: letters in figures(stack), letters)
    assert "undersigned_beat_last_poll_timestamp_seconds" in figures(stack)
    assert {one.recipients[0].rpartition("@")[2] for one in sink.messages} == {"people.internal", "office.internal"}


def figures(stack: Stack) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{stack.environment['METRICS_PORT']}/metrics") as answer:
        return str(answer.read().decode())


def received(office: Visitor) -> tuple[str, dict[str, str]]:
    """The form whose button says "received", with its hidden fields."""
    form = r'<form method="post" action="([^"]+)"><input[^>]*value="received">(.*?)</form>'
    found = re.search(form, office.page, re.S)
    assert found, office.page
    until = re.search(r'name="until" value="([^"]+)"', found[2])
    assert until
    return html.unescape(found[1]), {"step": "received", "until": until[1]}
