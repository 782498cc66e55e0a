"""What the public is told when the count was corrected: it keeps to itself how exactly, and in which words.

Whoever hides a correction is not believed about the count; so the number and the reason of each stand on the page.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from campaign.appeals.models import Appeal
from campaign.db import session
from campaign.i18n import lazy_gettext as _
from campaign.petition.models import Decision
from campaign.petition.paper import checking
from campaign.petition.paper.models import PaperBatch

A_FEW = 10  # the exact number of so few could point at somebody
WHY: dict[str, Any] = {
    "machine": _("they were made by a machine"),
    "again": _("the same people had signed under several addresses"),
    "others": _("they were given in the name of people who had not signed"),
    "rules": _("they broke the rules of this appeal"),
}


@dataclass(frozen=True, slots=True)
class Correction:
    """So many signatures were removed from the count on a day, and why; ``undone`` when they were counted again.

    ``few``: no more than ``A_FEW``, which is all that is told.
    """

    day: datetime
    signatures: int
    why: Any
    undone: datetime | None = None
    on_paper: bool = False

    @property
    def few(self) -> bool:
        """Whether their number is not told exactly."""
        return self.signatures <= A_FEW


def of(appeal: Appeal) -> list[Correction]:
    """The corrections of an appeal's count, newest first; what was held had not counted, and corrects nothing."""
    told = (
        select(Decision.ended_at, Decision.counted, Decision.why, Decision.undone_at)
        .where(Decision.appeal_id == appeal.id, Decision.what == "invalidate", Decision.counted > 0)
        .where(Decision.ended_at.is_not(None))
    )
    rows = session.execute(told).all()
    by_mail = [Correction(row.ended_at, row.counted, WHY[row.why], row.undone_at) for row in rows]
    return sorted(by_mail + _on_paper(appeal), key=lambda one: one.day, reverse=True)


def _on_paper(appeal: Appeal) -> list[Correction]:
    gone = PaperBatch.state == "withdrawn", PaperBatch.removed > 0, PaperBatch.ended_at.is_not(None)
    told = select(PaperBatch.ended_at, PaperBatch.removed, PaperBatch.why).where(*gone)
    rows = session.execute(told.where(PaperBatch.appeal_id == appeal.id)).all()
    return [Correction(row.ended_at, row.removed, checking.WHY[row.why], on_paper=True) for row in rows]
