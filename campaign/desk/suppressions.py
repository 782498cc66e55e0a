"""Who is not written to, for organisers: without addresses, added to and lifted by hand, each act written down."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from campaign.db import session
from campaign.desk import words
from campaign.desk.suppression_forms import AddressForm, SuppressionForm
from campaign.i18n import gettext as _
from campaign.mail import suppressing
from campaign.mail.incoming import counting
from campaign.mail.suppressing import Place
from campaign.organisers import access, audit

blueprint = access.protect(Blueprint("suppressions", __name__, url_prefix="/desk/suppressions"))
A_PAGE = 50
Answer = str | Response | tuple[str, int]


@blueprint.get("")
def listing() -> str:
    """Each with its day, reason and end; never an address."""
    return _page(SuppressionForm(), AddressForm(prefix="again-"))


@blueprint.post("")
def add() -> Answer:
    """Write to an address no more."""
    form = SuppressionForm(request.form)
    if not form.validate():
        return _page(form, AddressForm(prefix="again-")), 422
    suppressing.suppress(form.address.index(), form.reason.data, lasting=form.lasting)
    _record("suppression.added", reason=form.reason.data, lasting=form.days.data)
    session.commit()
    flash(_("Nothing is sent to that address from now on."), "good")
    return redirect(url_for(".listing"), 303)


@blueprint.post("/lift")
def lift() -> Answer:
    """Write again to an address that somebody typed."""
    form = AddressForm(request.form, prefix="again-")
    if not form.validate():
        return _page(SuppressionForm(), form), 422
    return _lifted(form.address.index())


@blueprint.post("/lift-row")
def lift_row() -> Answer:
    """Write again to the address behind one line of the list."""
    return _lifted(_index(request.form.get("row", "")))


def _lifted(address_index: bytes) -> Response:
    if suppressing.lift(address_index):
        _record("suppression.lifted")
        session.commit()
        flash(_("That address is written to again."), "good")
    else:
        flash(_("That address is not on the list."), "warn")
    return redirect(url_for(".listing"), 303)


def _record(action: str, **details: str) -> None:
    audit.record(action, "an address", organiser=access.organiser(), **details)


def _page(adding: SuppressionForm, again: AddressForm) -> str:
    found = suppressing.listing(limit=A_PAGE + 1, before=_place(request.args.get("before", "")))
    last = found[A_PAGE - 1] if len(found) > A_PAGE else None
    return render_template(
        "desk/suppressions.html",
        form=adding,
        again=again,
        suppressions=found[:A_PAGE],
        older=url_for(".listing", before=f"{last.created_at.timestamp():.6f}_{last.recipient_index.hex()}")
        if last
        else "",
        came_in=counting.came_in(),
        words=words,
    )


def _place(written: str) -> Place | None:
    if not written:
        return None
    moment, _sep, row = written.partition("_")
    try:
        return datetime.fromtimestamp(float(moment), UTC), _index(row)
    except (ValueError, OverflowError, OSError):
        abort(404)


def _index(written: str) -> bytes:
    try:
        return bytes.fromhex(written)
    except ValueError:
        abort(404)
