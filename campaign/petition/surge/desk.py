"""The organisers' switch of surge mode; what it says stands on the page of the appeal."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, request, url_for
from werkzeug.wrappers import Response

from campaign.appeals import queries
from campaign.i18n import gettext as _
from campaign.organisers import access
from campaign.petition.surge import switching

blueprint = access.protect(Blueprint("surge", __name__, url_prefix="/desk/appeals/<slug>"))


@blueprint.post("/surge")
def switch(slug: str) -> Response:
    """On, off, or left to the load."""
    appeal = (queries.published(slug) or abort(404)).appeal
    match request.form.get("what"):
        case "on" | "off" as what:
            switching.switch(appeal, what == "on", by=access.organiser())
        case "auto":
            switching.leave_to_load(appeal, by=access.organiser())
        case _:
            abort(400)
    flash(_("Done. Every process knows within two seconds."), "good")
    return redirect(url_for("desk.appeal", slug=slug, _anchor="surge"), 303)
