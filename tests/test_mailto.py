"""A letter for the writer's own mailbox: links that no mail program cuts off, and a draft file that any opens."""

from __future__ import annotations

from email import message_from_bytes
from email.policy import default
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.letters import mailbox
from campaign.letters.mailbox import BUDGET, Parcel

SHORT = "Dear Special Rapporteur,\n\nI write to you about Iran & 1988: 100 % true?\n\nBob"
PERSIAN = "سلام، این نامه دربارهٔ زندانیان سال ۱۳۶۷ است. می‌خواهم بدانم چه شد.\n"


def parcel(text: str = SHORT, to: str = "office@example.org") -> Parcel:
    return Parcel(to, "Iran: following up", text, "(paste the letter here)")


def body_of(url: str) -> str:
    return parse_qs(urlsplit(url).query, strict_parsing=True)["body"][0]


def test_it_works() -> None:
    link = mailbox.mailto(parcel())
    assert link.complete
    assert link.url.startswith("mailto:office@example.org?subject=Iran%3A%20following%20up&body=Dear%20Special")
    assert "%0D%0A%0D%0A" in link.url
    assert "+" not in link.url
    assert body_of(link.url) == SHORT.replace("\n", "\r\n")


def test_a_long_letter_is_pasted() -> None:
    link = mailbox.mailto(parcel(SHORT * 40))
    assert not link.complete
    assert body_of(link.url) == "(paste the letter here)"
    assert len(link.url) <= BUDGET


def test_persian_fills_the_link_five_times_as_fast() -> None:
    assert mailbox.mailto(parcel(PERSIAN * 2)).complete
    assert not mailbox.mailto(parcel(PERSIAN * 6)).complete
    assert mailbox.mailto(parcel("x" * len(PERSIAN * 6))).complete


def test_without_a_checked_address_nobody_is_addressed() -> None:
    assert mailbox.mailto(parcel(to="")).url.startswith("mailto:?subject=")
    assert "To" not in message_from_bytes(mailbox.eml(parcel(to="")), policy=default)


@pytest.mark.parametrize("provider", ["Gmail", "Outlook", "Yahoo"])
def test_webmail_obeys_the_same_budget(provider: str) -> None:
    short, long = mailbox.webmail(parcel())[provider], mailbox.webmail(parcel(SHORT * 40))[provider]
    assert short.complete
    assert body_of(short.url) == SHORT.replace("\n", "\r\n")
    assert not long.complete
    assert len(long.url) <= BUDGET
    asked = parse_qs(urlsplit(short.url).query)
    assert asked["to"] == ["office@example.org"]


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=3000).map(lambda t: f"{t}\nand\n\n{t}"))
def test_no_link_is_longer_than_the_budget_and_none_changes_the_text(text: str) -> None:
    for link in (mailbox.mailto(parcel(text)), *mailbox.webmail(parcel(text)).values()):
        assert len(link.url) <= BUDGET
        if link.complete:
            assert body_of(link.url) == "\r\n".join(text.splitlines())


@given(st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=400).map(lambda t: f"{t}\n{t}."))
def test_the_draft_file_holds_the_whole_letter(text: str) -> None:
    content = mailbox.eml(parcel(text))
    read = message_from_bytes(content, policy=default)
    assert read["X-Unsent"] == "1"
    assert read["To"] == "office@example.org"
    assert read["From"] is None
    assert read.get_content().replace("\r\n", "\n") == f"{text}\n"
    assert b"\r\n" in content
    assert b"\n" not in content.replace(b"\r\n", b"")


def test_a_subject_cannot_add_a_header() -> None:
    with pytest.raises(ValueError, match=r"[Hh]eader"):
        mailbox.eml(Parcel("office@example.org", "Hello\r\nBcc: eve@example.org", SHORT, ""))
