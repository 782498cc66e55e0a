"""Captured mail, readable in the browser, so that a rehearsal needs no mail account."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response, abort, current_app, render_template, request, url_for

from campaign.desk.reading import with_links
from campaign.mail import captured
from campaign.organisers import access

blueprint = access.protect(Blueprint("captured", __name__, url_prefix="/desk/mail"))
A_PAGE = 50
_FARTHEST = 10_000  # pages


@blueprint.get("")
def listing() -> str:
    """What was captured, newest first."""
    page = min(max(request.args.get("page", 1, type=int), 1), _FARTHEST)
    found = captured.listing(A_PAGE + 1, (page - 1) * A_PAGE)
    older = url_for(".listing", page=page + 1) if len(found) > A_PAGE else ""
    newer = url_for(".listing", page=page - 1) if page > 1 else ""
    return render_template("desk/captured.html", mails=found[:A_PAGE], older=older, newer=newer)


@blueprint.get("/<name>")
def mail(name: str) -> str:
    """One mail as its recipient's eyes would see it, and all its headers."""
    found = captured.read(name) or abort(404)
    return render_template("desk/mail.html", mail=found, text=with_links(found.text))


@blueprint.get("/<uuid:row>.eml")
def save(row: UUID) -> Response:
    """The mail's own bytes, for a mail program."""
    path = captured.path_of(current_app.config["DATA_DIR"], row)
    if not path.exists():
        abort(404)
    response = Response(path.read_bytes(), mimetype="message/rfc822")
    response.headers.set("Content-Disposition", "attachment", filename=path.name)
    return response
