"""An appeal to print and to point a phone at; the same for everybody, so nothing here knows who looks."""

from __future__ import annotations

from flask import Response, abort

from campaign.petition.paper import posters
from campaign.petition.views import blueprint
from campaign.petition.views.appeal import CALM, SPEECH, published_or_404
from campaign.web import cacheable


@blueprint.get(SPEECH + "/qr.png")
def qr(lang: str, slug: str) -> Response:
    """The appeal's address as a QR code."""
    code = posters.qr(posters.address(published_or_404(lang, slug), lang))
    return _kept(Response(code, mimetype="image/png"), f"{slug}-{lang}-qr.png")


@blueprint.get(f"{SPEECH}/poster-<any({', '.join(posters.PAPERS)}):size>.pdf")
def poster(lang: str, slug: str, size: str) -> Response:
    """A page for a wall. 404 once the appeal is closed: it would ask for what nobody takes."""
    published = published_or_404(lang, slug)
    if published.appeal.state == "closed":
        abort(404)
    return _kept(Response(posters.pdf(published, lang, size), mimetype="application/pdf"), f"{slug}-{lang}.pdf")


def _kept(answer: Response, name: str) -> Response:
    answer.headers.set("Content-Disposition", "inline", filename=name)
    return cacheable(answer, CALM)
