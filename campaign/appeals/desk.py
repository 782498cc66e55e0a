"""The organisers' screen of organisations that sign on: look at who speaks for each, and decide."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from sqlalchemy import select
from werkzeug.wrappers import Response

from campaign.appeals import annex, organisations, queries, vetting
from campaign.appeals.models import Appeal, OrganisationSignOn
from campaign.appeals.names import clean_line
from campaign.db import session
from campaign.errors import Refused
from campaign.i18n import OWN_NAMES
from campaign.i18n import gettext as _
from campaign.organisers import access

blueprint = access.protect(Blueprint("organisations", __name__, url_prefix="/desk/appeals/<slug>/organisations"))
_LONGEST_NOTE = 300


@blueprint.get("")
def listing(slug: str) -> str:
    """Who waits to be checked, with the person who answers for it; who is shown; who was refused."""
    published = queries.published(slug) or abort(404)
    waiting = organisations.waiting(published.appeal)
    return render_template(
        "desk/organisations.html",
        published=published,
        waiting=[(one, organisations.person(one)) for one in waiting],
        shown=organisations.listed(published.appeal),
        refused=organisations.refused(published.appeal),
    )


@blueprint.get("/annex/<any(en, fr, es):spoken>")
def annex_list(slug: str, spoken: str) -> str:
    """The list for a joint written statement to the Council."""
    return _annex(slug, spoken)


@blueprint.post("/annex/<any(en, fr, es):spoken>")
def count_words(slug: str, spoken: str) -> str:
    """The same with a draft counted, which is kept nowhere."""
    return _annex(slug, spoken, request.form.get("text", ""))


def _annex(slug: str, spoken: str, text: str | None = None) -> str:
    published = queries.published(slug) or abort(404)
    groups = organisations.by_status(published.appeal)
    return render_template(
        "desk/annex.html",
        published=published,
        list=annex.annex(groups, spoken),
        spoken=spoken,
        spoken_by=[(code, OWN_NAMES[code]) for code in annex.LANGUAGES],
        limits=annex.limits(groups),
        text=text or "",
        words=None if text is None else annex.count(text),
    )


@blueprint.post("/<uuid:row>/check")
def check(slug: str, row: UUID) -> Response:
    """Show an organisation from now on."""
    found = _organisation(slug, row)
    try:
        vetting.check(found.id, by=access.organiser())
        flash(_("%(name)s is on the page now.", name=found.name), "good")
    except Refused as refused:
        flash(refused.message, "bad")
    return _back(slug)


@blueprint.post("/<uuid:row>/refuse")
def refuse(slug: str, row: UUID) -> Response:
    """Show an organisation nowhere, and note why."""
    found = _organisation(slug, row)
    try:
        note = clean_line(request.form.get("note", ""), longest=_LONGEST_NOTE)
        vetting.refuse(found.id, note=note, by=access.organiser())
        flash(_("%(name)s is refused.", name=found.name), "warn")
    except Refused as refused:
        flash(refused.message, "bad")
    return _back(slug)


@blueprint.post("/<uuid:row>/undo")
def undo(slug: str, row: UUID) -> Response:
    """Let an organisation wait to be checked again."""
    found = _organisation(slug, row)
    try:
        vetting.undo(found.id, by=access.organiser())
        flash(_("%(name)s waits to be checked again.", name=found.name), "warn")
    except Refused as refused:
        flash(refused.message, "bad")
    return _back(slug)


def _organisation(slug: str, row: UUID) -> OrganisationSignOn:
    """The sign-on of this appeal, or 404."""
    found = select(OrganisationSignOn).join(Appeal).where(Appeal.slug == slug, OrganisationSignOn.id == row)
    return session.scalar(found) or abort(404)


def _back(slug: str) -> Response:
    return redirect(url_for(".listing", slug=slug), 303)
