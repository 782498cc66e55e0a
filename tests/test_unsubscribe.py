"""News ends at one press, a mail program's too (RFC 8058); a look ends nothing, and no other mail offers it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from uuid import UUID, uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text, update

from campaign import tokens
from campaign.appeals.models import Appeal
from campaign.db import session
from campaign.errors import PermanentFailure
from campaign.mail import draining, outbox, rendering
from campaign.mail.addresses import Address
from campaign.mail.composing import Parts, compose
from campaign.mail.incoming import receiving
from campaign.mail.models import Message
from campaign.mail.rendering import Draft
from campaign.petition import mails
from campaign.petition.models import Signature
from tests import cast
from tests.post_office import Post
from tests.postbag import filled
from tests.sink import Sink

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
def appeal(context: Flask) -> Appeal:
    return cast.the_appeal()


@pytest.fixture
def alice(appeal: Appeal, client: FlaskClient) -> UUID:
    """Alice's signature, with news; Noise has signed too and wants news as well."""
    cast.sign(client, updates="y")
    cast.sign(client, name="Noise Maker", email="noise@example.org", updates="y")
    session.execute(update(Signature).values(state="confirmed", confirmed_at=outbox.CLOCK))
    session.commit()
    rows = session.scalars(select(Signature)).all()
    (alices,) = [row.id for row in rows if row.person_index == _index("alice@example.org")]
    return alices


@pytest.fixture
def news(context: Flask) -> Iterator[None]:
    """A kind of news, as a feature that sends some will write it."""

    def write(message: Message, _recipient: str) -> Draft:
        assert message.subject_id
        return Draft("News", "There is news.\n", unsubscribe=mails.unsubscribe_link(message.subject_id))

    rendering.register(context, "test_news", write)
    yield
    del context.extensions["renderers"]["test_news"]


def _index(email: str) -> bytes:
    return Address.parse(email).index()


def wanting_news() -> int:
    session.rollback()
    return int(session.scalar(text("SELECT count(*) FROM signature WHERE updates")) or 0)


def sent_news(signature: UUID, sink: Sink) -> EmailMessage:
    outbox.enqueue(
        kind="test_news",
        subject_id=signature,
        address="alice@people.internal",
        language="en",
        dedupe_key=f"news:{signature}",
        lane=outbox.UPDATES,
    )
    session.commit()
    draining.drain()
    (taken,) = [one for one in sink.messages if one.recipients == ["alice@people.internal"]]
    parsed = message_from_bytes(taken.content, policy=policy.default)
    assert isinstance(parsed, EmailMessage)
    return parsed


def path_in(mail: EmailMessage) -> str:
    link = str(mail["List-Unsubscribe"])
    assert link.startswith("<http://127.0.0.1:8000/unsubscribe/")
    return link.strip("<>").removeprefix("http://127.0.0.1:8000")


def test_it_works(alice: UUID, news: None, live: Sink, client: FlaskClient) -> None:
    mail = sent_news(alice, live)
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    answer = client.post(path_in(mail), data=ONE_CLICK)
    assert answer.status_code == 200  # RFC 8058 3.1: never a redirect
    assert "Set-Cookie" not in answer.headers
    assert wanting_news() == 1
    assert cast.state(alice) == "confirmed"


def test_a_look_asks_and_its_button_acts(alice: UUID, client: FlaskClient) -> None:
    page = f"/unsubscribe/{tokens.make('unsubscribe', alice)}"
    for _ in range(2):
        assert "Do you want no more news?" in client.get(page).text
    assert wanting_news() == 2
    assert f'action="{page}"' in client.get(page).text
    for _ in range(2):
        assert "You get no more news about this appeal." in client.post(page).text
    assert wanting_news() == 1


def test_the_page_does_not_tell_who_gets_news(alice: UUID, client: FlaskClient) -> None:
    page = f"/unsubscribe/{tokens.make('unsubscribe', alice)}"
    before = client.get(page).text
    client.post(page)
    assert client.get(page).text == before


@pytest.mark.parametrize("purpose", ["mine", "confirm", "sent"])
def test_another_link_s_token_ends_nothing(alice: UUID, client: FlaskClient, purpose: str) -> None:
    assert client.post(f"/unsubscribe/{tokens.make(purpose, alice)}", data=ONE_CLICK).status_code == 404
    assert client.post("/unsubscribe/forged", data=ONE_CLICK).status_code == 404
    assert client.post(f"/unsubscribe/{tokens.make('unsubscribe', uuid4())}", data=ONE_CLICK).status_code == 410
    assert wanting_news() == 2


def test_no_other_mail_offers_it(post: Post, live: Sink) -> None:
    post.confirm()
    post.letter()
    post.drain()
    assert len(live.messages) == 2
    assert not [one for one in live.messages if b"unsubscribe" in one.content.lower()]


@pytest.mark.parametrize(("lane", "unsubscribe"), [(outbox.UPDATES, ""), (outbox.LETTERS, "https://x.example/u/1")])
def test_news_without_a_way_out_and_letters_with_one_never_leave(
    post: Post, live: Sink, lane: int, unsubscribe: str
) -> None:
    post.write = lambda *_: Draft("Subject", "Text", unsubscribe=unsubscribe)
    row = post.confirm(lane=lane)
    post.drain()
    assert post.state(row) == "failed"
    assert live.messages == []


@pytest.mark.parametrize(
    "link", ["https://x.example/a\r\nBcc: eve@x.example", "https://x.example/<b>", "ftp://x", "https://é"]
)
def test_no_header_escapes_from_a_link(link: str) -> None:
    with pytest.raises(PermanentFailure):
        compose(Parts("N", "a@x.example", "b@x.example", "S", "T", datetime.now(UTC), "<i@x>", "b", unsubscribe=link))


def test_a_complaint_ends_news_of_every_signature_of_that_address(alice: UUID, news: None, live: Sink) -> None:
    sent_news(alice, live)
    session.execute(
        update(Signature).where(Signature.id == alice).values(person_index=_index("alice@people.internal"))
    )
    session.commit()
    message = outbox.state_of(f"news:{alice}")
    assert message
    receiving.receive(filled("feedback/isp.complaint.eml", message))
    assert wanting_news() == 1
