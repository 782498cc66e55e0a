"""Links that prove something: it keeps to itself how a purpose, a row and a moment become a URL part.

A token is signed, not encrypted, so only random ids go in. It carries its purpose in the salt: a token
made to confirm a letter cannot confirm a signature. Signing is itsdangerous' (HMAC, time stamped). A date ahead of
our clock is no reason to refuse: we signed it, and since then a clock was set back, or another machine's runs ahead.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from functools import cache
from uuid import UUID

from flask import current_app
from itsdangerous import BadSignature, TimestampSigner

HOUR = 3600
DAY = 24 * HOUR


def make(purpose: str, row: UUID) -> str:
    """A token of about 60 URL-safe characters for one row and one purpose."""
    return _signer(purpose).sign(urlsafe_b64encode(row.bytes).rstrip(b"=")).decode()


def read(purpose: str, token: str, *, max_age: int) -> UUID | None:
    """The row a token was made for; None when it is forged, for another purpose, or older than ``max_age`` s."""
    try:
        packed = _young(purpose, token, max_age)
        return UUID(bytes=urlsafe_b64decode(packed + b"=="))
    except (BadSignature, ValueError):
        return None


def stamp(purpose: str, value: str) -> str:
    """A signed, dated value that is not a row: a form's stamp, say."""
    return _signer(purpose).sign(value.encode()).decode()


def unstamp(purpose: str, token: str, *, max_age: int) -> str | None:
    """What ``stamp`` signed; None as for ``read``."""
    try:
        return _young(purpose, token, max_age).decode()
    except (BadSignature, ValueError):
        return None


def _young(purpose: str, token: str, max_age: int) -> bytes:
    """What was signed. Raises BadSignature for what is forged or older than ``max_age`` seconds."""
    signer = _signer(purpose)
    value, made = signer.unsign(token.encode(), return_timestamp=True)
    if signer.get_timestamp() - made.timestamp() > max_age:
        raise BadSignature("too old")
    return value


def _signer(purpose: str) -> TimestampSigner:
    return _made(current_app.config["SECRET_KEY"], purpose)


@cache
def _made(secret: str, purpose: str) -> TimestampSigner:
    key = TimestampSigner(secret, salt=f"undersigned.{purpose}").derive_key()
    return TimestampSigner(key, key_derivation="none")  # which would be derived again for each token
