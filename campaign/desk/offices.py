"""The organisers' screens of the UN directory: look an office up, say who holds it, and check its addresses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response
from wtforms import Form

from campaign.desk import directory, logbook
from campaign.desk.office_forms import AddressForm, DatesForm, HolderForm
from campaign.errors import Refused
from campaign.i18n import OWN_NAMES
from campaign.i18n import gettext as _
from campaign.offices import addressing, changing, checking, explaining, holding, queries, terms
from campaign.offices.models import Office, OfficeTerm
from campaign.organisers import access, accounts

blueprint = access.protect(Blueprint("offices", __name__, url_prefix="/desk/offices"))
Answer = str | Response | tuple[str, int]


@blueprint.get("")
def listing() -> str:
    """Every office with its holder and its address today; searched and filtered when asked."""
    asked, appeal = request.args.get("q", "").strip(), request.args.get("appeal", "")
    show = request.args.get("show", "")
    found = directory.lines(words=asked, appeal=appeal, on=queries.today())
    return render_template(
        "offices/listing.html",
        lines=[line for line in found if line.passes(show)],
        counted=directory.counted(found),
        asked=asked,
        appeal=appeal,
        show=show if show in directory.FILTERS else "",
    )


@blueprint.get("/<slug>")
def office(slug: str) -> str:
    """Everything about one office, and what can be entered."""
    return _page(_office(slug))


@blueprint.post("/<slug>/addresses")
def enter_address(slug: str) -> Answer:
    """Add an address; it is written to only if the organiser has seen it today."""
    found, form = _office(slug), AddressForm(request.form, prefix="address-")

    def enter() -> None:
        by = access.organiser()
        checking.enter(slug, address=form.address, source=form.where(), seen=bool(form.seen.data), by=by)

    return _entered(found, form, enter, _("The address is listed."))


@blueprint.post("/<slug>/addresses/<uuid:row>/check")
def check_address(slug: str, row: UUID) -> Response:
    """The organiser has seen this address on the office's own page today."""
    return _done(slug, lambda: checking.check(slug, row, by=access.organiser()), _("We can write to this address."))


@blueprint.post("/<slug>/addresses/<uuid:row>/retire")
def retire_address(slug: str, row: UUID) -> Response:
    """Write to this address no more."""
    return _done(slug, lambda: checking.retire(slug, row, by=access.organiser()), _("We write there no more."))


@blueprint.post("/<slug>/holders")
def enter_holder(slug: str) -> Answer:
    """Add who holds the office from a day on."""
    found = _office(slug)
    form = HolderForm(request.form, prefix="holder-", open_terms=_open(found))

    def enter() -> None:
        holding.enter(slug, form.newcomer(), ending=form.ended(), by=access.organiser())

    return _entered(found, form, enter, _("The holder is entered."))


@blueprint.post("/<slug>/holders/<uuid:row>/confirm")
def confirm_holder(slug: str, row: UUID) -> Response:
    """The organiser checked today that this person holds the office."""
    return _done(slug, lambda: holding.confirm(slug, row, by=access.organiser()), _("Confirmed as of today."))


@blueprint.post("/<slug>/holders/<uuid:row>/dates")
def correct_dates(slug: str, row: UUID) -> Answer:
    """Put right when a term began and ended."""
    found, form = _office(slug), DatesForm(request.form, prefix=f"dates-{row}-")
    said: dict[str, Any] = {"by": access.organiser()}

    def correct() -> None:
        holding.correct(slug, row, starts=form.first, ends=form.last, source=form.source.data, **said)

    return _entered(found, form, correct, _("The dates are corrected."))


@blueprint.post("/<slug>/undo/<int:deed>")
def undo(slug: str, deed: int) -> Response:
    """Take back what was done here."""
    return _done(slug, lambda: changing.undo(slug, deed, by=access.organiser()), _("Taken back."))


def _office(slug: str) -> Office:
    return queries.by_slug(slug) or abort(404)


def _open(found: Office) -> list[OfficeTerm]:
    return [term for term in found.terms if term.ends is None]


def _before(found: Office) -> str:
    """Whose term most likely ends when somebody new comes; nobody's where several hold the office."""
    still = [] if found.details.get("several_members") else _open(found)
    return str(still[0].id) if len(still) == 1 else ""


def _done(slug: str, act: Callable[[], None], said: str) -> Response:
    _office(slug)
    try:
        act()
        flash(said, "good")
    except Refused as refused:
        flash(refused.message, "bad")
    return redirect(url_for(".office", slug=slug), 303)


def _entered(found: Office, form: Form, act: Callable[[], None], said: str) -> Answer:
    """Do what a form asks; on a mistake the page again, with everything typed."""
    if form.validate():
        try:
            act()
            flash(said, "good")
            return redirect(url_for(".office", slug=found.slug), 303)
        except Refused as refused:
            if refused.field not in form:
                flash(refused.message, "bad")
                return redirect(url_for(".office", slug=found.slug), 303)
            form[refused.field].errors = [refused.message]
    return _page(_office(found.slug), wrong=form), 422


def _page(found: Office, wrong: Form | None = None) -> str:
    today = queries.today()
    deeds = changing.deeds(found)
    people = {row.checked_by for row in found.addresses} | {term.entered_by for term in found.terms}
    people |= {deed.event.organiser_id for deed in deeds}
    return render_template(
        "offices/office.html",
        office=found,
        sendable=addressing.sendable_address(found, today),
        takes_letters=addressing.accepts_letters(found),
        why=explaining.why(found, today),
        greetings=explaining.greetings(found, today),
        current={term.id for term in terms.possible_on(found.terms, today)},
        sure={term.id for term in found.terms if terms.holder_on([term], today)},
        terms=sorted(found.terms, key=lambda term: (term.starts or "", term.position), reverse=True),
        sheets=_sheets(found, wrong),
        form=wrong,
        deeds=deeds,
        emails=accounts.emails({one for one in people if one}),
        own_names=OWN_NAMES,
        logbook=logbook,
    )


def _sheets(found: Office, wrong: Form | None) -> dict[str, Form]:
    """Every form of the page by its prefix; the one with mistakes as it was typed."""
    holder = HolderForm(prefix="holder-", open_terms=_open(found), data={"ending": _before(found)})
    made: list[Any] = [AddressForm(prefix="address-"), holder]
    made += [DatesForm(prefix=f"dates-{term.id}-", data=_dates(term)) for term in found.terms]
    by_prefix = {form._prefix: form for form in made}
    return by_prefix | ({wrong._prefix: wrong} if wrong else {})


def _dates(term: OfficeTerm) -> dict[str, str | None]:
    return {"starts": term.starts, "ends": term.ends, "source": term.source}
