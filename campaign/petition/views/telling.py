"""What comes of an appeal and of a letter, and when it opens: the same bytes for everybody, never needed to sign."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Response, abort

from campaign.i18n import direction
from campaign.petition import diary
from campaign.petition.comments import writing as comments
from campaign.petition.news import writing
from campaign.petition.views import blueprint
from campaign.petition.views.appeal import CALM, SPEECH, published_or_404, words_only
from campaign.petition.wall import reading
from campaign.web import cacheable


@blueprint.get(SPEECH + "/news")
def news(lang: str, slug: str) -> Response:
    """What was released, newest first; each in the page's language, or in one that there is, and said so."""
    published = published_or_404(lang, slug)
    languages = published.content.languages
    told = [(one, writing.spoken(one, lang, languages)) for one in writing.told(published.appeal)]
    return words_only("petition/news.html", published, lang, told=told, way=direction)


@blueprint.get(SPEECH + "/wall")
def wall(lang: str, slug: str) -> Response:
    """Some names of who chose to be seen, others each day, and what signers say; 404 where there is neither."""
    published = published_or_404(lang, slug)
    names, said = reading.names(published.appeal, on=datetime.now(UTC).date()), comments.shown(published.appeal)
    if not names and not said:
        abort(404)
    answer = words_only("petition/wall.html", published, lang, names=names, said=said, way=direction)
    answer.headers["X-Robots-Tag"] = "noindex"
    return answer


@blueprint.get(SPEECH + "/opens.ics")
def opens(lang: str, slug: str) -> Response:
    """The day of an announced appeal, for a calendar; not of a sensitive one, which others would read there too."""
    published = published_or_404(lang, slug)
    day = published.appeal.opens_on
    if day is None or published.appeal.sensitive:
        abort(404)
    answer = Response(diary.entry(published, lang, day), mimetype="text/calendar")
    answer.headers.set("Content-Disposition", "attachment", filename=f"{slug}.ics")
    return cacheable(answer, CALM)


@blueprint.get(SPEECH + "/geneva")
def geneva(lang: str, slug: str) -> Response:
    """What happens to a letter once it has left: who opens it, and why so few are answered."""
    return words_only("petition/geneva.html", published_or_404(lang, slug), lang)
