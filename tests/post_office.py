"""Fixtures for mail: a sink that listens, an installation that sends to it, and messages to put in its outbox."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select, update

from campaign.db import session
from campaign.mail import draining, outbox, rendering
from campaign.mail.models import Message
from campaign.mail.rendering import Draft
from tests import sink as sinks

ALICE = "alice@people.internal"  # .internal is nobody's on the Internet, and not reserved as .invalid is
OFFICE = "mandate@offices.internal"


@dataclass
class Post:
    """Puts messages in, reads them back, and remembers what the renderers were asked."""

    rendered: list[UUID]
    write: Callable[[Message, str], Draft | None]

    def confirm(self, key: str = "confirm:1", *, to: str = ALICE, **given: Any) -> UUID:
        """A mail to a person who waits at a screen, committed."""
        return self._put(kind="test_confirm", dedupe_key=key, address=to, **given)

    def letter(self, key: str = "letter:1", *, to: str = OFFICE, **given: Any) -> UUID:
        """A letter to an office, committed; it may go live, and without a ``budget_key`` nothing paces it."""
        return self._put(kind="test_letter", dedupe_key=key, address=to, lane=outbox.LETTERS, **given)

    def _put(self, **given: Any) -> UUID:
        row = outbox.enqueue(subject_id=None, language="en", **given)
        session.commit()
        assert row
        return row

    def row(self, row: UUID) -> Message:
        """The message as it stands now."""
        session.rollback()
        found = session.scalars(select(Message).where(Message.id == row)).one()
        session.expunge_all()
        session.rollback()
        return found

    def state(self, row: UUID) -> str:
        """Its state now."""
        return self.row(row).state

    def story(self, row: UUID) -> list[str]:
        """Every state it came to, in order."""
        return [event.to_state for event in outbox.history(row)]

    def due(self) -> None:
        """Let everything that waits for its time be due now."""
        session.execute(update(Message).values(not_before=outbox.CLOCK))
        session.commit()

    def drain(self) -> None:
        """What a worker does at a bell."""
        draining.drain()


@pytest.fixture
def post(context: Flask) -> Iterator[Post]:
    """The outbox of an app context, with two kinds of its own."""

    def write(message: Message, _recipient: str) -> Draft | None:
        post.rendered.append(message.id)
        return post.write(message, _recipient)

    post = Post([], lambda message, _to: Draft(f"Subject of {message.dedupe_key}", "Text.\n.A line with a dot.\n"))
    for kind in ("test_confirm", "test_letter"):
        rendering.register(context, kind, write)
    yield post
    draining.stopping.clear()
    for kind in ("test_confirm", "test_letter"):
        del context.extensions["renderers"][kind]


@pytest.fixture
def sink() -> Iterator[sinks.Sink]:
    """A mail server of our own."""
    with sinks.listening() as listening:
        yield listening


@pytest.fixture
def live(app: Flask, sink: sinks.Sink, monkeypatch: pytest.MonkeyPatch) -> sinks.Sink:
    """The sink, with the installation sending to it."""
    monkeypatch.setitem(app.config, "MAIL_URL", sink.url)
    monkeypatch.setitem(app.config, "MAIL_FROM", "campaign@appeal.internal")
    return sink
