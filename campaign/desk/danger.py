"""The organisers' button for the day on which people are in danger; what it does stands beside it."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, url_for
from sqlalchemy import select
from werkzeug.wrappers import Response

from campaign import background
from campaign.appeals import danger
from campaign.appeals.models import Appeal
from campaign.db import session
from campaign.errors import Refused
from campaign.i18n import gettext as _
from campaign.mail import outbox
from campaign.organisers import access

blueprint = access.protect(Blueprint("danger", __name__, url_prefix="/desk/appeals/<slug>/danger"))


@blueprint.post("")
def call(slug: str) -> Response:
    """Stop it all, at once."""
    danger.call(_appeal(slug), by=access.organiser(), browser=access.browser())
    flash(_("Stopped. Nothing of this appeal leaves until an organiser lets it go on."), "warn")
    return _back(slug)


@blueprint.post("/end")
def end(slug: str) -> Response:
    """Let everything go on."""
    try:
        danger.end(_appeal(slug), by=access.organiser())
        background.ring(outbox.BELL)
        flash(_("Everything goes on as before."), "good")
    except Refused as refused:
        flash(refused.message, "bad")
    return _back(slug)


def _appeal(slug: str) -> Appeal:
    return session.scalar(select(Appeal).filter_by(slug=slug)) or abort(404)


def _back(slug: str) -> Response:
    return redirect(url_for("desk.appeal", slug=slug, _anchor="danger"), 303)
