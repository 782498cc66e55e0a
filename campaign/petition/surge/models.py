"""Surge mode as a table: a row for each appeal that was ever in it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import DateTime, ForeignKey, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from campaign.db import Base


class Surge(Base):
    """Surge mode of an appeal. What a person chose stands above what load would do; null: load decides."""

    __tablename__ = "surge"

    appeal_id: Mapped[UUID] = mapped_column(ForeignKey("appeal.id", ondelete="CASCADE"), primary_key=True)
    chosen: Mapped[bool | None]
    busy_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))  # a web process was too full last
    began_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))  # null: it is off
    began_by: Mapped[str | None] = mapped_column(Text)  # "organiser", "command line" or "system": load
    organiser_id: Mapped[UUID | None] = mapped_column(ForeignKey("organiser.id", ondelete="SET NULL"))  # who chose
    frozen: Mapped[dict[str, int] | None] = mapped_column(JSONB(none_as_null=True))  # count by country as it began
