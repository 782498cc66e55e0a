"""How much came in, by what it was; for thirty days, since no more is kept."""

from __future__ import annotations

from sqlalchemy import func, select

from campaign.db import session
from campaign.mail.models import IncomingMail


def came_in() -> dict[str, int]:
    """Mails by sort (``hard``, ``reply``, ``ignored`` …), the most frequent first."""
    number = func.count()
    rows = session.execute(select(IncomingMail.sort, number).group_by(IncomingMail.sort).order_by(number.desc()))
    return dict(rows.all())
