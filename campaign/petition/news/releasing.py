"""Releasing news and stopping it: it keeps to itself that one press makes one sending, and what can be stopped."""

from __future__ import annotations

from collections import Counter
from uuid import UUID, uuid4

from sqlalchemy import func, select

from campaign.appeals.models import Appeal
from campaign.db import clock, session
from campaign.errors import Refused
from campaign.i18n import gettext as _
from campaign.mail import outbox
from campaign.mail.models import Message
from campaign.organisers import accounts, audit
from campaign.organisers.models import Organiser
from campaign.petition.news import audience, seconding
from campaign.petition.news.models import News

KIND, TEST = "update", "update_test"


def release(news_id: UUID, *, appeal: Appeal, by: Organiser, seen: str = "") -> int:
    """Let a worker put a mail for everybody who has a turn into the outbox, in this organiser's name; how many.

    ``seen`` is the version that they read; it counts where it takes two (``seconding``). Raises Refused when it was
    released before, when nobody would get it, or when a second organiser has to do it.
    """
    news = _held_fast(news_id, appeal)
    if news.state != "draft":
        raise Refused(_("This was released before."))
    seconding.refuse_unless_seconded(news, appeal, by=by, seen=seen)
    mails = audience.audience(appeal.id).gets
    if not mails:
        raise Refused(_("Nobody would get it now."))
    news.state, news.released_at, news.organiser_id, news.expected = "sending", clock(), by.id, mails
    audit.record("news.released", f"appeal {appeal.slug}", organiser=by, mails=mails)
    session.commit()
    return mails


def stop(news_id: UUID, *, appeal: Appeal, by: Organiser) -> None:
    """Take it off the public page, make no more mails of it, and take back those that have not left.

    Raises Refused when it does not go out.
    """
    news = _held_fast(news_id, appeal)
    if news.state not in {"sending", "sent"}:
        raise Refused(_("This was over already."))
    news.state = "stopping"
    audit.record("news.stopped", f"appeal {appeal.slug}", organiser=by, mails=news.queued)
    session.commit()


def test(news: News, language: str, *, by: Organiser) -> None:
    """Mail it as it would go, to nobody but this organiser."""
    outbox.enqueue(
        kind=TEST,
        subject_id=news.id,
        address=accounts.email(by),
        language=language,
        dedupe_key=f"{TEST}:{news.id}:{uuid4()}",
        lane=outbox.UPDATES,
    )
    audit.record("news.tested", f"appeal {session.get_one(Appeal, news.appeal_id).slug}", organiser=by)
    session.commit()


def fates(news_id: UUID) -> Counter[str]:
    """How many of its mails stand in each state of the outbox."""
    mine = Message.subject_id == news_id, Message.kind == KIND
    rows = session.execute(select(Message.state, func.count()).where(*mine).group_by(Message.state)).all()
    return Counter({row.state: row[1] for row in rows})


def _held_fast(news_id: UUID, appeal: Appeal) -> News:
    """The news, not to be changed by a worker until this ends. Raises Refused when there is none."""
    mine = select(News).where(News.id == news_id, News.appeal_id == appeal.id).with_for_update()
    found = session.scalar(mine.execution_options(populate_existing=True))
    if found is None:
        raise Refused(_("There is no such news."))
    return found
