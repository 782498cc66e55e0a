"""The organisers' screen of sending: what stands against it, the test letter, the gate, and till when."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from campaign import background
from campaign.appeals import queries
from campaign.appeals.queries import Published
from campaign.errors import Refused
from campaign.i18n import gettext as _
from campaign.letters import drafting, gating, launching, preflight, trying
from campaign.letters.pace_forms import Plan, Received, Trial
from campaign.letters.tasks import RELEASE
from campaign.mail import forecasting, outbox
from campaign.mail.incoming import health
from campaign.offices import queries as offices
from campaign.offices.models import Office
from campaign.organisers import access

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


@blueprint.post("/test")
def send_test(slug: str) -> str | Response:
    """Send a letter of the appeal to the organiser who asks, and to nobody else."""
    published = _published(slug)
    form = Trial(request.form, offices=_written_to(published))
    if not form.validate():
        return _page(slug, trial=form)
    try:
        office = next(one for one in _written_to(published) if one.slug == form.office.data)
        trying.send(published, office, by=access.organiser())
        background.ring(outbox.BELL)
        flash(_("A test letter is on its way to you. No office gets it."), "good")
    except Refused as refused:
        flash(refused.message, "bad")
    return _back(slug)


@blueprint.post("/test/received")
def test_received(slug: str) -> str | Response:
    """An organiser says that the test letter came and looks right; its code proves that it came."""
    published, form = _published(slug), Received(request.form)
    if not form.validate():
        return _page(slug, code=form)
    try:
        trying.confirm(published, form.code.data, by=access.organiser())
    except Refused as refused:
        form.code.errors = [refused.message]
        return _page(slug, code=form)
    flash(_("Noted: the test letter came, and looks right."), "good")
    return _back(slug)


def _page(slug: str, *, plan: Plan | None = None, trial: Trial | None = None, code: Received | None = None) -> str:
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
        shut=gate.shut_at is not None or gating.leaves_otherwise(gate),
        checks=preflight.checks(published.appeal, addressees, today),
        lines=lines,
        troubles=_troubles(lines),
        form=plan or trial or code or Plan(obj=gate),
        plan=plan or Plan(obj=gate),
        people=people,
        domains=launching.domains(lines),
        trial=trial or Trial(offices=_written_to(published)),
        code=code or Received(),
        sent=trying.on_its_way(published.appeal.id),
        **_in_all(lines, gate.finish_by),
    )


def _troubles(lines: list[launching.OfficeLine]) -> list[tuple[launching.OfficeLine, dict[str, int]]]:
    """The offices whose mail server had trouble with letters lately, and how many letters of each sort."""
    found = health.of_offices([line.standing.key for line in lines])
    return [(line, found[line.standing.key]) for line in lines if line.standing.key in found]


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
    return launching.addressees(published.content)


def _written_to(published: Published) -> list[Office]:
    """Those of them for which there is a letter."""
    return [office for office in _addressees(published) if drafting.languages(published.content, office)]


def _published(slug: str) -> Published:
    return queries.published(slug) or abort(404)


def _back(slug: str) -> Response:
    return redirect(url_for(".show", slug=slug), 303)
