"""Organisers, their single-use links, their sessions, and what they did."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import BigInteger, DateTime, ForeignKey, Identity, Index, LargeBinary, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from campaign.db import CLOCK, Base


class Organiser(Base):
    """Somebody who may sit at the desk; name and address are sealed like anybody's."""

    __tablename__ = "organiser"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    email_index: Mapped[bytes] = mapped_column(LargeBinary, unique=True)  # vault index, scope "address"
    sealed: Mapped[bytes] = mapped_column(LargeBinary)  # {"email": …}
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=CLOCK)
    disabled_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class SignInLink(Base):
    """A link that signs in once; only its SHA-256 is kept, so a stolen database signs nobody in."""

    __tablename__ = "sign_in_link"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    organiser_id: Mapped[UUID] = mapped_column(ForeignKey("organiser.id", ondelete="CASCADE"), index=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=CLOCK)
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    used_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class DeskSession(Base):
    """One browser that is signed in; ended here, it is ended everywhere."""

    __tablename__ = "desk_session"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    organiser_id: Mapped[UUID] = mapped_column(ForeignKey("organiser.id", ondelete="CASCADE"), index=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=CLOCK)
    seen_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=CLOCK)
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class AuditEvent(Base):
    """Who did what to what; only ever added, and without personal data of supporters."""

    __tablename__ = "audit_event"
    __table_args__ = (Index("ix_audit_event_at", "at"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=CLOCK)
    organiser_id: Mapped[UUID | None] = mapped_column(ForeignKey("organiser.id", ondelete="SET NULL"))
    actor: Mapped[str] = mapped_column(Text)  # "organiser", "command line" or "system"
    action: Mapped[str] = mapped_column(Text)  # a verb in the past: "signatures.exported"
    subject: Mapped[str] = mapped_column(Text)  # what it was done to: "appeal iran-detainees"
    details: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
