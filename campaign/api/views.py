"""Appeals as JSON, for whoever wants to show a count: it keeps to itself the names of the fields."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort, current_app, jsonify

from campaign.api import openapi
from campaign.appeals import organisations, queries
from campaign.appeals.queries import Published
from campaign.petition import counting
from campaign.petition.paper import counting as on_paper
from campaign.web import cacheable

blueprint = Blueprint("api", __name__, url_prefix="/api/v1")
_SECONDS = 5  # that a shared cache may keep an answer


@blueprint.get("/appeals")
def listing() -> Response:
    """``{"appeals": […]}``, each as below."""
    return _public({"appeals": [_facts(published) for published in queries.listing()]})


@blueprint.get("/appeals/<slug>")
def appeal(slug: str) -> Response:
    """One appeal: slug, state, titles by language, languages, signatures, on_paper, milestone, organisations."""
    published = queries.published(slug)
    if published is None or published.appeal.state not in queries.PUBLIC:
        abort(404)
    return _public(_facts(published))


@blueprint.get("/openapi.json")
def described() -> Response:
    """What can be asked here and what is answered, as an OpenAPI 3.1 document."""
    return _public(openapi.document(current_app.config["PUBLIC_URL"]))


@blueprint.after_request
def _open_to_all(response: Response) -> Response:
    """Readable from any site, also that there is nothing: no cookie is looked at."""
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


def _facts(published: Published) -> dict[str, Any]:
    appeal, content = published.appeal, published.content
    return {
        "slug": appeal.slug,
        "state": appeal.state,
        "languages": list(content.languages),
        "titles": {language: content.text(language).title for language in content.languages},
        "signatures": counting.count(appeal),
        "on_paper": on_paper.count(appeal),
        "milestone": counting.goal(appeal, content.milestones),
        "organisations": organisations.count(appeal),
    }


def _public(facts: dict[str, Any]) -> Response:
    """The same for everybody: nothing in it is the visitor's."""
    return cacheable(jsonify(facts), _SECONDS)
