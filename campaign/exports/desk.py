"""The organisers' screen that explains an export and hands it out."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint, Response, abort, render_template, request, stream_with_context

from campaign import db
from campaign.appeals.models import Appeal
from campaign.exports import exporting, queries
from campaign.exports.audiences import AUDIENCES
from campaign.exports.forms import Export
from campaign.organisers import access, accounts, audit

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
    pieces = exporting.export(appeal, audience=audience, organiser=access.organiser())
    response = Response(stream_with_context(pieces), mimetype="text/csv")
    name = exporting.file_name(appeal, audience, today=datetime.now(UTC).date())
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return response


def _appeal(slug: str) -> Appeal:
    return db.session.query(Appeal).filter_by(slug=slug).one_or_none() or abort(404)


def _page(appeal: Appeal, form: Export) -> str:
    earlier = audit.listing(action="signatures.export_ended", subject=f"appeal {appeal.slug}", limit=20)
    return render_template(
        "desk/export.html",
        appeal=appeal,
        form=form,
        rows=queries.count(db.session.connection(), appeal),
        labels={name: audience.label for name, audience in AUDIENCES.items()},
        meanings={name: audience.meaning for name, audience in AUDIENCES.items()},
        earlier=earlier,
        emails=accounts.emails({event.organiser_id for event in earlier if event.organiser_id}),
    )
