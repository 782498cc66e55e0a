"""The organisers' overview, one page for each appeal, and the audit trail."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from flask import Blueprint, abort, current_app, has_request_context, render_template, request, url_for
from sqlalchemy import select

from campaign.appeals import organisations
from campaign.appeals import queries as appeals
from campaign.appeals.models import Appeal, OrganisationSignOn
from campaign.appeals.queries import Published
from campaign.db import session
from campaign.desk import logbook, messages, words
from campaign.desk.launch import launch_list
from campaign.desk.letterwork import letters_by_office
from campaign.desk.standing import by_country, by_day, standing
from campaign.i18n import country_name
from campaign.i18n import gettext as _
from campaign.mail import transports
from campaign.mail.states import WAITING
from campaign.mail.tallying import tally, totals
from campaign.organisers import access, accounts, audit
from campaign.organisers.models import AuditEvent
from campaign.petition.paper import checking as paper
from campaign.petition.paper import counting as on_paper
from campaign.petition.surge import reporting

blueprint = access.protect(Blueprint("desk", __name__, url_prefix="/desk"))
_ID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_DEEDS = 50  # on one page of the audit trail


@blueprint.app_context_processor
def frame() -> dict[str, Any]:
    """What the frame of every page of the desk needs: where one can go, the way out, and whether mail leaves."""
    if not has_request_context() or not request.path.startswith("/desk") or access.signed_in() is None:
        return {}
    at_appeals = request.path == "/desk/" or request.path.startswith("/desk/appeals")
    links = [
        (_("Overview"), url_for("desk.overview"), at_appeals),
        (_("Outbox"), url_for("outbox.listing"), request.blueprint == "outbox"),
        (_("Captured mail"), url_for("captured.listing"), request.blueprint == "captured"),
        (_("Offices"), url_for("offices.listing"), request.blueprint == "offices"),
        (_("Log"), url_for("desk.log"), request.endpoint == "desk.log"),
    ]
    rehearsal = transports.mode(current_app) == transports.CAPTURE
    return {"desk_links": links, "sign_out_url": url_for("organisers.sign_out"), "rehearsal": rehearsal}


@blueprint.get("/")
def overview() -> str:
    """Every appeal in a sentence or two, and whether a message waits for a decision."""
    slugs = session.scalars(select(Appeal.slug).order_by(Appeal.created_at))  # drafts too
    appealing = [(found, standing(found.appeal)) for slug in slugs if (found := appeals.published(slug))]
    counted = list(totals(tally()))
    return render_template(
        "desk/overview.html",
        appeals=appealing,
        waiting_organisations={
            found.appeal.slug: len(organisations.waiting(found.appeal)) for found, _n in appealing
        },
        unknown=messages.total(counted, "unknown"),
        wrong=messages.total(counted, "failed", "bounced"),
        waiting=messages.total(counted, *WAITING, "leased", "attempting"),
        words=words,
    )


@blueprint.get("/appeals/<slug>")
def appeal(slug: str) -> str:
    """How many, from where, since when; letters by office; what is missing before it can be opened."""
    published = appeals.published(slug) or abort(404)
    today = datetime.now(UTC).date()
    return render_template(
        "desk/appeal.html",
        published=published,
        standing=standing(published.appeal),
        on_paper=on_paper.count(published.appeal),
        to_count=paper.waiting(published.appeal),
        days=[(str(day.day), n) for day, n in by_day(published.appeal)],
        countries=_countries(published),
        letters=letters_by_office(published.appeal, published.content.addressees),
        to_check=len(organisations.waiting(published.appeal)),
        launch=launch_list(published.content, on=today),
        surge=reporting.report(published.appeal),
        words=words,
    )


@blueprint.get("/log")
def log() -> str:
    """Who did what, newest first."""
    before = request.args.get("before", type=int)
    deeds = audit.listing(before=before, limit=_DEEDS + 1)
    older = url_for(".log", before=deeds[_DEEDS - 1].id) if len(deeds) > _DEEDS else ""
    return render_template("desk/log.html", deeds=deeds[:_DEEDS], older=older, names=_names(deeds), logbook=logbook)


def _names(deeds: Sequence[AuditEvent]) -> dict[str, str]:
    """What stands behind the ids of these deeds: an organiser's address, an appeal's slug, an organisation's name."""
    said = {word for deed in deeds for word in re.split("[ :]", deed.subject) if _ID.fullmatch(word)}
    ids = {UUID(word) for word in said} | {deed.organiser_id for deed in deeds if deed.organiser_id}
    slugs = session.execute(select(Appeal.id, Appeal.slug).where(Appeal.id.in_(ids)))
    named = session.execute(
        select(OrganisationSignOn.id, OrganisationSignOn.name).where(OrganisationSignOn.id.in_(ids))
    )
    return {str(row): name for row, name in [*accounts.emails(ids).items(), *slugs, *named]}


def _countries(published: Published) -> list[tuple[str, int]]:
    named, elsewhere, unsaid = by_country(published.appeal)
    rows = [(country_name(code), n) for code, n in named]
    rest = [(_("elsewhere"), elsewhere), (_("not said"), unsaid)]
    return rows + [(label, n) for label, n in rest if n]
