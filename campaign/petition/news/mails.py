"""The mail with news: it keeps to itself what it says, and to whom it no longer goes when its turn to leave comes.

Of a sensitive appeal it says nothing but that there is something to read, and where: a mailbox is read by others too.
"""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from campaign.appeals import queries
from campaign.db import session
from campaign.i18n import OWN_NAMES, direction, language
from campaign.i18n import gettext as _
from campaign.mail.models import Message
from campaign.mail.rendering import Draft, from_templates
from campaign.petition.mails import unsubscribe_link
from campaign.petition.models import Signature
from campaign.petition.news import releasing, writing
from campaign.petition.news.carrying_out import signature_of
from campaign.petition.news.models import News
from campaign.web import link


def update(message: Message, _recipient: str) -> Draft | None:
    """News for one signer; nothing when it was stopped, or the signature taken back, held or without news by now."""
    news, signature = _news(message), session.get(Signature, signature_of(message.dedupe_key))
    if news is None or signature is None or news.state not in {"sending", "sent"}:
        return None
    asked = signature.state == "confirmed" and signature.updates and signature.held_at is None
    return draft(news, signature.language, about=signature.id) if asked else None


def test(message: Message, _recipient: str) -> Draft | None:
    """The same for the organiser who tries it; its link that ends news belongs to nobody."""
    news = _news(message)
    return draft(news, message.language, about=news.id) if news else None


RENDERERS = {releasing.KIND: update, releasing.TEST: test}


def draft(news: News, lang: str, *, about: UUID) -> Draft:
    """The mail to a reader of ``lang``, to be called while speaking it; ``about`` is whose news its link ends."""
    published = queries.by_id(news.appeal_id)
    code = writing.spoken(news, lang, published.content.languages)
    sensitive = published.appeal.sensitive
    written = from_templates(
        "update",
        news=None if sensitive else news.texts[code],
        title="" if sensitive else published.content.text(_page(published.content.languages, lang)).short_title,
        foreign="" if code == lang else OWN_NAMES[code],
        code=code,
        way=direction(code),
        own=language(),
        own_way=direction(language()),
        page=link("petition.news", lang=_page(published.content.languages, lang), slug=published.appeal.slug),
        end=unsubscribe_link(about),
    )
    sender = _("News") if sensitive else published.content.publisher.name or ""
    return replace(written, sender_name=sender, automatic=False, unsubscribe=unsubscribe_link(about))


def _news(message: Message) -> News | None:
    return session.get(News, message.subject_id) if message.subject_id else None


def _page(languages: tuple[str, ...], lang: str) -> str:
    """The language of the page that the mail links to."""
    return lang if lang in languages else languages[0]
