"""News of a sensitive appeal goes out by two people: it keeps to itself who may release a text, and from when.

Whoever wrote it last cannot release it, and who does must have read exactly this text. Where there is only one
organiser, the wait takes the place of the second: a day, in which a stolen session is found out.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select

from campaign.appeals.models import Appeal
from campaign.db import clock, session
from campaign.errors import Refused
from campaign.i18n import day
from campaign.i18n import gettext as _
from campaign.organisers import accounts
from campaign.organisers.models import Organiser
from campaign.petition.news.models import News

_WAIT = timedelta(days=1)


def takes_two(appeal: Appeal) -> bool:
    """Whether its news takes two people: not in a demonstration, where nobody signed in earnest."""
    return appeal.sensitive and appeal.state != "demonstration"


def version(news: News) -> str:
    """Names the text as it stands: whoever releases says by it what they read."""
    return news.written_at.isoformat() if news.written_at else ""


def alone_from(news: News) -> datetime | None:
    """From when its writer may release it without a second, there being none; None while there is somebody to ask."""
    return news.written_at + _WAIT if news.written_at and accounts.alone() else None


def against(news: News, appeal: Appeal, by: Organiser) -> str:
    """Why this organiser may not release it now, in a sentence; empty when nothing is against it."""
    if not takes_two(appeal) or news.written_by not in {None, by.id}:
        return ""
    if news.written_by is None:
        return _("Nobody knows who wrote this text. Keep it once more; then another organiser can release it.")
    if (alone := alone_from(news)) is None:
        return _("You wrote this text: another organiser has to read and release it.")
    waits = alone > session.scalars(select(clock())).one()
    said = _("You wrote this text and are the only organiser: you can release it from %(day)s on.", day=day(alone))
    return said if waits else ""


def refuse_unless_seconded(news: News, appeal: Appeal, *, by: Organiser, seen: str) -> None:
    """Raises Refused when this organiser may not release it, or ``seen`` is not its ``version`` any more."""
    if said := against(news, appeal, by):
        raise Refused(said)
    if takes_two(appeal) and seen != version(news):
        raise Refused(_("The text was changed meanwhile: read it again."))
