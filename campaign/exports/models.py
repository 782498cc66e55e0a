"""The leave that a second organiser gives before a file of a sensitive appeal is handed out."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from campaign.db import CLOCK, Base


class ExportLeave(Base):
    """Somebody asked for a file, another organiser said yes; good for one file. The database keeps them two."""

    __tablename__ = "export_leave"
    __table_args__ = (
        CheckConstraint("given_by <> asked_by", name="two_people"),
        Index(
            "uq_export_leave_open", "appeal_id", "audience", "asked_by", unique=True,
            postgresql_where=text("used_at IS NULL AND refused_at IS NULL"),
        ),
    )  # fmt: skip

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    appeal_id: Mapped[UUID] = mapped_column(ForeignKey("appeal.id", ondelete="CASCADE"))
    audience: Mapped[str] = mapped_column(Text)
    asked_by: Mapped[UUID] = mapped_column(ForeignKey("organiser.id", ondelete="CASCADE"))
    asked_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=CLOCK)
    given_by: Mapped[UUID | None] = mapped_column(ForeignKey("organiser.id", ondelete="CASCADE"))
    given_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    refused_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    used_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
