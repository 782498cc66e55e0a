"""The signed stamp in a public form, instead of a session; it keeps to itself how old a form may be.

It says which wording of consent the form showed. Its date is rounded to ten minutes, so that a page has the
same bytes for everybody and a shared cache can keep it; a form older than a day is shown again, filled in.
"""

from __future__ import annotations

import time
from functools import cache, lru_cache
from uuid import UUID

from flask import current_app
from itsdangerous import BadSignature, URLSafeSerializer

LASTS = 24 * 3600
_ROUNDED = 600
_LONGEST = 200  # characters; one of ours has 90, and what is longer is cut, so that it is none


def make(wording_id: UUID) -> str:
    """A stamp for a form that shows this wording; the same bytes for ten minutes."""
    made = int(time.time()) // _ROUNDED
    return str(_made(current_app.config["SECRET_KEY"]).dumps([wording_id.hex, made]))


def read(stamp: str) -> UUID | None:
    """The wording that the form showed; None when the stamp is forged, broken or older than a day."""
    wording, made = _opened(stamp)
    age = time.time() - made * _ROUNDED  # below 0 when a clock was set back meanwhile: the stamp is ours all the same
    return wording if age <= LASTS + _ROUNDED else None


def shown(stamp: str) -> UUID | None:
    """The wording that the form showed, however long ago: whether a tick was put to the same words."""
    return _opened(stamp)[0]


def _opened(stamp: str) -> tuple[UUID | None, int]:
    return _opened_with(current_app.config["SECRET_KEY"], stamp[:_LONGEST])


@lru_cache(1024)
def _opened_with(secret: str, stamp: str) -> tuple[UUID | None, int]:
    """Kept, since everybody who got a page within ten minutes sends the same."""
    try:
        wording, made = _made(secret).loads(stamp)
        return UUID(wording), int(made)
    except (BadSignature, ValueError, TypeError):
        return None, 0


@cache
def _made(secret: str) -> URLSafeSerializer:
    return URLSafeSerializer(secret, salt="undersigned.form stamp")
