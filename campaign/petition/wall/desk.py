"""The organisers' screen of the wall: how many names stand there, how many are ripe, and a way back."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from sqlalchemy import func, select
from werkzeug.wrappers import Response

from campaign.appeals import queries
from campaign.appeals.models import Appeal
from campaign.db import session
from campaign.errors import Refused
from campaign.i18n import gettext as _
from campaign.i18n import ngettext, number
from campaign.organisers import access
from campaign.petition.wall import releasing
from campaign.petition.wall.models import WallName

blueprint = access.protect(Blueprint("wall", __name__, url_prefix="/desk/appeals/<slug>/wall"))


@blueprint.get("")
def look(slug: str) -> str:
    """What is up, and what would be."""
    published = queries.published(slug) or abort(404)
    up = select(func.count()).where(WallName.appeal_id == published.appeal.id, WallName.release_id.is_not(None))
    return render_template(
        "desk/wall.html",
        published=published,
        up=session.scalar(up),
        ripe=releasing.waiting(published.appeal),
        may=releasing.may_have_one(published.appeal),
        least=releasing.LEAST,
    )


@blueprint.post("")
def release(slug: str) -> Response:
    """Put every ripe name up."""
    try:
        n = releasing.release(_appeal(slug), by=access.organiser())
        flash(ngettext("%(n)s name was put up.", "%(n)s names were put up.", n, n=number(n)), "good")
    except Refused as refused:
        flash(refused.message, "bad")
    return redirect(url_for(".look", slug=slug), 303)


@blueprint.post("/down")
def take_down(slug: str) -> Response:
    """Take every name off."""
    releasing.take_down(_appeal(slug), by=access.organiser())
    flash(_("No name stands on the wall any more."), "good")
    return redirect(url_for(".look", slug=slug), 303)


def _appeal(slug: str) -> Appeal:
    return session.scalar(select(Appeal).filter_by(slug=slug)) or abort(404)
