"""Which addresses are let in, which two are one mailbox, and what of them may stand in clear."""

from __future__ import annotations

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from campaign.errors import Refused
from campaign.mail.addresses import Address, recorded_domain, typo_hint


def test_it_works(context: Flask) -> None:
    address = Address.parse("  Alice@People.Internal ")
    assert address == Address("alice@people.internal", "alice@people.internal", "people.internal")
    assert address.index() == Address.parse("ALICE@people.internal").index()
    assert address.index() != address.mailbox()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("alice.b@gmail.com", "AliceB+petition@googlemail.com"),
        ("alice@outlook.com", "alice+x@outlook.com"),
        ("a.lice@proton.me", "alice+x@protonmail.com"),
        ("alice@posteo.de", "alice+a+b@posteo.de"),
    ],
)
def test_aliases_of_a_mailbox_are_one(one: str, other: str) -> None:
    first, second = Address.parse(one), Address.parse(other)
    assert first.canonical == second.canonical
    assert first.exact != second.exact  # mail goes where it was asked to go


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("alice.b@outlook.com", "aliceb@outlook.com"),  # dots matter there
        ("alice+x@people.internal", "alice@people.internal"),  # nobody knows what plus means there
        ("alice@gmail.com", "alice@gmx.com"),
    ],
)
def test_what_may_be_two_people_stays_two(one: str, other: str) -> None:
    assert Address.parse(one).canonical != Address.parse(other).canonical


@pytest.mark.parametrize(
    "text",
    [
        "",
        "alice",
        "alice@",
        "@people.internal",
        "alice@localhost",
        "alice@[127.0.0.1]",
        '"alice x"@people.internal',
        "alice@people.internal, eve@people.internal",
        "alice@people.internal;eve@people.internal",
        "Alice <alice@people.internal>",
        "alice@people.internal\nBcc: eve@people.internal",
        "alice@people.internal\r\nBcc: eve@people.internal",
        "alice@peo\u2028ple.internal",
        "alice\x00@people.internal",
        "مریم@people.internal",
        f"{'a' * 65}@people.internal",
        f"alice@{'a.' * 124}internal",
    ],
)
def test_what_is_not_one_plain_address_is_refused_kindly(context: Flask, text: str) -> None:
    with pytest.raises(Refused) as refused:
        Address.parse(text)
    assert refused.value.field == "email"
    assert "email" in refused.value.message
    assert "eve" not in refused.value.message


def test_a_domain_in_its_own_script_goes_to_its_wire_form() -> None:
    assert Address.parse("alice@bücher.internal").exact == "alice@xn--bcher-kva.internal"


@pytest.mark.parametrize(
    "text", ["a@office.invalid", "a@b.test", "a@example.com", "a@mail.example.org", "a@x.example"]
)
def test_reserved_domains_are_let_in_and_known(text: str) -> None:
    assert Address.parse(text).reserved


@pytest.mark.parametrize("text", ["a@people.internal", "a@myexample.com", "a@example.com.internal"])
def test_look_alikes_are_not_reserved(text: str) -> None:
    assert not Address.parse(text).reserved


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("gamil.com", "gmail.com"),
        ("gmai.com", "gmail.com"),
        ("gmail.con", "gmail.com"),
        ("gmail.co", "gmail.com"),
        ("hotmial.com", "hotmail.com"),
        ("yahooo.com", "yahoo.com"),
        ("outlok.com", "outlook.com"),
        ("iclould.com", "icloud.com"),
    ],
)
def test_a_slip_of_the_hand_is_offered_back(typed: str, meant: str) -> None:
    assert typo_hint(Address.parse(f"alice@{typed}")) == f"alice@{meant}"


@pytest.mark.parametrize("domain", ["gmail.com", "mail.com", "ymail.com", "email.com", "people.internal", "gmx.com"])
def test_a_real_domain_is_not_corrected(domain: str) -> None:
    assert typo_hint(Address.parse(f"alice@{domain}")) is None


def test_only_large_providers_stand_in_clear(context: Flask) -> None:
    assert recorded_domain("gmail.com") == "gmail.com"
    small = recorded_domain("family-name.internal")
    assert small == recorded_domain("family-name.internal") != recorded_domain("other.internal")
    assert len(small) == 16
    int(small, 16)


@given(st.text(max_size=60) | st.from_regex(r"[a-z.,;<>\"\r\n ]{0,20}@[a-z.,;<>\"\r\n ]{0,20}"))
@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_let_in_is_one_line_and_one_address(context: Flask, text: str) -> None:
    try:
        address = Address.parse(text)
    except Refused:
        return
    assert address.exact.count("@") == 1
    assert address.exact.isascii()
    assert address.exact.isprintable()
    assert not set(address.exact) & set(' ,;<>()[]\\":')
    assert Address.parse(address.exact) == address
    assert len(address.exact) <= 254
