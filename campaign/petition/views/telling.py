"""What comes of an appeal, for everybody to read: the same bytes for all, and never needed to sign."""

from __future__ import annotations

from flask import Response, make_response, render_template

from campaign.i18n import direction
from campaign.petition import showing
from campaign.petition.news import writing
from campaign.petition.views import blueprint
from campaign.petition.views.appeal import CALM, SPEECH, _url, published_or_404
from campaign.web import cacheable


@blueprint.get(SPEECH + "/news")
def news(lang: str, slug: str) -> Response:
    """What was released, newest first; each in the page's language, or in one that there is, and said so."""
    published = published_or_404(lang, slug)
    languages = published.content.languages
    told = [(one, writing.spoken(one, lang, languages)) for one in writing.told(published.appeal)]
    frame = showing.frame(published, lang)
    frame["languages"] = [(c, name, _url("petition.news", published, c)) for c, name, _show in frame["languages"]]
    return cacheable(make_response(render_template("petition/news.html", told=told, way=direction, **frame)), CALM)
