"""The organisers' screen of comments: read each, show it or not, and decide again."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from werkzeug.wrappers import Response

from campaign.appeals import queries
from campaign.appeals.queries import Published
from campaign.errors import Refused
from campaign.i18n import direction
from campaign.i18n import gettext as _
from campaign.organisers import access
from campaign.petition.comments import writing

blueprint = access.protect(Blueprint("comments", __name__, url_prefix="/desk/appeals/<slug>/comments"))


@blueprint.get("")
def listing(slug: str) -> str:
    """What waits to be read, and what is shown."""
    published = _published(slug)
    waits, shown = writing.waiting(published.appeal), writing.shown(published.appeal)
    return render_template(
        "desk/comments.html",
        published=published,
        waiting=waits,
        shown=shown,
        more=writing.count(published.appeal) - len(waits),
        takes=writing.takes(published.appeal),
        way=direction,
    )


@blueprint.post("/<uuid:row>/<any(show, hide):decided>")
def decide(slug: str, row: UUID, decided: str) -> Response:
    """Show one to everybody, or to nobody."""
    try:
        writing.decide(_published(slug).appeal, row, approve=decided == "show", by=access.organiser())
        flash(_("It is shown.") if decided == "show" else _("It is shown nowhere."), "good")
    except Refused as refused:
        flash(refused.message, "bad")
    return redirect(url_for(".listing", slug=slug), 303)


def _published(slug: str) -> Published:
    return queries.published(slug) or abort(404)
