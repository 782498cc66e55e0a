"""Choosing whom to write to."""

from __future__ import annotations

from flask import make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from campaign.letters.views import blueprint, places
from campaign.letters.views.places import SPEECH, Chain, Page
from campaign.offices import addressing
from campaign.web import cacheable

_FOR = 60  # seconds that a shared cache may keep a page


@blueprint.get(SPEECH + "/letters")
def choose(lang: str, slug: str) -> Response:
    """The offices as cards; with some chosen, on to the first of them."""
    page = places.page(lang, slug)
    offices = places.addressees(page)
    asked = request.args.getlist("office")
    chosen = [o.slug for o in offices if o.slug in asked and places.accepts(o)]
    if chosen and page.takes_letters:
        return redirect(_first(page, chosen))
    nobody = "choose" in request.args
    today = places.today()
    cards = [(o, page.office_text(o), bool(addressing.sendable_address(o, today))) for o in offices]
    html = render_template(
        "letters/choose.html", cards=cards, nobody=nobody, accepts=places.accepts, **page.frame("letters.choose")
    )
    return cacheable(make_response(html, 422 if nobody else 200), _FOR)


def _first(page: Page, chosen: list[str]) -> str:
    chain = Chain(tuple(chosen[1:]), len(chosen))
    return url_for(".write", lang=page.lang, slug=page.appeal.slug, office=chosen[0], **chain.query())
