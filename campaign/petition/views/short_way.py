"""The short way for a signature in which nothing is wrong: it keeps to itself that it passes Flask by.

On the day an appeal matters nearly every POST is such a form. Flask's request, its session, and a form object that
is never shown cost as much processor time as all that a signature needs. Whatever is not plainly in order (a mistake,
an old stamp, a closed appeal, another host) goes the long way, ``appeal.sign``, as if this were not here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from io import BytesIO
from typing import Any
from urllib.parse import parse_qsl

from flask import Flask
from werkzeug.exceptions import SecurityError
from werkzeug.wsgi import get_host

from campaign import i18n, limits, web
from campaign.appeals import queries
from campaign.errors import Refused
from campaign.petition import forms, signing
from campaign.petition.views.taking_in import Whence, taken, wording_behind

_ADDRESS = re.compile(rf"/({'|'.join(i18n.INTERFACE)})/([^/]+)/sign")
_FORM = "application/x-www-form-urlencoded"
_LONGEST = 8192  # bytes; a form with the longest name and address has a quarter of it
_SIZE = re.compile("[0-9]{1,9}")
_FIELDS = 12

Environ = dict[str, Any]
StartResponse = Callable[..., Any]


def init_app(app: Flask) -> None:
    """Stand in front of Flask, behind what knows the visitor's address."""
    app.wsgi_app = ShortWay(app)  # type: ignore[method-assign] # as WSGI apps are wrapped


class ShortWay:
    """A WSGI app in front of Flask's."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._beyond = app.wsgi_app

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        address = environ["REQUEST_METHOD"] == "POST" and _ADDRESS.fullmatch(environ["PATH_INFO"])
        if not address or environ.get("SCRIPT_NAME") or environ.get("QUERY_STRING"):
            return self._beyond(environ, start_response)
        with self._app.app_context():
            try:
                token = _signed(environ, self._app.config["TRUSTED_HOSTS"], *address.groups())
            except Exception as error:
                return self._failed(error, environ, start_response)
        if token is None:
            return self._beyond(environ, start_response)
        start_response("303 SEE OTHER", [("Location", f"/sent/{token}"), *_headers(environ)])
        return []

    def _failed(self, error: Exception, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """The page that Flask shows for this failure, in the language of the address."""
        with self._app.request_context(environ):
            i18n.speak(environ["PATH_INFO"].split("/", 2)[1])
            answer = self._app.make_response(self._app.handle_user_exception(error))
            return self._app.process_response(answer)(environ, start_response)


def _headers(environ: Environ) -> Iterable[tuple[str, str]]:
    yield "Content-Length", "0"
    yield from web.headers(secure=environ["wsgi.url_scheme"] == "https").items()


def _signed(environ: Environ, hosts: list[str] | None, lang: str, slug: str) -> str | None:
    """Take the signature in; the token of the page that follows. None when it should go the long way."""
    typed = _typed(environ)
    published = queries.recent(slug) if typed is not None else None  # Flask counts the fields of an odd form first
    if typed is None or published is None or not _takes(published, lang):
        return None
    signer = forms.quick(typed, language=lang)
    agreed_to = wording_behind(typed.get("stamp"), published, "sign")
    try:
        host = get_host(environ, hosts)
        if signer is None or agreed_to is None:
            return None
        return taken(
            published,
            signer,
            _whence(environ, host),
            language=lang,
            wording_id=agreed_to,
            trapped=bool(typed.get("website")),
            solution=typed.get("altcha", ""),
        )
    except (SecurityError, Refused):
        return None


def _takes(published: queries.Published, lang: str) -> bool:
    return published.appeal.state in signing.OPEN and lang in published.content.languages


def _whence(environ: Environ, host: str) -> Whence:
    address = environ.get("REMOTE_ADDR") or ""
    return Whence(limits.network(address), limits.is_onion(host, address), "HTTP_SEC_FETCH_SITE" in environ)


def _typed(environ: Environ) -> dict[str, str] | None:
    """The fields of a plain form, which stays readable for whoever comes after; None for anything unusual."""
    length = environ.get("CONTENT_LENGTH") or ""
    if environ.get("CONTENT_TYPE") != _FORM or not _SIZE.fullmatch(length) or int(length) > _LONGEST:
        return None
    body = environ["wsgi.input"].read(int(length))
    environ["wsgi.input"] = BytesIO(body)
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_FIELDS)
    except ValueError:
        return None
    typed = dict(pairs)
    return typed if len(typed) == len(pairs) else None
