"""The organisers' screen of an appeal's look: a colour, a logo, a picture, and how each comes out."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from sqlalchemy import select
from werkzeug.wrappers import Response

from campaign.appeals import look, pictures, queries
from campaign.appeals.models import Appeal
from campaign.db import session
from campaign.errors import Refused
from campaign.i18n import gettext as _
from campaign.organisers import access

blueprint = access.protect(Blueprint("look", __name__, url_prefix="/desk/appeals/<slug>/look"))


@blueprint.url_value_preprocessor
def _room_for_a_picture(_endpoint: str | None, _values: dict[str, Any] | None) -> None:
    """A form with a file may be larger than any other of ours."""
    request.max_content_length = pictures.LARGEST + 100_000


@blueprint.get("")
def settings(slug: str) -> str:
    """The three settings as they are."""
    return render_template("desk/look.html", published=queries.published(slug) or abort(404))


@blueprint.post("/accent")
def accent(slug: str) -> Response:
    """Another colour, or ours again."""
    typed = "" if "remove" in request.form else request.form.get("accent", "").strip()
    return _done(slug, look.set_accent, typed)


@blueprint.post("/<any(logo, image):part>")
def picture(slug: str, part: look.Part) -> Response:
    """Another logo or picture, or none."""
    if "remove" in request.form:
        return _done(slug, look.remove_picture, part)
    file, says = request.files.get("file"), request.form.get("says", "")
    return _done(slug, look.set_picture, part, file.read() if file else b"", says=says)


def _done(slug: str, act: Any, *words: Any, **more: Any) -> Response:
    appeal = session.scalar(select(Appeal).filter_by(slug=slug)) or abort(404)
    try:
        act(appeal, *words, by=access.organiser(), **more)
        flash(_("Kept. The public pages show it within two seconds."), "good")
    except Refused as refused:
        flash(refused.message, "bad")
    return redirect(url_for(".settings", slug=slug), 303)
