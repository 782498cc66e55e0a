"""Sheets of paper that people signed, entered in batches and counted by two, and those lines that give an address.

A batch's state is ``entered`` (waits for the second count), ``differs`` (the two counts do), ``counted``,
``rejected`` or ``withdrawn``. A line's is ``counted``, ``again`` (its address stands on another sheet, or had signed
by mail when the appeal's people were forgotten), ``withdrawn`` or ``erased``. Who signed by mail too is seen whenever
lines are counted.
"""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Index, LargeBinary, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from campaign.db import CLOCK, Base

LINES = 10  # on a sheet
MOST = 500  # sheets in a batch


class PaperBatch(Base):
    """Sheets that were collected together. Two people counted their lines before any of them counts."""

    __tablename__ = "paper_batch"
    __table_args__ = (
        CheckConstraint("checked_by IS NULL OR checked_by <> entered_by", name="two_people"),
        CheckConstraint(
            "state NOT IN ('counted', 'withdrawn') OR (checked_by IS NOT NULL AND checked = entered)",
            name="both_counted_the_same",
        ),
        CheckConstraint(
            f"sheets BETWEEN 1 AND {MOST} AND signatures BETWEEN sheets AND {LINES} * sheets", name="lines_of_sheets"
        ),
        Index("ix_paper_batch_appeal", "appeal_id", "at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    appeal_id: Mapped[UUID] = mapped_column(ForeignKey("appeal.id", ondelete="CASCADE"))
    wording_id: Mapped[UUID] = mapped_column(ForeignKey("consent_wording.id"))  # by the code on the sheets
    state: Mapped[str] = mapped_column(Text, server_default="entered")
    place: Mapped[str] = mapped_column(Text)
    collected_on: Mapped[date]
    sheets: Mapped[int]
    entered: Mapped[dict[str, int]] = mapped_column(JSONB)  # lines by country; "" not said
    signatures: Mapped[int]  # lines in all, as entered
    entered_by: Mapped[UUID] = mapped_column(ForeignKey("organiser.id"))
    checked: Mapped[dict[str, int] | None] = mapped_column(JSONB(none_as_null=True))
    checked_by: Mapped[UUID | None] = mapped_column(ForeignKey("organiser.id"))
    ended_by: Mapped[UUID | None] = mapped_column(ForeignKey("organiser.id"))  # rejected or withdrew it
    why: Mapped[str | None] = mapped_column(Text)  # code of ``checking.WHY``
    removed: Mapped[int | None]  # how many counted until it was withdrawn
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=CLOCK)
    counted_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class PaperLine(Base):
    """A line that gives an address, kept so that its person counts once and finds it; others are only counted."""

    __tablename__ = "paper_line"
    __table_args__ = (
        Index(
            "uq_paper_line_counted",
            "appeal_id",
            "email_index",
            unique=True,
            postgresql_where=text("state = 'counted'"),
        ),
        Index("ix_paper_line_batch", "batch_id"),
        Index("ix_paper_line_person", "person_index"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    batch_id: Mapped[UUID] = mapped_column(ForeignKey("paper_batch.id", ondelete="CASCADE"))
    appeal_id: Mapped[UUID] = mapped_column(ForeignKey("appeal.id", ondelete="CASCADE"))
    wording_id: Mapped[UUID] = mapped_column(ForeignKey("consent_wording.id"))
    language: Mapped[str] = mapped_column(Text)  # of the sheet
    state: Mapped[str] = mapped_column(Text)
    email_index: Mapped[bytes | None] = mapped_column(LargeBinary)  # as a signature's
    person_index: Mapped[bytes | None] = mapped_column(LargeBinary)  # as a signature's
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)  # {"name": …, "email": …}
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=CLOCK)
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    @property
    def country(self) -> None:
        """Not kept with a line: countries are counted by sheet."""

    @property
    def confirmed_at(self) -> datetime:
        """A pen confirms at once; the day is that of its entry."""
        return self.created_at
