"""The card of an appeal, for whoever shows a link to it."""

from __future__ import annotations

from flask import Response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from campaign.petition import cards
from campaign.petition.views import blueprint
from campaign.petition.views.appeal import SPEECH, published_or_404

_FOR_GOOD = "public, max-age=31536000, immutable"


@blueprint.get(SPEECH + "/card-<version>.png")
def card(lang: str, slug: str, version: str) -> AnyResponse:
    """The card in a language; an older version leads to the one of today."""
    published = published_or_404(lang, slug)
    today = cards.version(published, lang)
    if version != today:
        return redirect(url_for("petition.card", lang=lang, slug=slug, version=today))
    answer = Response(mimetype="image/png", headers={"Cache-Control": _FOR_GOOD})
    answer.set_etag(today)
    if request.if_none_match.contains(today):
        answer.status_code = 304
    else:
        answer.data = cards.png(published, lang)
    return answer
