"""The organisers' screen for letters that the world overtook: how many would be stopped, why, and the button."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from campaign import background
from campaign.appeals import queries
from campaign.i18n import gettext as _
from campaign.i18n import ngettext, number
from campaign.letters import overtaking
from campaign.mail import outbox
from campaign.offices import queries as offices
from campaign.organisers import access

blueprint = access.protect(Blueprint("overtaken", __name__, url_prefix="/desk/appeals/<slug>/overtaken"))


@blueprint.get("")
def look(slug: str) -> str:
    """How many letters wait, office by office, and the form that stops them."""
    published = queries.published(slug) or abort(404)
    counted = overtaking.waiting(published.appeal.id)
    rows = [(office, counted[office.id]) for office in offices.every() if office.id in counted]
    return render_template("desk/overtaken.html", published=published, rows=rows, all=sum(counted.values()))


@blueprint.post("")
def overtake(slug: str) -> Response:
    """Stop what waits for one office or for all, and tell the writers."""
    published = queries.published(slug) or abort(404)
    reason, chosen = request.form.get("reason", ""), request.form.get("office", "")
    office = offices.by_slug(chosen) if chosen != "all" else None
    if reason not in overtaking.REASONS or (office is None and chosen != "all"):
        flash(_("Choose whose letters to stop, and why."), "bad")
        return redirect(url_for(".look", slug=slug), 303)
    stopped = overtaking.overtake(published.appeal, office=office, reason=reason, by=access.organiser())
    background.ring(outbox.BELL)
    flash(
        ngettext("%(n)s letter is stopped.", "%(n)s letters are stopped.", stopped, n=number(stopped))
        + " "
        + _("Each writer who had confirmed is told why by mail, in their language."),
        "warn",
    )
    return redirect(url_for(".look", slug=slug), 303)
