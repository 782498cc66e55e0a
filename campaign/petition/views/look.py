"""The parts of an appeal's own look, each under an address that says its version and may be kept for good."""

from __future__ import annotations

from flask import Response, abort

from campaign.appeals import look, queries
from campaign.appeals.models import Appeal
from campaign.petition.views import blueprint

_FOR_GOOD = "public, max-age=31536000, immutable"


@blueprint.get("/look/<slug>/<version>.css")
def look_css(slug: str, version: str) -> Response:
    """The variables of the stylesheet that this appeal sets."""
    return _kept(look.css(_appeal(slug, "accent", version)), "text/css")


@blueprint.get("/look/<slug>/<any(logo, image):part>-<version>.webp")
def look_picture(slug: str, part: look.Part, version: str) -> Response:
    """Its logo or its picture."""
    return _kept(look.picture(_appeal(slug, part, version), part) or abort(404), "image/webp")


def _appeal(slug: str, part: str, version: str) -> Appeal:
    found = queries.published(slug)
    if found is None or look.version(found.appeal, part) != version:
        abort(404)
    return found.appeal


def _kept(data: str | bytes, mimetype: str) -> Response:
    return Response(data, mimetype=mimetype, headers={"Cache-Control": _FOR_GOOD})
