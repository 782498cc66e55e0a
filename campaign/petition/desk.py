"""The organisers' screens of what waits for a look: see it in groups, try a decision, make it, stop it, undo it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from campaign import background
from campaign.appeals import queries
from campaign.appeals.models import Appeal
from campaign.appeals.queries import Published
from campaign.errors import Refused
from campaign.i18n import gettext as _
from campaign.organisers import access
from campaign.petition import counting
from campaign.petition.defence import carrying_out, deciding, forms, proving, selecting, watching, weights
from campaign.petition.defence.corrections import WHY
from campaign.petition.defence.forms import ReasonForm, SelectionForm
from campaign.petition.surge.standing import surge_is_on

blueprint = access.protect(Blueprint("defence", __name__, url_prefix="/desk/appeals/<slug>"))
Answer = str | Response | tuple[str, int]


@blueprint.get("/held")
def held(slug: str) -> str:
    """What waits, in groups by what they share; the latest decisions and how far they are."""
    return _held(_appeal(slug), SelectionForm())


@blueprint.post("/held/preview")
def preview(slug: str) -> Answer:
    """What releasing or taking off the count would do; changes nothing. A post, since a name may be asked for."""
    published, form = _appeal(slug), SelectionForm(request.form)
    return _preview(published, form) if form.validate() else (_held(published, form), 422)


@blueprint.post("/held/decide")
def decide(slug: str) -> Answer:
    """Let a worker carry it out."""
    published, form = _appeal(slug), SelectionForm(request.form)
    what = request.form.get("what", "")
    if not form.validate() or what not in (selecting.RELEASE, selecting.INVALIDATE):
        abort(400)
    reason = ReasonForm(request.form)
    if what == selecting.INVALIDATE and not reason.validate():
        return _preview(published, form, reason)
    why = reason.why.data if what == selecting.INVALIDATE else ""
    return _act(
        slug, lambda: deciding.decide(published.appeal, form.selection(), what=what, why=why, by=access.organiser())
    )


@blueprint.post("/held/decisions/<uuid:row>/cancel")
def cancel(slug: str, row: UUID) -> Answer:
    """Stop a decision that is being carried out."""
    appeal = _appeal(slug).appeal
    return _act(slug, lambda: deciding.cancel(row, appeal=appeal, by=access.organiser()))


@blueprint.post("/held/decisions/<uuid:row>/undo")
def undo(slug: str, row: UUID) -> Answer:
    """Put everything back as a decision found it."""
    appeal = _appeal(slug).appeal
    return _act(slug, lambda: deciding.undo(row, appeal=appeal, by=access.organiser()))


@blueprint.get("/attack")
def attack(slug: str) -> str:
    """What is trending, what was held and released day by day, and how often holding was a mistake."""
    published = _appeal(slug)
    return render_template(
        "desk/attack.html",
        published=published,
        trending=watching.trending(published.appeal),
        days=watching.by_day(published.appeal),
        outcomes=watching.outcomes(published.appeal),
        weights=weights,
        proof=proving.is_on(published.appeal),
        surge=surge_is_on(published.appeal),
    )


@blueprint.post("/attack/proof")
def prove(slug: str) -> Answer:
    """Ask everybody who signs for a sum, or nobody any more."""
    what = request.form.get("what", "")
    if what not in {"on", "off"}:
        abort(400)
    proving.switch(_appeal(slug).appeal, what == "on", by=access.organiser())
    return redirect(url_for(".attack", slug=slug, _anchor="proof"), 303)


def _act(slug: str, deed: Callable[[], Any]) -> Response:
    try:
        deed()
        background.ring(carrying_out.BELL)
        flash(_("This is being done. Load this page again to see how far it is."), "good")
    except Refused as refused:
        flash(refused.message, "bad")
    return redirect(url_for(".held", slug=slug), 303)


def _held(published: Published, form: SelectionForm) -> str:
    appeal = published.appeal
    decisions = deciding.listing(appeal)
    return render_template(
        "desk/held.html",
        published=published,
        form=form,
        groups=watching.held(appeal),
        decisions=decisions,
        asked={decision.id: carrying_out.selection_of(decision) for decision in decisions},
        fields=forms.fields,
        count=counting.tally(appeal.id).total,
        why=WHY,
        weights=weights,
    )


def _preview(published: Published, form: SelectionForm, reason: ReasonForm | None = None) -> Answer:
    """What was asked would do this; with a ``reason`` that is none, once more."""
    try:
        effects = _effects(published.appeal, form.selection())
    except Refused as refused:
        form.form_errors.append(refused.message)
        return _held(published, form), 422
    page = render_template(
        "desk/held_preview.html",
        published=published,
        asked={name: value for name, value in request.form.items() if name in form and value},
        selection=form.selection(),
        effects=effects,
        form=reason or ReasonForm(),
        weights=weights,
    )
    return page, 422 if reason else 200


def _effects(appeal: Appeal, selection: selecting.Selection) -> dict[str, selecting.Effect]:
    return {what: selecting.effect(appeal, selection, what) for what in (selecting.RELEASE, selecting.INVALIDATE)}


def _appeal(slug: str) -> Published:
    return queries.published(slug) or abort(404)
