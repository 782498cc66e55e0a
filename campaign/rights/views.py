"""The private pages of whoever signed or wrote: the token in the URL is the key, and only buttons act."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from flask import Blueprint, abort, current_app, jsonify, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from campaign import background, limits, tokens
from campaign.appeals import leaving as organisations_leaving
from campaign.i18n import INTERFACE, OWN_NAMES, SPEECH, best_of, language, speak
from campaign.letters import ending as letters_ending
from campaign.mail import outbox, transports
from campaign.petition import ending as signatures_ending
from campaign.petition.comments import writing as comments
from campaign.petition.paper import ending as paper_ending
from campaign.petition.wall import releasing as wall
from campaign.rights import asking, erasing
from campaign.rights.forms import AskForm, VisibilityForm
from campaign.rights.holdings import Holding, held_about, person_of

blueprint = Blueprint("rights", __name__)
Page = str | tuple[str, int] | AnyResponse


@blueprint.get("/mine")
def any_language() -> Page:
    """The page in the browser's language."""
    return redirect(url_for("rights.ask", lang=best_of(INTERFACE)))


@blueprint.route(f"{SPEECH}/mine", methods=["GET", "POST"])
def ask(lang: str) -> Page:
    """Ask for the link by mail; the answer is the same whoever asks about whom."""
    form = AskForm(request.form)
    if request.method == "GET":
        return render_template("rights/ask.html", form=form, asked=False, languages=_languages("rights.ask"))
    if not (limits.by_onion() or limits.allows("20/hour", "mine", limits.visitor())):
        abort(429)
    if not form.validate():
        return render_template("rights/ask.html", form=form, asked=False, languages=_languages("rights.ask")), 422
    asking.ask(form.address, language=language(), now=datetime.now(UTC))
    background.ring(outbox.BELL)
    return redirect(url_for("rights.asked", lang=lang), 303)


@blueprint.get(f"{SPEECH}/mine/asked")
def asked(lang: str) -> Page:
    """What happens now, without saying whether anything is held."""
    rehearsal = transports.mode(current_app) == transports.CAPTURE
    links = _languages("rights.asked")
    return render_template("rights/ask.html", form=AskForm(), asked=True, rehearsal=rehearsal, languages=links)


@blueprint.get("/mine/<token>")
def mine(token: str) -> Page:
    """Everything held, and what can be done about it."""
    holdings = _held(token)
    return render_template("rights/mine.html", holdings=holdings, token=token)


@blueprint.get("/mine/<token>/data.json")
def download(token: str) -> Page:
    """Everything held, to take along."""
    answer = jsonify([held.as_json() for held in _held(token)])
    answer.headers["Content-Disposition"] = 'attachment; filename="my-data.json"'
    return answer


@blueprint.post("/mine/<token>/signatures/<uuid:row>/withdraw")
def withdraw_signature(token: str, row: UUID) -> Page:
    """Take a signature back: it no longer counts."""
    _one(token, row)
    signatures_ending.withdraw(row)
    return _back(token)


@blueprint.post("/mine/<token>/signatures/<uuid:row>/visibility")
def change_visibility(token: str, row: UUID) -> Page:
    """Show the name to fewer or to more."""
    _one(token, row)
    form = VisibilityForm(request.form)
    if not form.validate():
        abort(400)
    signatures_ending.change_visibility(row, form.visibility.data)
    return _back(token)


@blueprint.post("/mine/<token>/signatures/<uuid:row>/name")
def shorten_name(token: str, row: UUID) -> Page:
    """Show only a first name and an initial on the public wall, or the whole name."""
    _one(token, row)
    wall.shorten(row, short="short" in request.form)
    return _back(token)


@blueprint.post("/mine/<token>/signatures/<uuid:row>/comment/remove")
def remove_comment(token: str, row: UUID) -> Page:
    """Forget what was written beside a signature."""
    _one(token, row)
    comments.remove(row)
    return _back(token)


@blueprint.post("/mine/<token>/letters/<uuid:row>/withdraw")
def withdraw_letter(token: str, row: UUID) -> Page:
    """Stop a letter that has not left."""
    _one(token, row)
    letters_ending.withdraw(row)
    return _back(token)


@blueprint.post("/mine/<token>/organisations/<uuid:row>/withdraw")
def withdraw_organisation(token: str, row: UUID) -> Page:
    """Take an organisation's name back: it is no longer listed."""
    _one(token, row)
    organisations_leaving.withdraw(row)
    return _back(token)


@blueprint.post("/mine/<token>/paper/<uuid:row>/withdraw")
def withdraw_paper_line(token: str, row: UUID) -> Page:
    """Count a line on paper no more."""
    _one(token, row)
    paper_ending.withdraw(row)
    return _back(token)


@blueprint.route("/mine/<token>/erase", methods=["GET", "POST"])
def erase(token: str) -> Page:
    """Ask once, saying what goes; then forget the person."""
    holdings = _held(token)
    if request.method == "GET":
        return render_template("rights/erase.html", holdings=holdings, token=token)
    person = holdings[0].row.person_index
    if person is not None:
        erasing.erase_person(person)
    return render_template("rights/erased.html")


def _held(token: str) -> list[Holding]:
    """The holdings of the token's person. 404 for a link that is not ours, 410 when nothing is held any more."""
    row = tokens.read(asking.PURPOSE, token, max_age=asking.LINK_LIVES) or abort(404)
    person = person_of(row)
    holdings = held_about(person) if person else abort(410)
    speak(_language(holdings[0].row))
    return holdings


def _one(token: str, row: UUID) -> Holding:
    """One of the token's own holdings; 404 for anybody else's."""
    return next((h for h in _held(token) if h.row.id == row), None) or abort(404)


def _back(token: str) -> AnyResponse:
    return redirect(url_for("rights.mine", token=token), 303)


def _language(row: Any) -> str:
    return str(getattr(row, "page_language", None) or row.language)


def _languages(endpoint: str) -> list[tuple[str, str, str]]:
    return [(code, own, url_for(endpoint, lang=code)) for code, own in OWN_NAMES.items()]
