"""Choosing whom to write to."""

from __future__ import annotations

from dataclasses import dataclass

from flask import make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from campaign.appeals.content import OfficeText
from campaign.letters import identity, wishes
from campaign.letters.views import blueprint, places
from campaign.letters.views.places import SPEECH, Chain, Page
from campaign.offices import addressing
from campaign.offices.models import Office
from campaign.web import cacheable

_FOR = 60  # seconds that a shared cache may keep a page


@dataclass(frozen=True, slots=True)
class Card:
    """An office on offer: ``sendable`` by us at a checked address, ``open`` when it can be written to at all, and
    whether it ``objected`` to letters; ``identity``: what it has to know of whoever writes."""

    office: Office
    text: OfficeText
    sendable: bool
    open: bool
    objected: bool
    identity: str


@blueprint.get(SPEECH + "/letters")
def choose(lang: str, slug: str) -> Response:
    """The offices as cards; with some chosen, on to the first of them."""
    page = places.page(lang, slug)
    if not page.takes_letters:
        return make_response(render_template("letters/closed.html", **page.frame()), 410)
    offices = places.addressees(page)
    asked = request.args.getlist("office")
    chosen = [o.slug for o in offices if o.slug in asked and places.can_write(page, o)]
    if chosen:
        return redirect(_first(page, chosen))
    nobody = "choose" in request.args
    shown = {"cards": [_card(page, office) for office in offices], "nobody": nobody}
    html = make_response(render_template("letters/choose.html", **shown, **page.frame("letters.choose")))
    if not nobody:
        return cacheable(html, _FOR)
    html.status_code = 422
    return html


def _card(page: Page, office: Office) -> Card:
    sendable = addressing.sendable_address(office, places.today()) is not None
    objected = wishes.of(office.id).stopped_at is not None
    is_open = places.can_write(page, office)
    return Card(office, page.office_text(office), sendable, is_open, objected, identity.needed(office))


def _first(page: Page, chosen: list[str]) -> str:
    chain = Chain(tuple(chosen[1:]), len(chosen))
    return url_for(".write", lang=page.lang, slug=page.appeal.slug, office=chosen[0], **chain.query())
