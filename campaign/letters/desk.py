"""The organisers' screen of sending: what stands against it, the gate, how much each office bears, and till when."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from campaign import background
from campaign.appeals import queries
from campaign.appeals.queries import Published
from campaign.db import session
from campaign.errors import Refused
from campaign.i18n import gettext as _
from campaign.letters import gating, launching, preflight
from campaign.letters.pace_forms import Pace, Plan
from campaign.letters.tasks import RELEASE
from campaign.mail import forecasting, pacing
from campaign.offices import queries as offices
from campaign.offices.models import Office
from campaign.organisers import access, audit

blueprint = access.protect(Blueprint("sending", __name__, url_prefix="/desk/appeals/<slug>/sending"))
_MOST_PEOPLE = 1_000_000


@blueprint.get("")
def show(slug: str) -> str:
    """Whether letters leave, what stands against it, and when the last one would go."""
    return _page(slug)


@blueprint.post("/open")
def open_gate(slug: str) -> Response:
    """Let the appeal's letters leave, if nothing stands against it at this moment."""
    published = _published(slug)
    try:
        preflight.refuse_unless_clear(published.appeal, _addressees(published), offices.today())
        gating.open_gate(published.appeal, by=access.organiser())
        background.ring(RELEASE)
        flash(_("The gate is open: letters leave from now on."), "good")
    except Refused as refused:
        flash(refused.message, "bad")
    return _back(slug)


@blueprint.post("/close")
def close_gate(slug: str) -> Response:
    """Let no letter of the appeal leave any more."""
    gating.close_gate(_published(slug).appeal, by=access.organiser())
    flash(_("The gate is closed: what waits is kept, and nothing leaves."), "warn")
    return _back(slug)


@blueprint.post("/plan")
def plan(slug: str) -> str | Response:
    """Say by when letters are of use, and whether the appeal is urgent."""
    form = Plan(request.form)
    if not form.validate():
        return _page(slug, plan=form)
    appeal = _published(slug).appeal
    gating.plan(appeal, finish_by=form.finish_by.data, urgent=form.urgent.data, by=access.organiser())
    flash(_("Kept."), "good")
    return _back(slug)


@blueprint.route("/<office>/pace", methods=["GET", "POST"])
def pace(slug: str, office: str) -> str | Response:
    """How much one office bears."""
    published = _published(slug)
    found = next((one for one in _addressees(published) if one.slug == office), None) or abort(404)
    key = pacing.office_key(office)
    form = Pace(request.form, obj=pacing.standings([key])[key].pace)
    if request.method == "GET" or not form.validate():
        return render_template("desk/pace.html", published=published, office=found, form=form)
    audit.record("office.pace_changed", f"office {office}", organiser=access.organiser(), **form.data)
    pacing.set_budget(key, **form.data)
    session.commit()
    flash(_("Kept. It holds for all appeals, from the next letter on."), "good")
    return _back(slug)


def _page(slug: str, plan: Plan | None = None) -> str:
    published, today = _published(slug), offices.today()
    gate = gating.of(published.appeal)
    people = min(max(request.args.get("people", 0, type=int), 0), _MOST_PEOPLE)
    addressees = _addressees(published)
    lines = launching.lines(addressees, today, before=gate.finish_by, more=people)
    return render_template(
        "desk/sending.html",
        published=published,
        gate=gate,
        is_open=gating.is_open(published.appeal),
        checks=preflight.checks(published.appeal, addressees, today),
        lines=lines,
        form=plan or Plan(obj=gate),
        people=people,
        **_in_all(lines, gate.finish_by),
    )


def _in_all(lines: list[launching.OfficeLine], finish_by: date | None) -> dict[str, Any]:
    """The whole queue: how many wait, how many come too late, the day of the last, offices that can be written to."""
    outlooks = [line.outlook for line in lines]
    return {
        "waiting": sum(one.waiting for one in outlooks),
        "late": sum(one.undone for one in outlooks) if finish_by else 0,
        "last_day": forecasting.last_day(outlooks),
        "fit": sum(line.address is not None and line.takes_letters for line in lines),
    }


def _addressees(published: Published) -> list[Office]:
    known = offices.by_slugs(published.content.addressees)
    return [known[slug] for slug in published.content.addressees if slug in known]


def _published(slug: str) -> Published:
    return queries.published(slug) or abort(404)


def _back(slug: str) -> Response:
    return redirect(url_for(".show", slug=slug), 303)
