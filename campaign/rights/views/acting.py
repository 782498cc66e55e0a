"""The buttons of the private page: each changes one thing that is the person's own, and leads back to it."""

from __future__ import annotations

from uuid import UUID

from flask import abort, render_template, request

from campaign.appeals import leaving as organisations_leaving
from campaign.i18n import language
from campaign.letters import ending as letters_ending
from campaign.petition import correcting
from campaign.petition import ending as signatures_ending
from campaign.petition.comments import writing as comments
from campaign.petition.forms import UNSAID
from campaign.petition.paper import ending as paper_ending
from campaign.petition.wall import releasing as wall
from campaign.rights.forms import CorrectForm, VisibilityForm
from campaign.rights.views import Page, blueprint
from campaign.rights.views.private import back, in_each_language, one


@blueprint.post("/mine/<token>/signatures/<uuid:row>/withdraw")
def withdraw_signature(token: str, row: UUID) -> Page:
    """Take a signature back: it no longer counts."""
    one(token, row)
    signatures_ending.withdraw(row)
    return back(token, "withdrawn")


@blueprint.post("/mine/<token>/signatures/<uuid:row>/visibility")
def change_visibility(token: str, row: UUID) -> Page:
    """Show the name to fewer or to more."""
    one(token, row)
    form = VisibilityForm(request.form)
    if not form.validate():
        abort(400)
    signatures_ending.change_visibility(row, form.visibility.data)
    return back(token, "kept")


@blueprint.route("/mine/<token>/signatures/<uuid:row>/correct", methods=["GET", "POST"])
def correct_signature(token: str, row: UUID) -> Page:
    """Put a name or a country right."""
    held = one(token, row)
    if held.kind != "signature" or held.row.state != "confirmed":
        abort(404)
    form = CorrectForm(request.form, language=language())
    if request.method == "GET":
        form.process(name=held.said.get("name"), country=held.row.country or UNSAID)
    elif form.validate():
        correcting.correct(row, name=form.name.data, country=form.said_country())
        return back(token, "kept")
    page = render_template("rights/correct.html", held=held, form=form, token=token, languages=in_each_language())
    return page, 422 if form.errors else 200


@blueprint.post("/mine/<token>/signatures/<uuid:row>/news/stop")
def stop_news(token: str, row: UUID) -> Page:
    """Send no more news about an appeal."""
    one(token, row)
    signatures_ending.stop_updates(row)
    return back(token, "kept")


@blueprint.post("/mine/<token>/signatures/<uuid:row>/name")
def shorten_name(token: str, row: UUID) -> Page:
    """Show only a first name and an initial on the public wall, or the whole name."""
    one(token, row)
    wall.shorten(row, short="short" in request.form)
    return back(token, "kept")


@blueprint.post("/mine/<token>/signatures/<uuid:row>/comment/remove")
def remove_comment(token: str, row: UUID) -> Page:
    """Forget what was written beside a signature."""
    one(token, row)
    comments.remove(row)
    return back(token, "removed")


@blueprint.post("/mine/<token>/letters/<uuid:row>/withdraw")
def withdraw_letter(token: str, row: UUID) -> Page:
    """Stop a letter that has not left."""
    one(token, row)
    letters_ending.withdraw(row)
    return back(token, "stopped")


@blueprint.post("/mine/<token>/organisations/<uuid:row>/withdraw")
def withdraw_organisation(token: str, row: UUID) -> Page:
    """Take an organisation's name back: it is no longer listed."""
    one(token, row)
    organisations_leaving.withdraw(row)
    return back(token, "taken-back")


@blueprint.post("/mine/<token>/paper/<uuid:row>/withdraw")
def withdraw_paper_line(token: str, row: UUID) -> Page:
    """Count a line on paper no more."""
    one(token, row)
    paper_ending.withdraw(row)
    return back(token, "withdrawn")
