"""What we write is what a mail program reads: one sender, one recipient, no header from a name."""

from __future__ import annotations

from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import getaddresses
from typing import Any
from unicodedata import category

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaign.errors import PermanentFailure
from campaign.mail.composing import LARGEST, Parts, Pdf, compose

PLAIN: dict[str, Any] = {
    "sender_name": "Undersigned",
    "sender": "campaign@appeal.internal",
    "recipient": "alice@people.internal",
    "subject": "Please confirm",
    "text": "Hello\n",
    "date": datetime(2026, 3, 1, 12, 0, 5, tzinfo=UTC),
    "message_id": "<0123@appeal.internal>",
    "boundary": "=_0123",
}
HEADERS = ["From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version"]
BODY = ["Content-Type", "Content-Transfer-Encoding"]
BREAKING = '\r\n\x00\x0b\x0c\x85\u2028\u2029 ,;:<>@"\\=?()abBcC\u202eé'
ADDRESSES = ["alice@people.internal", "o'brien+x=y@a-b.example.org", "#!$%&'*+-/=?^_`{|}~@people.internal"]
nasty = st.text(max_size=200) | st.text(alphabet=BREAKING, max_size=80)


def write(**given: Any) -> bytes:
    return compose(Parts(**(PLAIN | given)))


def read(content: bytes) -> EmailMessage:
    parsed = message_from_bytes(content, policy=policy.default)
    assert isinstance(parsed, EmailMessage)
    assert not parsed.defects
    return parsed


def printable(text: str) -> str:
    """One line without what a form refuses: controls, unassigned characters, halves of characters."""
    return " ".join("".join(c for c in text if not category(c).startswith(("C", "Z")) or c == " ").split())


def name_in(content: bytes) -> str:
    """The sender's name as RFC 2047 6.2 reads it; the newer parser puts spaces between encoded words."""
    value = message_from_bytes(content)["From"]
    shown, address = getaddresses([str(value).replace("\r\n", "")])[0]
    assert address == PLAIN["sender"]
    return str(make_header(decode_header(shown)))


def test_it_works() -> None:
    mail = read(write(html="<p>Hello</p>", reply_to="bob@people.internal"))
    assert mail.keys() == [*HEADERS[:5], "Reply-To", *HEADERS[5:], "Content-Type"]
    assert mail["From"] == "Undersigned <campaign@appeal.internal>"
    assert mail["Date"].datetime == PLAIN["date"]
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
    plain = mail.get_body(("plain",))
    assert plain
    assert plain.get_content() == "Hello\r\n" or plain.get_content() == "Hello\n"


def test_the_same_row_gives_the_same_bytes() -> None:
    assert write(html="<p>x</p>") == write(html="<p>x</p>")


def test_a_letter_is_not_automatic() -> None:
    assert read(write(automatic=False))["Auto-Submitted"] is None
    assert read(write())["Auto-Submitted"] == "auto-generated"


@pytest.mark.parametrize(
    "name",
    [
        "Ana Díaz",
        'O"Brien, Ann',
        "مریم رضایی",
        "می‌روم",
        "Bob, eve@evil.internal",
        "=?utf-8?q?x?=",
        "a\\b",
        "王" * 60,
        "x" * 200,
    ],
)
def test_a_name_reads_as_it_was_written(name: str) -> None:
    assert name_in(write(sender_name=name)) == name


@given(nasty, nasty)
@settings(max_examples=400)
def test_no_header_comes_from_a_name_or_a_subject(name: str, subject: str) -> None:
    content = write(sender_name=name, subject=subject)
    mail = message_from_bytes(content)
    assert mail.keys() == [*HEADERS, *BODY]
    assert [address for _, address in getaddresses([str(mail["From"])])] == [PLAIN["sender"]]
    assert [address for _, address in getaddresses([str(mail["To"])])] == [PLAIN["recipient"]]
    head = content.partition(b"\r\n\r\n")[0]
    assert head.isascii()
    assert all(len(line) <= 998 and b"\n" not in line and b"\r" not in line for line in head.split(b"\r\n"))
    assert b"\x00" not in head
    modern = read(content)  # the other parser of the standard library, closer to what mail programs do
    assert len(modern["From"].addresses) == len(modern["To"].addresses) == 1
    assert modern["From"].addresses[0].addr_spec == PLAIN["sender"]
    assert "\u202e" not in modern["Subject"]


@given(st.text(max_size=80), st.text(max_size=120), st.sampled_from(ADDRESSES), st.booleans())
@settings(max_examples=100, deadline=None)  # the library's own folding can take long
def test_it_reads_as_what_the_standard_library_would_write(
    name: str, subject: str, address: str, automatic: bool
) -> None:
    name, subject = printable(name), printable(subject)
    theirs = EmailMessage(policy=policy.SMTP)
    theirs["From"] = Address(name, addr_spec=PLAIN["sender"])
    theirs["To"], theirs["Reply-To"], theirs["Subject"] = address, address, subject
    theirs["Date"], theirs["Message-ID"] = PLAIN["date"], PLAIN["message_id"]
    theirs.set_content(PLAIN["text"], cte="quoted-printable")
    ours = read(write(sender_name=name, subject=subject, recipient=address, reply_to=address, automatic=automatic))
    for field in ("To", "Reply-To", "Subject", "Date", "Message-ID"):
        assert ours[field] == theirs[field], field
    assert [one.addr_spec for one in ours["From"].addresses] == [PLAIN["sender"]]
    assert name_in(write(sender_name=name, automatic=automatic)) == theirs["From"].addresses[0].display_name
    assert ours.get_content().splitlines() == theirs.get_content().splitlines()


@given(st.text(max_size=600))
@settings(max_examples=300)
def test_a_text_arrives_as_it_was_written(text: str) -> None:
    content = write(text=text)
    body = read(content).get_payload(decode=True)
    assert isinstance(body, bytes)
    expected = "\n".join(text.rstrip().splitlines()).encode("utf-8", "replace")
    assert body.replace(b"\r\n", b"\n").rstrip(b"\n") == expected.rstrip(b"\n")
    assert all(len(line) <= 998 for line in content.split(b"\r\n"))
    assert content.isascii()
    assert content.count(b"\n") == content.count(b"\r\n") == content.count(b"\r")


@pytest.mark.parametrize(
    "address",
    [
        "alice@people.internal, eve@people.internal",
        "alice@people.internal\r\nBcc: eve@people.internal",
        "Alice <alice@people.internal>",
        "alice@people.internal>,<eve@people.internal",
        "alice",
        "",
        "alice@peo ple.internal",
        "álice@people.internal",
    ],
)
@pytest.mark.parametrize("field", ["recipient", "sender", "reply_to"])
def test_exactly_one_plain_address_goes_into_a_header(field: str, address: str) -> None:
    if field == "reply_to" and not address:
        assert "Reply-To" not in read(write(reply_to=""))
        return
    with pytest.raises(PermanentFailure):
        write(**{field: address})


def test_what_is_too_large_is_refused() -> None:
    with pytest.raises(PermanentFailure, match="larger"):
        write(text="word " * LARGEST)


def test_persian_takes_the_shorter_encoding() -> None:
    persian = write(text="سلام به همه " * 100)
    french = write(text="Nous écrivons au Haut-Commissariat à Genève. " * 50)
    assert read(persian)["Content-Transfer-Encoding"] == "base64"
    assert read(french)["Content-Transfer-Encoding"] == "quoted-printable"
    assert len(persian) < 4000


@pytest.mark.parametrize("html", ["", "<p>Hello</p>"])
def test_one_pdf_goes_along_whole(html: str) -> None:
    document = b"%PDF-1.7\n" + bytes(range(256)) * 100 + b"\n--=_0123--\n.\r\n"
    mail = read(write(html=html, pdf=Pdf("letters.pdf", document)))
    assert mail.get_content_type() == "multipart/mixed"
    [attached] = mail.iter_attachments()
    assert (attached.get_content_type(), attached.get_filename()) == ("application/pdf", "letters.pdf")
    assert attached.get_content() == document
    plain = mail.get_body(("plain",))
    assert plain
    assert plain.get_content().strip() == "Hello"
    assert (mail.get_body(("html",)) is not None) == bool(html)
    longest = max(map(len, write(pdf=Pdf("letters.pdf", document)).split(b"\r\n")))
    assert longest <= 998


def test_a_pdf_may_be_larger_than_a_mail_to_a_person_and_not_without_end() -> None:
    assert len(write(pdf=Pdf("letters.pdf", b"x" * 1_000_000))) > LARGEST
    with pytest.raises(PermanentFailure):
        write(pdf=Pdf("letters.pdf", b"x" * 8_000_000))


@pytest.mark.parametrize("name", ["a b.pdf", 'x".pdf', "x\r\nBcc: eve@x.pdf", "../x.pdf", "x.exe", "é.pdf"])
def test_no_header_escapes_from_the_name_of_a_pdf(name: str) -> None:
    with pytest.raises(PermanentFailure):
        write(pdf=Pdf(name, b"x"))
