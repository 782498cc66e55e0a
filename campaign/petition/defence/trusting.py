"""Whom organisers let count: it keeps to itself for how long a process goes on with what it knows of that.

Who releases all of a mail domain or a network says that this crowd is people. It is not held again for being one.
"""

from __future__ import annotations

import time
from uuid import UUID

from sqlalchemy import select

from campaign.db import session
from campaign.petition.defence.selecting import RELEASE
from campaign.petition.models import Decision

_KEPT = 5.0  # seconds
_known: dict[UUID, tuple[float, frozenset[str]]] = {}


def trusted(appeal_id: UUID) -> frozenset[str]:
    """The recorded domains and networks whose crowds were released, and that stands; at most five seconds old."""
    until, crowds = _known.get(appeal_id, (0.0, frozenset[str]()))
    if until < time.monotonic():
        crowds = frozenset(_released(appeal_id))
        _known[appeal_id] = time.monotonic() + _KEPT, crowds
    return crowds


def _released(appeal_id: UUID) -> list[str]:
    """Of decisions about all of a crowd only: a single reason, hour or name says nothing about the others."""
    stands = Decision.what == RELEASE, Decision.state.in_(("running", "done"))
    asked = session.scalars(select(Decision.asked).where(Decision.appeal_id == appeal_id, *stands))
    narrow = ("reason", "since", "until")
    whole = [one for one in asked if not any(one[name] for name in narrow)]
    return [one[kind] for one in whole for kind in ("domain", "network") if one[kind]]
