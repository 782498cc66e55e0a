"""The parts of an appeal's own look, each under an address that says its version and may be kept for good."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from flask import Response, abort, current_app

from campaign.appeals import look, queries
from campaign.appeals.models import Appeal
from campaign.petition.views import blueprint

_FOR_GOOD = "public, max-age=31536000, immutable"


@blueprint.get("/look/<slug>/<version>.css")
def look_css(slug: str, version: str) -> Response:
    """Our stylesheet with the variables that this appeal sets: in one file, since each costs a slow line a trip."""
    own = look.css(_appeal(slug, "accent", version))
    return _kept(_stylesheet() + own, "text/css")


@blueprint.get("/look/<slug>/<any(logo, image):part>-<version>.webp")
def look_picture(slug: str, part: look.Part, version: str) -> Response:
    """Its logo or its picture."""
    return _kept(look.picture(_appeal(slug, part, version), part) or abort(404), "image/webp")


@blueprint.url_defaults
def _say_which_stylesheet(endpoint: str, values: dict[str, Any]) -> None:
    """Its address changes with ours too."""
    if endpoint == "petition.look_css":
        values.setdefault("v", sha256(_stylesheet().encode()).hexdigest()[:8])


@cache
def _stylesheet() -> str:
    return (Path(current_app.static_folder or "") / "undersigned.css").read_text("utf-8")


def _appeal(slug: str, part: str, version: str) -> Appeal:
    found = queries.published(slug)
    if found is None or look.version(found.appeal, part) != version:
        abort(404)
    return found.appeal


def _kept(data: str | bytes, mimetype: str) -> Response:
    return Response(data, mimetype=mimetype, headers={"Cache-Control": _FOR_GOOD})
