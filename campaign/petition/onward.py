"""Where the page of an appeal leads on that nobody can sign: it keeps to itself what is worth showing there.

All of it is public already, and nobody is asked for anything: no address is kept for a later day.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from campaign.appeals import queries
from campaign.appeals.queries import Published
from campaign.petition.news import writing
from campaign.petition.news.models import News
from campaign.petition.taking import OPEN

_MOST = 3  # other appeals; the list of all is one press further


@dataclass(frozen=True, slots=True)
class Onward:
    """The days until the appeal opens (below 1: its day is here, or past); the latest news, and in which language;
    other appeals to sign, the newest first, each with the language in which it is offered."""

    days: int
    news: News | None
    news_in: str
    others: tuple[tuple[Published, str], ...]


def onward(published: Published, lang: str, today: date) -> Onward | None:
    """What a reader of ``lang`` is led to on ``today``; None while the appeal can be signed."""
    appeal, languages = published.appeal, published.content.languages
    if appeal.state in OPEN:
        return None
    latest = next(iter(writing.told(appeal)), None)
    spoken = writing.spoken(latest, lang, languages) if latest else lang
    return Onward((appeal.opens_on - today).days if appeal.opens_on else 0, latest, spoken, _others(published, lang))


def _others(published: Published, lang: str) -> tuple[tuple[Published, str], ...]:
    """Beside an appeal that somebody answers for stand only those of which that is true too."""
    states = OPEN if published.content.is_demonstration else ("open",)
    found = [one for one in queries.listing() if one.appeal.state in states and one.appeal.id != published.appeal.id]
    newest = reversed(found[-_MOST:])
    return tuple((one, lang if lang in one.content.languages else one.content.languages[0]) for one in newest)
