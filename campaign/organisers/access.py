"""The desk's door: it keeps to itself the cookie, and what a request needs before any screen of the desk sees it."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from flask import Blueprint, abort, current_app, redirect, request, session, url_for
from werkzeug.wrappers import Response

from campaign.organisers import sessions
from campaign.organisers.models import Organiser
from campaign.web import csrf

_COOKIE_KEY = "desk"
_ASKED = "undersigned.organiser"  # where one request keeps the answer
_ASKING = frozenset({"GET", "HEAD"})


def protect(blueprint: Blueprint) -> Blueprint:
    """Close a blueprint of the desk to everybody who is not signed in."""
    blueprint.before_request(guard)
    return blueprint


def guard() -> Response | None:
    """For ``before_request``: strangers are sent to sign in (404 for an act); every act must be the page's own."""
    if signed_in() is None:
        return redirect(url_for("organisers.sign_in"), 303) if request.method in _ASKING else abort(404)
    own_page_only()
    return None


def own_page_only() -> None:
    """Refuse an act that another site's page started (Fetch Metadata) or that carries no token of ours.

    Our pages send no Referer, so browsers write ``Origin: null`` on their forms: Sec-Fetch-Site is what can be asked.
    """
    if request.method in _ASKING:
        return
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in {"same-origin", "none"}:
        abort(403)
    csrf.protect()


def signed_in() -> Organiser | None:
    """Who sits at this browser, asked once a request."""
    if _ASKED not in request.environ:
        secret = session.get(_COOKIE_KEY)
        request.environ[_ASKED] = sessions.current(secret) if secret else None
    found: Organiser | None = request.environ[_ASKED]
    return found


def organiser() -> Organiser:
    """Who sits at this browser, behind the guard. Stops with 404 for a stranger."""
    return signed_in() or abort(404)


def browser() -> str:
    """The secret of this browser's own session; empty for a stranger."""
    return str(session.get(_COOKIE_KEY, ""))


def let_in(secret: str) -> None:
    """Put a session into the cookie; whatever the browser carried before is forgotten."""
    session.clear()
    session[_COOKIE_KEY] = secret


def let_out() -> None:
    """End this browser's session, here and in the database."""
    secret = session.get(_COOKIE_KEY)
    if secret:
        sessions.end(secret)
    session.clear()


def can_be_kept_safe() -> bool:
    """Whether a sign-in is safe at the public address: https, an onion, or this very machine."""
    url = urlsplit(current_app.config["PUBLIC_URL"])
    host = url.hostname or ""
    return url.scheme == "https" or host.endswith(".onion") or host == "localhost" or _is_loopback(host)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
