"""Whether an appeal is in surge mode: it keeps to itself that a process asks the database once a second at most."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from flask import current_app
from sqlalchemy import select
from sqlalchemy.orm import Session

from campaign.appeals.models import Appeal
from campaign.db import engine
from campaign.petition.surge.models import Surge

_FRESH = 1.0  # seconds; so all processes agree within two
_KEY = "surge"


@dataclass(frozen=True, slots=True)
class Standing:
    """When surge mode began, and how many counted then, by country (``""`` not said)."""

    began_at: datetime
    by_country: dict[str, int]


def surge_is_on(appeal: Appeal) -> bool:
    """Whether this appeal is in surge mode, as it was at most a second ago; cheap enough to ask at each request."""
    return standing(appeal) is not None


def standing(appeal: Appeal) -> Standing | None:
    """The surge that this appeal is in, as it was at most a second ago; None on any other day."""
    until, known = current_app.extensions.get(_KEY, (0.0, {}))
    if until < time.monotonic():
        _keep(known)  # whoever comes meanwhile goes by what was known
        known = _read()
        _keep(known)
    found: Standing | None = known.get(appeal.id)
    return found


def forget() -> None:
    """Ask anew at the next question, since it has just changed."""
    current_app.extensions[_KEY] = 0.0, current_app.extensions.get(_KEY, (0.0, {}))[1]


def _keep(known: dict[UUID, Standing]) -> None:
    current_app.extensions[_KEY] = time.monotonic() + _FRESH, known


def _read() -> dict[UUID, Standing]:
    on = select(Surge.appeal_id, Surge.began_at, Surge.frozen).where(Surge.began_at.is_not(None))
    with Session(engine()) as apart:  # beside the request's own, which may be in the middle of something
        return {row.appeal_id: Standing(row.began_at, row.frozen or {}) for row in apart.execute(on)}
