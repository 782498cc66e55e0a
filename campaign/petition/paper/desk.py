"""The organisers' screens of paper: print a sheet, enter what came back, count it a second time, take it back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from campaign import i18n
from campaign.appeals import queries
from campaign.appeals.queries import Published
from campaign.db import session
from campaign.errors import Refused
from campaign.i18n import gettext as _
from campaign.organisers import access
from campaign.petition.paper import checking, counting, entering, lines, posters, sheets, showing
from campaign.petition.paper.forms import BatchForm, CountsForm, PeopleForm, WithdrawForm
from campaign.petition.paper.models import PaperBatch
from campaign.petition.paper.words import STATES

blueprint = access.protect(Blueprint("paper", __name__, url_prefix="/desk/appeals/<slug>/paper"))
Answer = str | AnyResponse | tuple[str, int]


@blueprint.get("")
def listing(slug: str) -> str:
    """The sheets to print, or why there are none; the batches and how they stand."""
    published = _published(slug)
    batches = checking.listing(published.appeal)
    return render_template(
        "desk/paper.html",
        published=published,
        taken=sheets.taken(published.appeal),
        papers=posters.PAPERS,
        names=i18n.OWN_NAMES,
        batches=batches,
        counted={batch.id: counting.of_batch(batch.id) for batch in batches if batch.state == "counted"},
        states=STATES,
    )


@blueprint.get(f"/sheet-<any({', '.join(i18n.INTERFACE)}):lang>-<any({', '.join(posters.PAPERS)}):size>.pdf")
def sheet(slug: str, lang: str, size: str) -> Response:
    """A sheet to print; 404 for an appeal that is not signed on paper."""
    published = _published(slug)
    if not sheets.taken(published.appeal) or lang not in published.content.languages:
        abort(404)
    with i18n.speaking(lang):
        made = sheets.pdf(published, lang, size)
    answer = Response(made, mimetype="application/pdf")
    answer.headers.set("Content-Disposition", "inline", filename=f"{slug}-{lang}-sheet.pdf")
    return answer


@blueprint.get("/enter")
def enter(slug: str) -> Answer:
    """An empty form; of an appeal that is not signed on paper, the page that says why."""
    published = _published(slug)
    if not sheets.taken(published.appeal):
        return redirect(url_for(".listing", slug=slug))
    return showing.entry(published, BatchForm(appeal=published.appeal))


@blueprint.post("/enter")
def keep(slug: str) -> Answer:
    """Keep a first count."""
    published = _published(slug)
    form = BatchForm(request.form, appeal=published.appeal)
    if not form.validate():
        return showing.entry(published, form), 422
    by, now = access.organiser(), datetime.now(UTC)
    try:
        row = entering.enter(published.appeal, form.held(), form.counts, by=by, now=now)
    except Refused as refused:
        form.form_errors.append(refused.message)
        return showing.entry(published, form), 422
    flash(_("Kept. It counts once somebody else has counted the same."), "good")
    return redirect(url_for(".show", slug=slug, row=row), 303)


@blueprint.get("/<uuid:row>")
def show(slug: str, row: UUID) -> str:
    """A batch: who counted what, and what can be done. The first count is not shown to who makes the second."""
    published = _published(slug)
    return showing.batch_page(published, _found(published, row))


@blueprint.post("/<uuid:row>/count")
def count(slug: str, row: UUID) -> Answer:
    """Take somebody's count."""
    published = _published(slug)
    form = CountsForm(request.form)
    if not form.validate():
        return showing.batch_page(published, _found(published, row), counts=form), 422
    try:
        state = checking.count(row, form.counts, appeal=published.appeal, by=access.organiser())
    except Refused as refused:
        session.rollback()
        form.form_errors.append(refused.message)
        return showing.batch_page(published, _found(published, row), counts=form), 422
    _tell(state)
    return redirect(url_for(".show", slug=slug, row=row), 303)


@blueprint.post("/<uuid:row>/lines")
def add_lines(slug: str, row: UUID) -> Answer:
    """Keep who gave an address."""
    published = _published(slug)
    batch, form = _found(published, row), PeopleForm(request.form)
    try:
        if form.validate():
            lines.add(batch, form.people)
            counting.forget(published.appeal)
            return redirect(url_for(".show", slug=slug, row=row) + "#lines", 303)
    except Refused as refused:
        form.form_errors.append(refused.message)
    return showing.batch_page(published, batch, people=form), 422


@blueprint.post("/<uuid:row>/lines/<uuid:line>/remove")
def remove_line(slug: str, row: UUID, line: UUID) -> Answer:
    """Forget a line that was typed by mistake."""
    published = _published(slug)
    lines.remove(_found(published, row), line)
    counting.forget(published.appeal)
    return redirect(url_for(".show", slug=slug, row=row) + "#lines", 303)


@blueprint.post("/<uuid:row>/reject")
def reject(slug: str, row: UUID) -> Answer:
    """Count nothing of it."""
    appeal = _published(slug).appeal
    return _act(slug, row, lambda: checking.reject(row, appeal=appeal, by=access.organiser()))


@blueprint.post("/<uuid:row>/withdraw")
def withdraw(slug: str, row: UUID) -> Answer:
    """Take it off the count, for a reason that the public page tells."""
    published, form = _published(slug), WithdrawForm(request.form)
    if not form.validate():
        return showing.batch_page(published, _found(published, row), gone=form), 422
    why, appeal = form.why.data, published.appeal
    return _act(slug, row, lambda: checking.withdraw(row, why=why, appeal=appeal, by=access.organiser()))


def _act(slug: str, row: UUID, deed: Callable[[], Any]) -> AnyResponse:
    try:
        deed()
    except Refused as refused:
        session.rollback()
        flash(refused.message, "bad")
    return redirect(url_for(".show", slug=slug, row=row), 303)


def _tell(state: str) -> None:
    if state == "counted":
        flash(_("Both counts are the same: it counts now."), "good")
    elif state == "differs":
        flash(_("The two counts differ. Look at the sheets again, both of you."), "warn")


def _published(slug: str) -> Published:
    return queries.published(slug) or abort(404)


def _found(published: Published, row: UUID) -> PaperBatch:
    found = session.get(PaperBatch, row, populate_existing=True)
    return found if found is not None and found.appeal_id == published.appeal.id else abort(404)
