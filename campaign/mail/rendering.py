"""From a row to sealed bytes, once: it keeps to itself who renders which kind, and how our mail names itself.

Renderers are registered per kind by the factory, so that ``mail`` calls none of its callers by name. Bytes,
Message-ID and Date are fixed at the first rendering and stored sealed: whoever gets a message twice gets
the same one. What the messages in hand are about is read once for all of a kind.
"""

from __future__ import annotations

from base64 import b32encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from flask import Flask, current_app, render_template
from jinja2 import TemplateNotFound

from campaign import vault
from campaign.errors import PermanentFailure
from campaign.i18n import speaking
from campaign.mail import beside
from campaign.mail.composing import Parts, Pdf, compose
from campaign.mail.models import Message
from campaign.mail.states import LETTERS, UPDATES

OUR_NAME = "Undersigned"


@dataclass(frozen=True)
class Draft:
    """What a renderer gives: plain text always, HTML if it helps; one PDF to an office, to a person none.

    ``sender_name`` is the display name; in the lane of letters it is the writer's and becomes "Name via
    Undersigned". ``automatic`` marks what no person wrote (RFC 3834), so false for a letter. ``unsubscribe`` is
    the page that ends news: none leaves without it, and nothing else carries it (RFC 8058).
    """

    subject: str
    text: str
    html: str = ""
    sender_name: str = ""
    reply_to: str = ""
    automatic: bool = True
    unsubscribe: str = ""
    pdf: Pdf | None = None


Renderer = Callable[[Message, str], Draft | None]
"""Takes the row and its recipient's address; None says that there is nothing to send any more."""


class ReadsTogether:
    """A renderer that reads at once what many messages are about: statements cost more than all else about a mail.

    ``read`` takes messages of a kind and gives who writes any of them, in whatever language is spoken then.
    """

    def __init__(self, read: Callable[[Sequence[Message]], Renderer]) -> None:
        self.read = read

    def __call__(self, message: Message, recipient: str) -> Draft | None:
        """One alone."""
        return self.read([message])(message, recipient)


@dataclass(frozen=True)
class Letterbox:
    """A message ready to leave: envelope, bytes, and the columns that keep them, if not yet kept."""

    sender: str
    recipient: str
    content: bytes
    kept: dict[str, Any]


def register(app: Flask, kind: str, renderer: Renderer) -> None:
    """Let ``renderer`` write the messages of ``kind``."""
    app.extensions.setdefault("renderers", {})[kind] = renderer


def from_templates(name: str, *, button: str = "", **context: Any) -> Draft:
    """A draft from ``templates/mail/<name>/subject.txt``, ``body.txt`` and, if there, ``body.html``.

    With ``button``, its words, the HTML is the text with a button where ``link`` of the context stands alone.
    """
    subject = render_template(f"mail/{name}/subject.txt", **context).strip()
    text = render_template(f"mail/{name}/body.txt", **context)
    if button:
        html = beside.html_of(text, title=subject, link=context["link"], label=button)
    else:
        html = render_template(f"mail/{name}/body.html", **context) if _has_html(name) else ""
    return Draft(subject=subject, text=text, html=html)


@cache
def _has_html(name: str) -> bool:
    """Asked once: Jinja remembers the templates that are there, and looks on disk for one that is not each time."""
    try:
        current_app.jinja_env.get_template(f"mail/{name}/body.html")
    except TemplateNotFound:
        return False
    return True


class Writing:
    """Messages in hand, written one after the other: what those of a kind are about is read with the first."""

    def __init__(self, messages: Sequence[Message]) -> None:
        self._unwritten = [message for message in messages if message.content is None]
        self._renderers: dict[str, Renderer] = {}

    def prepare(self, message: Message, at: datetime) -> Letterbox | None:
        """Envelope and bytes of a claimed row; ``at`` is its Date if this is the first time.

        None when its renderer, or the erasure of its recipient, says that there is nothing to send. Raises
        PermanentFailure when no renderer knows the kind or what it wrote cannot be a message.
        """
        if message.recipient is None:
            return None
        recipient = vault.current().open(message.recipient, table="message", row=message.id)["address"]
        if message.content is not None:
            content = vault.current().open_bytes(message.content, table="message", row=message.id)
            return Letterbox(return_path(message), recipient, content, {})
        renderer = self._renderer(message.kind)
        with speaking(message.language):
            draft = renderer(message, recipient)
        return _sealed(message, recipient, draft, at.replace(microsecond=0)) if draft else None

    def _renderer(self, kind: str) -> Renderer:
        if kind not in self._renderers:
            found: Renderer | None = current_app.extensions.get("renderers", {}).get(kind)
            if found is None:
                raise PermanentFailure(f"nobody renders {kind}")
            if isinstance(found, ReadsTogether):
                found = found.read([message for message in self._unwritten if message.kind == kind])
            self._renderers[kind] = found
        return self._renderers[kind]


def prepare(message: Message, at: datetime) -> Letterbox | None:
    """``Writing.prepare`` of one alone."""
    return Writing([message]).prepare(message, at)


def return_path(message: Message) -> str:
    """The envelope sender: opaque, and back to exactly this row when a bounce comes.

    Its token stands nowhere in the message: who was only written to cannot report in a server's name.
    """
    return _own_address(f"b.{message.token}", message)


def _sealed(message: Message, recipient: str, draft: Draft, at: datetime) -> Letterbox:
    name, sender = _sender(message, draft)
    message_id = f"<{message.id.hex}@{sender.rpartition('@')[2]}>"
    if (message.lane == UPDATES) != bool(draft.unsubscribe):
        raise PermanentFailure("news, and only news, names the page that ends it")
    content = compose(
        Parts(
            sender_name=name,
            sender=sender,
            recipient=recipient,
            reply_to=draft.reply_to,
            subject=draft.subject,
            text=draft.text,
            html=draft.html,
            automatic=draft.automatic,
            unsubscribe=draft.unsubscribe,
            pdf=draft.pdf,
            date=at,
            message_id=message_id,
            boundary=f"=_{message.id.hex}",
        )
    )
    sealed = vault.current().seal_bytes(content, table="message", row=message.id)
    kept = {"content": sealed, "message_id": message_id, "date_header": at}
    return Letterbox(return_path(message), recipient, content, kept)


def _sender(message: Message, draft: Draft) -> tuple[str, str]:
    """Always our domain: a supporter's own would fail DMARC. A letter's address is its own, and opaque: its id."""
    if message.lane == LETTERS:
        own = b32encode(message.id.bytes).decode().rstrip("=").lower()
        return f"{draft.sender_name} via {OUR_NAME}".strip(), _own_address(f"l.{own}", message)
    return draft.sender_name or OUR_NAME, current_app.config["MAIL_FROM"]


def _own_address(tag: str, message: Message) -> str:
    """``TAG@LETTERS_DOMAIN`` for letters, else ``name+TAG@`` the domain of MAIL_FROM; see ``incoming.matching``."""
    domain = current_app.config["LETTERS_DOMAIN"]
    if domain and message.lane == LETTERS:
        return f"{tag}@{domain}"
    local, _, own = current_app.config["MAIL_FROM"].rpartition("@")
    return f"{local}+{tag}@{own}"
