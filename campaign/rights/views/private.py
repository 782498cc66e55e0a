"""Behind a private link: it keeps to itself whose link it is, in which language its pages are, and what is theirs."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import abort, has_request_context, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from campaign import tokens
from campaign.i18n import INTERFACE, OWN_NAMES, speak
from campaign.rights import asking
from campaign.rights.holdings import Holding, held_about, person_of
from campaign.rights.views import blueprint


def held_by(token: str) -> list[Holding]:
    """The holdings of the token's person. 404 for a link that is not ours, 410 when nothing is held any more."""
    row = tokens.read(asking.PURPOSE, token, max_age=asking.LINK_LIVES) or abort(404)
    person = person_of(row)
    holdings = held_about(person) if person else abort(410)
    speak(_language(holdings[0].row))
    return holdings


def one(token: str, row: UUID) -> Holding:
    """One of the token's own holdings; 404 for anybody else's."""
    return next((h for h in held_by(token) if h.row.id == row), None) or abort(404)


def back(token: str, done: str) -> AnyResponse:
    """Back to the page, which says what was ``done`` (as templates/rights/mine.html names it)."""
    return redirect(url_for("rights.mine", token=token, done=done), 303)


@blueprint.url_defaults
def _keep_the_language(_endpoint: str, values: dict[str, Any]) -> None:
    """Who chose another language for the private pages keeps it from one to the next."""
    if "token" not in values or not has_request_context():
        return  # a link of an error page: there the query itself may be what is wrong
    asked = request.args.get("in")
    if asked in INTERFACE:
        values.setdefault("in", asked)


def _language(row: Any) -> str:
    """The language that was asked for, else that in which the person signed or wrote."""
    asked = request.args.get("in")
    return asked if asked in INTERFACE else str(getattr(row, "page_language", None) or row.language)


def in_each_language() -> list[tuple[str, str, str]]:
    """This private page in each language."""
    assert request.endpoint
    at = request.view_args or {}
    return [(code, own, url_for(request.endpoint, **at | {"in": code})) for code, own in OWN_NAMES.items()]
