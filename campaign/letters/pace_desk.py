"""The organisers' screen of budgets: how much an office bears, and a mail domain that offices share."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from campaign.appeals import queries
from campaign.errors import Refused
from campaign.i18n import gettext as _
from campaign.letters import bearing, launching
from campaign.letters.bearing import Receiver
from campaign.letters.pace_forms import PACES, PaceForm
from campaign.offices import queries as offices
from campaign.organisers import access, accounts

blueprint = access.protect(Blueprint("pace", __name__, url_prefix="/desk/appeals/<slug>/sending"))


@blueprint.get("/<office>/pace")
def office(slug: str, office: str) -> str:
    """How much one office bears, all appeals together."""
    return _page(slug, _office(slug, office))


@blueprint.post("/<office>/pace")
def set_office(slug: str, office: str) -> str | Response:
    """Say how much one office bears."""
    return _set(slug, _office(slug, office))


@blueprint.post("/<office>/pace/undo")
def undo_office(slug: str, office: str) -> Response:
    """Take the last change of it back."""
    return _undo(slug, _office(slug, office))


@blueprint.get("/domains/<domain>")
def domain(slug: str, domain: str) -> str:
    """How much all offices behind one mail domain bear together."""
    return _page(slug, _domain(slug, domain))


@blueprint.post("/domains/<domain>")
def set_domain(slug: str, domain: str) -> str | Response:
    """Say how much a mail domain bears."""
    return _set(slug, _domain(slug, domain))


@blueprint.post("/domains/<domain>/undo")
def undo_domain(slug: str, domain: str) -> Response:
    """Take the last change of it back."""
    return _undo(slug, _domain(slug, domain))


def _set(slug: str, receiver: Receiver) -> str | Response:
    form = PACES[receiver.kind](request.form)
    if not form.validate():
        return _page(slug, receiver, form)
    try:
        bearing.change(receiver, form.pace, by=access.organiser())
        flash(_("Kept. It holds for all appeals, from the next letter on."), "good")
    except Refused as refused:
        flash(refused.message, "warn")
    return redirect(url_for("sending.show", slug=slug), 303)


def _undo(slug: str, receiver: Receiver) -> Response:
    try:
        bearing.undo(receiver, by=access.organiser())
        flash(_("Taken back. It holds from the next letter on."), "good")
    except Refused as refused:
        flash(refused.message, "warn")
    return redirect(_url("", slug, receiver), 303)


def _page(slug: str, receiver: Receiver, form: PaceForm | None = None) -> str:
    last, pace = bearing.last_change(receiver), receiver.pace
    who = accounts.emails({last.organiser_id}) if last and last.organiser_id else {}
    return render_template(
        "desk/pace.html",
        slug=slug,
        receiver=receiver,
        title=_titles(slug).get(receiver.name, receiver.name),
        sharing=[line.office.title for line in _lines(slug) if line.domain == receiver.name],
        form=form or PACES[receiver.kind](obj=pace),
        last=last,
        who=next(iter(who.values()), ""),
        set_url=_url("set_", slug, receiver),
        undo_url=_url("undo_", slug, receiver),
    )


def _url(deed: str, slug: str, receiver: Receiver) -> str:
    named: dict[str, Any] = {"slug": slug, receiver.kind: receiver.name}
    return url_for(f"pace.{deed}{receiver.kind}", **named)


def _office(slug: str, name: str) -> Receiver:
    return Receiver("office", name) if name in _titles(slug) else abort(404)


def _domain(slug: str, name: str) -> Receiver:
    return Receiver("domain", name) if any(line.domain == name for line in _lines(slug)) else abort(404)


def _titles(slug: str) -> dict[str, str]:
    return {line.office.slug: line.office.title for line in _lines(slug)}


def _lines(slug: str) -> list[launching.OfficeLine]:
    published = queries.published(slug) or abort(404)
    return launching.lines(launching.addressees(published.content), offices.today())
