"""What stands on the wall now: it keeps to itself which names of many are shown today, and how one is shortened.

Every name has a place drawn by lot. A day shows a hundred from a point of its own on: whoever reads the page again
and again gets a hundred names a day, in an order that says nothing, and never the list (T06: scraping).
"""

from __future__ import annotations

import hashlib
from datetime import date

from sqlalchemy import exists, select

from campaign.appeals.models import Appeal
from campaign.db import session
from campaign.petition.models import Signature
from campaign.petition.wall import releasing
from campaign.petition.wall.models import WallName

CAP = 100


def names(appeal: Appeal, *, on: date) -> list[str]:
    """The names of a day, at most a hundred; none where there may be no wall."""
    if not releasing.may_have_one(appeal):
        return []
    digest = hashlib.sha256(f"{appeal.id} {on}".encode()).digest()
    start = int.from_bytes(digest[:4], "big") / 2**32
    found = select(Signature.public_name, WallName.short).join(WallName, WallName.signature_id == Signature.id)
    found = found.where(*releasing.shown(appeal), WallName.appeal_id == appeal.id, WallName.release_id.is_not(None))
    after = session.execute(found.where(WallName.place >= start).order_by(WallName.place).limit(CAP)).all()
    before = session.execute(found.where(WallName.place < start).order_by(WallName.place).limit(CAP)).all()
    told = [shortened(row.public_name) if row.short else row.public_name for row in [*after, *before][:CAP]]
    return told if len(told) >= releasing.LEAST else []  # some may have gone since: who is left stands not alone


def is_there(appeal: Appeal) -> bool:
    """Whether any name was ever put up and may be read."""
    up = exists().where(WallName.appeal_id == appeal.id, WallName.release_id.is_not(None))
    return releasing.may_have_one(appeal) and bool(session.scalar(select(up)))


def shortened(name: str) -> str:
    """``Alice Nyström`` as ``Alice N.``; a name of one word as its first letter."""
    words = name.split()
    return f"{words[0]} {words[-1][0]}." if len(words) > 1 else f"{words[0][0]}."
