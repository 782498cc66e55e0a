"""News of an appeal, as they are written and sent."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import DateTime, ForeignKey, Index, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from campaign.db import CLOCK, Base


class News(Base):
    """What came of an appeal, in the organisers' words, and the sending of it to who asked for news.

    Its state is ``draft``, ``sending`` (mails are being put into the outbox), ``sent`` (all of them are in it),
    ``stopping`` (what has not left is being taken back) or ``stopped``.
    """

    __tablename__ = "news"
    __table_args__ = (
        Index("ix_news_appeal", "appeal_id", "at"),
        Index("ix_news_at_work", "at", postgresql_where=text("state IN ('sending', 'stopping')")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    appeal_id: Mapped[UUID] = mapped_column(ForeignKey("appeal.id", ondelete="CASCADE"))
    state: Mapped[str] = mapped_column(Text, server_default="draft")
    texts: Mapped[dict[str, Any]] = mapped_column(JSONB)  # language → {"title": …, "body": …}, plain text
    organiser_id: Mapped[UUID | None] = mapped_column(ForeignKey("organiser.id", ondelete="SET NULL"))  # released it
    written_by: Mapped[UUID | None] = mapped_column(ForeignKey("organiser.id", ondelete="SET NULL"))  # the last
    written_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))  # this very text
    expected: Mapped[int] = mapped_column(server_default="0")  # mails, as the button had it
    queued: Mapped[int] = mapped_column(server_default="0")  # mails that were put into the outbox
    reached: Mapped[UUID | None]  # the last signature that had its turn, in the order of ids
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=CLOCK)
    released_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    def key(self, signature_id: UUID) -> str:
        """What names its mail to one signature in the outbox; the id comes last."""
        return f"update:{self.id}:{signature_id}"
