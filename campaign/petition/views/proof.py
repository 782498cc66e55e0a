"""The sums that browsers do while an appeal is attacked or overrun (``defence.proving``)."""

from __future__ import annotations

from flask import Response, abort, jsonify

from campaign.appeals import queries
from campaign.petition import signing
from campaign.petition.defence import proving
from campaign.petition.views import blueprint


@blueprint.get("/proof/<slug>")
def proof(slug: str) -> Response:
    """A sum for one signature; nothing of who asks."""
    found = queries.recent(slug)
    if found is None or found.appeal.state not in signing.OPEN:
        abort(404)
    return jsonify(proving.challenge(found.appeal))
