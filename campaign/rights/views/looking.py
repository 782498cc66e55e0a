"""Everything held about a person, to be seen, taken along, or erased: the token in the URL is the key."""

from __future__ import annotations

import json

from flask import Response, render_template, request

from campaign.rights import erasing
from campaign.rights.views import Page, blueprint
from campaign.rights.views.private import held_by, in_each_language


@blueprint.get("/mine/<token>")
def mine(token: str) -> Page:
    """Everything held, and what can be done about it."""
    holdings = held_by(token)
    told = {"holdings": holdings, "done": request.args.get("done", "")}
    return render_template("rights/mine.html", token=token, languages=in_each_language(), **told)


@blueprint.get("/mine/<token>/data.json")
def download(token: str) -> Page:
    """Everything held, to take along."""
    held = json.dumps([one.as_json() for one in held_by(token)], ensure_ascii=False, indent=2)
    headers = {"Content-Disposition": 'attachment; filename="my-data.json"'}
    return Response(f"{held}\n", mimetype="application/json", headers=headers)


@blueprint.route("/mine/<token>/erase", methods=["GET", "POST"])
def erase(token: str) -> Page:
    """Ask once, saying what goes; then forget the person."""
    holdings = held_by(token)
    if request.method == "GET":
        return render_template("rights/erase.html", holdings=holdings, token=token, languages=in_each_language())
    person = holdings[0].row.person_index
    if person is not None:
        erasing.erase_person(person)
    return render_template("rights/erased.html")
