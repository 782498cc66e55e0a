"""Drafts of news: it keeps to itself what may be written, and that nothing changes once it was released."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict
from uuid import UUID

from sqlalchemy import delete, func, select, update

from campaign.appeals.models import Appeal
from campaign.db import session
from campaign.errors import Refused
from campaign.i18n import gettext as _
from campaign.organisers import audit
from campaign.organisers.models import Organiser
from campaign.petition.news.models import News

LONGEST = 5_000  # bytes of UTF-8: as text and as HTML, encoded, it stays under the 20 kB of a mail
LONGEST_TITLE = 120  # characters
_SHOWN = 30
PUBLIC = ("sending", "sent")  # what was taken back may have been dangerous to somebody: it leaves the page too


class Text(TypedDict):
    """News in one language, plain text; paragraphs apart by an empty line."""

    title: str
    body: str


Texts = dict[str, Text]


def write(appeal: Appeal, texts: Texts, *, by: Organiser) -> UUID:
    """Keep a new draft; its id. Raises Refused when nothing is written in any language."""
    _refuse_nothing(texts)
    draft = News(appeal_id=appeal.id, texts=texts, written_by=by.id, written_at=func.clock())
    session.add(draft)
    audit.record("news.written", f"appeal {appeal.slug}", organiser=by)
    session.commit()
    return draft.id


def rewrite(news_id: UUID, texts: Texts, *, by: Organiser) -> None:
    """Change a draft, whose writer is this organiser from now on.

    Raises Refused when nothing is written, or when it was released meanwhile.
    """
    _refuse_nothing(texts)
    mine = update(News).where(News.id == news_id, News.state == "draft").returning(News.appeal_id)
    appeal = session.scalar(mine.values(texts=texts, written_by=by.id, written_at=func.clock()))
    if appeal:
        audit.record("news.written", f"appeal {session.get_one(Appeal, appeal).slug}", organiser=by)
    _must_be_draft(appeal)


def discard(news_id: UUID) -> None:
    """Throw a draft away. Raises Refused when it was released meanwhile."""
    _must_be_draft(session.scalar(delete(News).where(News.id == news_id, News.state == "draft").returning(News.id)))


def listing(appeal: Appeal) -> Sequence[News]:
    """The latest news of an appeal, drafts too, newest first."""
    mine = select(News).where(News.appeal_id == appeal.id).order_by(News.at.desc()).limit(_SHOWN)
    return session.scalars(mine.execution_options(populate_existing=True)).all()


def told(appeal: Appeal) -> Sequence[News]:
    """What the public may read of it, newest first."""
    known = select(News).where(News.appeal_id == appeal.id, News.state.in_(PUBLIC))
    return session.scalars(known.order_by(News.released_at.desc()).limit(_SHOWN)).all()


def spoken(news: News, language: str, languages: Sequence[str]) -> str:
    """The language in which a reader of ``language`` gets it: theirs, else the first of the appeal's there is."""
    return language if language in news.texts else next(code for code in languages if code in news.texts)


def _refuse_nothing(texts: Texts) -> None:
    if not texts:
        raise Refused(_("Write a title and a text in at least one language."))


def _must_be_draft(found: UUID | None) -> None:
    if found is None:
        session.rollback()
        raise Refused(_("This was released meanwhile: nothing was changed."))
    session.commit()
