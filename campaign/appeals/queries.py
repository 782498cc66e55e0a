"""Reading appeals: it keeps to itself that the content of a version, which never changes, is read once a process."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from campaign.appeals.content import Content
from campaign.appeals.models import Appeal, AppealVersion
from campaign.db import session

PUBLIC = ("demonstration", "open", "closed")  # a draft is its organisers' own
_KEPT = 64  # versions in memory; beyond that it starts anew
_read: dict[tuple[UUID, int], Content] = {}


@dataclass(frozen=True, slots=True)
class Published:
    """An appeal with the content that it shows today."""

    appeal: Appeal
    content: Content


def published(slug: str) -> Published | None:
    """The appeal with this slug, whatever its state; None when there is none."""
    appeal = session.scalars(select(Appeal).filter_by(slug=slug)).first()
    return Published(appeal, _content(appeal)) if appeal else None


def listing() -> list[Published]:
    """Every appeal that the public may see, oldest first."""
    appeals = session.scalars(select(Appeal).where(Appeal.state.in_(PUBLIC)).order_by(Appeal.created_at, Appeal.slug))
    return [Published(appeal, _content(appeal)) for appeal in appeals]


def _content(appeal: Appeal) -> Content:
    key = (appeal.id, appeal.version)
    if key not in _read:
        if len(_read) >= _KEPT:
            _read.clear()
        _read[key] = Content.from_data(session.get_one(AppealVersion, key).content)
    return _read[key]
