"""What the desk says of surge mode: it keeps to itself where each part of it is read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask import current_app

from campaign.admission import Admission, Load
from campaign.appeals.models import Appeal
from campaign.db import session
from campaign.organisers import accounts
from campaign.petition.surge.models import Surge


@dataclass(frozen=True, slots=True)
class Report:
    """Surge mode of an appeal now. ``chosen``: a person's word, None when load decides; ``who``: their address.

    ``load`` is of the process that answers; ``busy_at``: when any process was too full last.
    """

    began_at: datetime | None
    began_by: str | None
    chosen: bool | None
    who: str
    busy_at: datetime | None
    load: Load


def report(appeal: Appeal) -> Report:
    """How it stands."""
    admission: Admission = current_app.extensions["admission"]
    row = session.get(Surge, appeal.id, populate_existing=True) or Surge()
    chose = row.organiser_id
    who = accounts.emails({chose}).get(chose, "") if chose else ""
    return Report(row.began_at, row.began_by, row.chosen, who, row.busy_at, admission.load())
