"""The names that stand on the public wall, and the batches in which organisers put them there."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import DateTime, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from campaign.db import CLOCK, Base


class WallRelease(Base):
    """One batch of names that an organiser put on the public wall."""

    __tablename__ = "wall_release"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    appeal_id: Mapped[UUID] = mapped_column(ForeignKey("appeal.id", ondelete="CASCADE"))
    organiser_id: Mapped[UUID | None] = mapped_column(ForeignKey("organiser.id", ondelete="SET NULL"))
    names: Mapped[int]
    released_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=CLOCK)


class WallName(Base):
    """That a signature's name stands on the wall (``release_id``), where by lot, and whether it is shortened."""

    __tablename__ = "wall_name"
    __table_args__ = (
        Index("ix_wall_name_place", "appeal_id", "place", postgresql_where=text("release_id IS NOT NULL")),
    )

    signature_id: Mapped[UUID] = mapped_column(ForeignKey("signature.id", ondelete="CASCADE"), primary_key=True)
    appeal_id: Mapped[UUID]
    release_id: Mapped[UUID | None] = mapped_column(ForeignKey("wall_release.id", ondelete="SET NULL"))
    place: Mapped[float] = mapped_column(server_default=text("random()"))
    short: Mapped[bool] = mapped_column(server_default=text("false"))
