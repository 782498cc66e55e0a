"""What comes of an appeal and of a letter, for all to read: the same bytes for everybody, never needed to sign."""

from __future__ import annotations

from flask import Response

from campaign.i18n import direction
from campaign.petition.news import writing
from campaign.petition.views import blueprint
from campaign.petition.views.appeal import SPEECH, published_or_404, words_only


@blueprint.get(SPEECH + "/news")
def news(lang: str, slug: str) -> Response:
    """What was released, newest first; each in the page's language, or in one that there is, and said so."""
    published = published_or_404(lang, slug)
    languages = published.content.languages
    told = [(one, writing.spoken(one, lang, languages)) for one in writing.told(published.appeal)]
    return words_only("petition/news.html", published, lang, told=told, way=direction)


@blueprint.get(SPEECH + "/geneva")
def geneva(lang: str, slug: str) -> Response:
    """What happens to a letter once it has left: who opens it, and why so few are answered."""
    return words_only("petition/geneva.html", published_or_404(lang, slug), lang)
