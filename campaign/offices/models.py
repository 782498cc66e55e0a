"""Offices, who held them when, and their addresses, each with its source and who checked it when."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ARRAY, DateTime, ForeignKey, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from campaign.db import CLOCK, Base


class Office(Base):
    """A mandate, an office or a channel of the UN human rights system."""

    __tablename__ = "office"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    slug: Mapped[str] = mapped_column(Text, unique=True)
    kind: Mapped[str] = mapped_column(Text)  # "mandate", "office" or "channel" (a channel is no addressee)
    form: Mapped[str] = mapped_column(Text)  # how it is addressed: "special-rapporteur", "working-group", …
    title: Mapped[str] = mapped_column(Text)
    titles: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))  # verified ones only
    languages: Mapped[list[str]] = mapped_column(ARRAY(Text))  # it takes letters in these
    cases_only: Mapped[bool] = mapped_column(server_default=text("false"))
    page: Mapped[str | None] = mapped_column(Text)  # official page, when a source states it
    postal: Mapped[str | None] = mapped_column(Text)
    details: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=CLOCK)

    terms: Mapped[list[OfficeTerm]] = relationship(order_by="OfficeTerm.position", lazy="selectin")
    addresses: Mapped[list[OfficeAddress]] = relationship(lazy="selectin")


class OfficeTerm(Base):
    """One person's term. Dates are as precise as their source: ``2016``, ``2018-07`` or ``2024-07-31``."""

    __tablename__ = "office_term"
    __table_args__ = (UniqueConstraint("office_id", "name", "starts", postgresql_nulls_not_distinct=True),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    office_id: Mapped[UUID] = mapped_column(ForeignKey("office.id", ondelete="CASCADE"), index=True)
    position: Mapped[int]
    name: Mapped[str] = mapped_column(Text)
    note: Mapped[str | None] = mapped_column(Text)  # what stood in brackets: "acting", a country
    honorific: Mapped[str] = mapped_column(Text)
    family_name: Mapped[str | None] = mapped_column(Text)  # the part that follows Ms. or Mr. in a greeting
    starts: Mapped[str | None] = mapped_column(Text)
    ends: Mapped[str | None] = mapped_column(Text)
    approximate: Mapped[bool] = mapped_column(server_default=text("false"))  # bare years may be off by one
    check_from: Mapped[date | None]  # from this day on the source no longer says who holds the office
    verified: Mapped[bool]
    source: Mapped[str | None] = mapped_column(Text)
    checked_on: Mapped[date | None]
    entered_by: Mapped[UUID | None] = mapped_column(ForeignKey("organiser.id", ondelete="SET NULL"))


class OfficeAddress(Base):
    """One mail address of an office. Sendable only when a source states it or a person checked it."""

    __tablename__ = "office_address"
    __table_args__ = (UniqueConstraint("office_id", "email"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    office_id: Mapped[UUID] = mapped_column(ForeignKey("office.id", ondelete="CASCADE"), index=True)
    email: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text)  # "verified", "unverified" or "retired"
    checked_on: Mapped[date | None]
    checked_by: Mapped[UUID | None] = mapped_column(ForeignKey("organiser.id", ondelete="SET NULL"))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=CLOCK)
