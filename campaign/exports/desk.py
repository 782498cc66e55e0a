"""The organisers' screen that explains an export and hands it out."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, stream_with_context, url_for
from werkzeug.wrappers import Response as AnyResponse

from campaign import db
from campaign.appeals.models import Appeal
from campaign.errors import Refused
from campaign.exports import exporting, leave, queries
from campaign.exports.audiences import AUDIENCES
from campaign.exports.forms import Export
from campaign.i18n import gettext as _
from campaign.organisers import access, accounts, audit
from campaign.petition.paper import counting as on_paper

blueprint = access.protect(Blueprint("exports", __name__, url_prefix="/desk/appeals/<slug>/export"))


@blueprint.get("")
def choose(slug: str) -> str:
    """Who may have what, how many rows there are, and who took a file before."""
    return _page(_appeal(slug), Export())


@blueprint.post("")
def download(slug: str) -> Response | tuple[str, int]:
    """Stream the file for the audience chosen."""
    appeal, form = _appeal(slug), Export(request.form)
    if not form.validate():
        return _page(appeal, form), 422
    audience = AUDIENCES[form.audience.data]
    try:
        pieces = exporting.export(appeal, audience=audience, organiser=access.organiser())
    except Refused as refused:
        form.form_errors.append(refused.message)
        return _page(appeal, form), 409
    response = Response(stream_with_context(pieces), mimetype="text/csv")
    name = exporting.file_name(appeal, audience, today=datetime.now(UTC).date())
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return response


@blueprint.post("/ask")
def ask(slug: str) -> AnyResponse | tuple[str, int]:
    """Ask another organiser to allow a file of a sensitive appeal."""
    appeal, form = _appeal(slug), Export(request.form)
    if not form.validate():
        return _page(appeal, form), 422
    leave.ask(appeal, form.audience.data, by=access.organiser())
    flash(_("Asked. Another organiser finds your question on this page."), "good")
    return redirect(url_for(".choose", slug=slug), 303)


@blueprint.post("/<uuid:row>/<any(allow, refuse):what>")
def answer(slug: str, row: UUID, what: str) -> AnyResponse:
    """Allow a file that another organiser asked for, or say no."""
    try:
        {"allow": leave.allow, "refuse": leave.refuse}[what](row, appeal=_appeal(slug), by=access.organiser())
        flash(_("Allowed: one file, within a day.") if what == "allow" else _("No file is handed out."), "good")
    except Refused as refused:
        flash(refused.message, "bad")
    return redirect(url_for(".choose", slug=slug), 303)


def _appeal(slug: str) -> Appeal:
    return db.session.query(Appeal).filter_by(slug=slug).one_or_none() or abort(404)


def _page(appeal: Appeal, form: Export) -> str:
    earlier = audit.listing(action="signatures.export_ended", subject=f"appeal {appeal.slug}", limit=20)
    asked, me = leave.standing(appeal), access.organiser()
    return render_template(
        "desk/export.html",
        appeal=appeal,
        form=form,
        on_paper=on_paper.count(appeal),
        rows=queries.count(db.session.connection(), appeal),
        labels={name: audience.label for name, audience in AUDIENCES.items()},
        meanings={name: audience.meaning for name, audience in AUDIENCES.items()},
        earlier=earlier,
        emails=accounts.emails({e.organiser_id for e in earlier if e.organiser_id} | {one.asked_by for one in asked}),
        asked=asked,
        me=me,
        takes_two=leave.needed(appeal),
        day_long=leave.DAY,
        alone=accounts.alone(),
        mine=leave.may_use(appeal, by=me),
    )
