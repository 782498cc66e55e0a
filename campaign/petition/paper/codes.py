"""The code on a sheet: it keeps to itself how eight characters stand for the words that people signed under."""

from __future__ import annotations

import hashlib
from uuid import UUID

from sqlalchemy import select

from campaign.appeals.models import Appeal, ConsentWording
from campaign.db import session
from campaign.errors import Refused
from campaign.i18n import gettext as _

_DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32: no I, L, O or U to misread
_MISREAD = str.maketrans({"I": "1", "L": "1", "O": "0", "-": None, " ": None, "\u2011": None})
_SUCH_AS = "7K3M-0XQA"
_LONG = 8  # characters of five bits: one of 10¹² codes for some hundred wordings


def code(wording_id: UUID) -> str:
    """The first 40 bits of the SHA-256 of a wording's id, as ``7K3M-0XQA``."""
    number = int.from_bytes(hashlib.sha256(wording_id.bytes).digest()[:5])
    digits = "".join(_DIGITS[number >> 5 * place & 31] for place in reversed(range(_LONG)))
    return f"{digits[:4]}-{digits[4:]}"


def wording_of(appeal: Appeal, typed: str) -> ConsentWording:
    """The words behind a code as somebody read it off a sheet, in whatever language and version of this appeal.

    Raises Refused, in words for whoever typed it, when it is no code of ours or another appeal's.
    """
    read = typed.upper().translate(_MISREAD)
    if len(read) != _LONG or set(read) - set(_DIGITS):
        raise Refused(_("A code has eight letters and digits, such as %(code)s.", code=_SUCH_AS))
    found = next((w for w in _wordings() if code(w.id).replace("-", "") == read), None)
    if found is None:
        raise Refused(_("No sheet of this site has this code. Look at the sheet again."))
    if found.appeal_id != appeal.id:
        raise Refused(_("This code stands on the sheets of another appeal."))
    return found


def _wordings() -> list[ConsentWording]:
    return list(session.scalars(select(ConsentWording).where(ConsentWording.purpose == "sign")))
