"""What every answer carries and how a failure looks: headers, cache rules, error pages, proxies, logging."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

import structlog
from flask import Flask, Response, current_app, g, render_template, request, send_from_directory
from flask_wtf.csrf import CSRFError, CSRFProtect
from sqlalchemy.exc import DataError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection
from werkzeug.exceptions import (
    BadRequest,
    HTTPException,
    InternalServerError,
    RequestEntityTooLarge,
    SecurityError,
    ServiceUnavailable,
)
from werkzeug.middleware.proxy_fix import ProxyFix

from campaign import giving_back
from campaign.i18n import INTERFACE, best_of, speak

log = structlog.get_logger()
csrf = CSRFProtect()

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Referrer-Policy": "no-referrer",  # a token in a URL must not travel
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), interest-cohort=()",
    "Cache-Control": "no-store",
}
_FIELDS = 300  # the largest form of ours, at the desk, has a third of that
_AGAIN = {429, 500, 503}  # what may be answered otherwise a minute later
_SECURE = {"Strict-Transport-Security": "max-age=31536000; includeSubDomains"}

_BRIEFLY = {  # what no person sees: pages would cost more than whoever sends it
    SecurityError: "This site has another address.",  # another host's name: no page of ours has an address there
    RequestEntityTooLarge: "This is more than a form of this site holds.",
}


def init_app(app: Flask) -> None:
    """Install headers, error pages, CSRF for the desk, and exactly as many trusted proxies as configured."""
    app.before_request(_not_too_much)  # first, so that nobody reads it
    csrf.init_app(app)
    app.url_map.strict_slashes = False  # people and programs add a slash to what they copy
    hops = app.config["TRUSTED_PROXIES"]
    if hops:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=0)  # type: ignore[method-assign] # as WSGI apps are wrapped
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = 365 * 24 * 3600  # the URL changes with the content
    app.url_defaults(_versioned(app))
    for name in ("robots.txt", "favicon.ico"):
        app.add_url_rule(f"/{name}", name, partial(send_from_directory, str(app.static_folder), name, max_age=3600))
    app.url_value_preprocessor(_language_of_url)
    app.after_request(_finish)
    app.register_error_handler(HTTPException, _explain)
    app.register_error_handler(CSRFError, _explain)
    app.register_error_handler(DataError, _unreadable)
    app.register_error_handler(OperationalError, _away)
    app.register_error_handler(NoConnection, _away)
    app.register_error_handler(Exception, _apologise)


def cacheable(response: Response, seconds: int) -> Response:
    """Let shared caches keep a page that is the same for everybody, and serve it a while longer on failure."""
    response.headers["Cache-Control"] = (
        f"public, max-age=0, s-maxage={seconds}, stale-while-revalidate=30, stale-if-error=86400"
    )
    return response


def link(endpoint: str, **values: Any) -> str:
    """The absolute address of a page, for mails and the command line: PUBLIC_URL decides, never a Host header."""
    path = current_app.url_map.bind("").build(endpoint, values)
    return f"{current_app.config['PUBLIC_URL']}{path}"


def _versioned(app: Flask) -> Callable[[str, dict[str, Any]], None]:
    """Put eight digits of a static file's digest into its URL, so that it can be kept for a year."""

    @cache
    def version(filename: str) -> str:
        path = Path(app.static_folder or "") / filename
        return hashlib.sha256(path.read_bytes()).hexdigest()[:8] if path.is_file() else ""

    def add(endpoint: str, values: dict[str, Any]) -> None:
        if endpoint == "static":
            values.setdefault("v", version(values["filename"]))

    return add


def _not_too_much() -> None:
    """Refuse what is more than any form of ours, also where nobody would read it; no person sent it.

    It need not say how long it is (chunked, RFC 9112 7.1): what was typed is counted all the same.
    """
    if request.content_length is None and request.method in {"GET", "HEAD"}:
        return
    if (request.content_length or 0) > (request.max_content_length or 0):
        raise RequestEntityTooLarge
    if request.mimetype == "application/x-www-form-urlencoded" and request.get_data().count(b"&") >= _FIELDS:
        raise RequestEntityTooLarge
    _ = request.form  # of a form in parts, they are counted as they are read


def _language_of_url(_endpoint: str | None, _values: dict[str, Any] | None) -> None:
    code = request.path.split("/", 2)[1]  # not from the values: a page that is not found speaks it too
    if code in INTERFACE:
        speak(code)


def _language_of_browser() -> None:
    """For a failure behind an address without a language, such as a link from a mail; the desk is in English."""
    if "language" not in g and not request.path.startswith("/desk"):
        speak(best_of(INTERFACE))


def headers(*, secure: bool) -> dict[str, str]:
    """What every answer carries; private unless a view says otherwise."""
    return _HEADERS | _SECURE if secure else _HEADERS


def _finish(response: Response) -> Response:
    for name, value in headers(secure=request.is_secure).items():
        response.headers.setdefault(name, value)
    onion = current_app.config["ONION_URL"]
    if onion and response.mimetype == "text/html" and not request.path.startswith("/desk"):
        response.headers["Onion-Location"] = f"{onion}{quote(request.path)}"  # what Tor Browser offers to go to
    return response


def _explain(error: HTTPException, *, unsure: bool = False) -> tuple[str, int] | Response:
    """``unsure``: what was sent may have arrived all the same."""
    code = error.code or 500
    if error.response is not None:
        return error.response  # type: ignore[return-value] # a redirect raised by routing
    if type(error) in _BRIEFLY:
        return Response(f"{code} {_BRIEFLY[type(error)]}\n", status=code, mimetype="text/plain")
    headers = {k: v for k, v in error.get_headers() if k in {"Allow", "Retry-After"}}
    if request.path.startswith("/api/"):
        return Response(f'{{"error": "{error.name}"}}\n', status=code, headers=headers, mimetype="application/json")
    _language_of_browser()
    again = _to_send_again() if code in _AGAIN else {}
    body = render_template("errors/page.html", code=code, error=error, unsure=unsure, **again)
    return Response(body, status=code, headers=headers, mimetype="text/html")


def _to_send_again() -> dict[str, str]:
    """For the page: its own address, or a form with all that was typed. Nothing of files, or of what is no form."""
    here = giving_back.address(request.path, request.query_string)
    if request.method == "GET":
        return {"here": here}
    if request.method != "POST" or request.files or request.is_json:
        return {}
    return {"typed": giving_back.fields(request.form.items(multi=True)), "action": here}


def _unreadable(error: DataError) -> tuple[str, int] | Response:
    """What no column can hold, such as a NUL in an address, was written by no page of ours."""
    log.warning("request.unreadable", endpoint=request.endpoint)
    return _explain(BadRequest())


def _away(error: Exception) -> tuple[str, int] | Response:
    """The database is away or overrun: an answer that caches, load balancers and people know to be for a while.

    What it was asked when the line broke, or nothing came back (``patience``), it may have done.
    """
    log.error("request.without_database", error=type(error).__name__, endpoint=request.endpoint)
    return _explain(ServiceUnavailable(retry_after=10), unsure=isinstance(error, OperationalError))


def _apologise(error: Exception) -> tuple[str, int] | Response:
    """Log what kind of failure it was and where, never what was typed; show a page, not a traceback."""
    log.error("request.failed", error=type(error).__name__, where=_where(error), endpoint=request.endpoint)
    return _explain(InternalServerError())


def _where(error: Exception) -> str:
    """File and line of the innermost frame."""
    frame = error.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    return f"{frame.tb_frame.f_code.co_filename.rsplit('/', 2)[-1]}:{frame.tb_lineno}" if frame else ""
