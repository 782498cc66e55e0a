"""Domains that take no mail: DNS is asked by the worker, and the answer is a weight, nothing else."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from uuid import uuid4

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset
import pytest
from dns.resolver import Resolver
from flask import Flask
from flask.testing import FlaskClient

from campaign import limits
from campaign.mail import looking_up
from campaign.mail.addresses import Address, recorded_domain
from campaign.petition.defence import mail_domains, scoring
from campaign.petition.signer import Signer
from tests import cast

RECORDS = {
    ("good.internal.", "MX"): "10 mx.good.internal.",
    ("old.internal.", "A"): "192.0.2.1",
    ("refuses.internal.", "MX"): "0 .",
    ("empty.internal.", "TXT"): '"nothing here"',
}
SILENT = "silent.internal."


class Server(threading.Thread):
    """A DNS server on this machine that knows ``RECORDS``, and what it was asked."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.asked: list[str] = []

    def run(self) -> None:
        with suppress(OSError):  # the test is over and has closed the socket
            while True:
                self.reply(*self.socket.recvfrom(4096))

    def reply(self, wire: bytes, whom: tuple[str, int]) -> None:
        question = dns.message.from_wire(wire)
        name, kind = question.question[0].name.to_text(), dns.rdatatype.to_text(question.question[0].rdtype)
        self.asked.append(name)
        if name != SILENT:
            self.socket.sendto(self.answer(question, name, kind).to_wire(), whom)

    def answer(self, question: dns.message.Message, name: str, kind: str) -> dns.message.Message:
        said = dns.message.make_response(question)
        said.flags |= dns.flags.RA
        if (name, kind) in RECORDS:
            said.answer.append(dns.rrset.from_text(name, 60, "IN", kind, RECORDS[name, kind]))
        elif not any(name == known for known, _kind in RECORDS):
            said.set_rcode(dns.rcode.NXDOMAIN)
        return said


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    server.start()
    yield server
    server.socket.close()


@pytest.fixture
def resolver(server: Server, monkeypatch: pytest.MonkeyPatch) -> Resolver:
    """Asks our server, and waits for it no longer than a test should."""
    monkeypatch.setattr(looking_up, "_PATIENCE", 0.2)
    resolver = Resolver(configure=False)
    resolver.nameservers, resolver.port = ["127.0.0.1"], server.socket.getsockname()[1]
    return resolver


@pytest.fixture
def sends(context: Flask, monkeypatch: pytest.MonkeyPatch) -> Flask:
    """An installation whose mail goes out."""
    monkeypatch.setitem(context.config, "MAIL_URL", "smtp://127.0.0.1:1")
    return context


def reasons(domain: str) -> list[str]:
    """Why somebody with a name of no kind and an address to throw away, at this domain, would wait."""
    signer = Signer("Aaaaa Aaaaa", Address.parse(f"eve@{domain}"), "FR", "counted")
    seen = {"network": uuid4().hex, "onion": False, "trapped": False, "browser": True}
    return scoring.reasons_to_hold([scoring.look_at(signer, appeal_id=uuid4(), **seen)])[0]


@pytest.mark.parametrize(
    ("domain", "takes"),
    [
        ("good.internal", True),
        ("old.internal", True),  # an address alone is enough (RFC 5321)
        ("refuses.internal", False),
        ("empty.internal", False),
        ("nowhere.internal", False),
        ("silent.internal", None),
    ],
)
def test_it_works(resolver: Resolver, domain: str, takes: bool | None) -> None:
    assert looking_up.takes_mail(domain, resolver) is takes


def test_a_machine_without_dns_says_nothing(server: Server, resolver: Resolver) -> None:
    server.socket.close()

    assert looking_up.takes_mail("good.internal", resolver) is None


def test_who_comes_next_with_a_domain_without_mail_weighs_more(
    sends: Flask, client: FlaskClient, resolver: Resolver
) -> None:
    cast.the_appeal()
    before = reasons("nowhere.internal")
    for domain in ("nowhere.internal", "good.internal", "silent.internal"):
        cast.sign(client, email=f"alice@{domain}")

    assert before == []
    assert mail_domains.ask(resolver) == 3
    assert reasons("nowhere.internal") == ["name_shape", "no_mail"]
    assert reasons("good.internal") == reasons("silent.internal") == []


def test_an_answer_is_asked_for_once_and_ends(
    sends: Flask, client: FlaskClient, server: Server, resolver: Resolver
) -> None:
    cast.the_appeal()
    cast.sign(client, email="alice@nowhere.internal")
    mail_domains.ask(resolver)
    asked = len(server.asked)

    assert mail_domains.ask(resolver) == 0
    assert len(server.asked) == asked
    assert 0 < limits.redis().ttl(f"no mail:{recorded_domain('nowhere.internal')}") <= 3600


def test_nobody_waits_for_dns(sends: Flask, client: FlaskClient, server: Server) -> None:
    cast.the_appeal()
    cast.sign(client, email="alice@nowhere.internal")

    assert server.asked == []


def test_a_demonstration_and_large_providers_are_asked_about_by_nobody(
    context: Flask, client: FlaskClient, server: Server, resolver: Resolver, monkeypatch: pytest.MonkeyPatch
) -> None:
    cast.the_appeal()
    cast.sign(client, email="alice@gmail.com")
    cast.sign(client, email="alice@nowhere.internal")

    assert mail_domains.ask(resolver) == 0
    monkeypatch.setitem(context.config, "MAIL_URL", "smtp://127.0.0.1:1")
    mail_domains.ask(resolver)
    assert set(server.asked) == {"nowhere.internal."}
