"""Appeals, the immutable versions of their content, the wordings of consent, and the organisations that joined."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Index, LargeBinary, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from campaign.db import CLOCK, Base


class Appeal(Base):
    """One appeal in all its languages. Its text is the version that ``version`` points to."""

    __tablename__ = "appeal"
    __table_args__ = (CheckConstraint("outcome IN ('won', 'part')", name="outcome"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    slug: Mapped[str] = mapped_column(Text, unique=True)
    state: Mapped[str] = mapped_column(Text)  # "demonstration", "draft", "open" or "closed"
    sensitive: Mapped[bool] = mapped_column(server_default=text("true"))
    country_at_risk: Mapped[str | None] = mapped_column(Text)  # ISO 3166-1 alpha-2
    delete_by: Mapped[date | None]
    version: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=CLOCK)
    opened_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    closed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    opens_on: Mapped[date | None]  # a draft that everybody may read before this day, which nothing but a person keeps
    outcome: Mapped[str | None] = mapped_column(Text)  # of a closed one: "won", "part"; null: it only ended
    look: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))  # see appeals/look.py
    in_danger_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))  # see appeals/danger.py


class AppealPicture(Base):
    """A logo or a picture that an appeal shows, as WebP."""

    __tablename__ = "appeal_picture"

    appeal_id: Mapped[UUID] = mapped_column(ForeignKey("appeal.id", ondelete="CASCADE"), primary_key=True)
    part: Mapped[str] = mapped_column(Text, primary_key=True)  # "logo" or "image"
    data: Mapped[bytes] = mapped_column(LargeBinary)


class AppealVersion(Base):
    """The whole content of an appeal at one time, as ``campaign.appeals.content`` describes it; never changed."""

    __tablename__ = "appeal_version"

    appeal_id: Mapped[UUID] = mapped_column(ForeignKey("appeal.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    digest: Mapped[str] = mapped_column(Text)
    bundle: Mapped[str | None] = mapped_column(Text)  # digest of the bundle it was loaded from; null: a person
    content: Mapped[dict[str, Any]] = mapped_column(JSONB)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=CLOCK)


class ConsentWording(Base):
    """The exact words that somebody agreed to, in their language; the database refuses to change them."""

    __tablename__ = "consent_wording"
    __table_args__ = (UniqueConstraint("appeal_id", "purpose", "language", "digest"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    appeal_id: Mapped[UUID] = mapped_column(ForeignKey("appeal.id", ondelete="CASCADE"))
    purpose: Mapped[str] = mapped_column(Text)  # "sign", "letter" or "organisation"
    language: Mapped[str] = mapped_column(Text)
    version: Mapped[int]  # counts up within appeal, purpose and language
    text: Mapped[str] = mapped_column(Text)
    digest: Mapped[bytes] = mapped_column(LargeBinary)  # SHA-256 of the text
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=CLOCK)


class OrganisationSignOn(Base):
    """An organisation that adds its name to an appeal, and the person who answered for it, who is sealed.

    Its state is ``pending`` (until the person's button), ``confirmed`` (waits for an organiser), ``checked`` (shown),
    ``refused``, ``withdrawn``, ``expired`` or ``erased``. An organisation is no person: it stands in the clear.
    """

    __tablename__ = "organisation_signon"
    __table_args__ = (
        Index(
            "uq_organisation_signon_name",
            "appeal_id",
            "name_key",
            unique=True,
            postgresql_where=text("state IN ('confirmed', 'checked')"),
        ),
        Index("ix_organisation_signon_person", "person_index"),
        Index("ix_organisation_signon_appeal", "appeal_id", "state"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    appeal_id: Mapped[UUID] = mapped_column(ForeignKey("appeal.id"))
    state: Mapped[str] = mapped_column(Text, server_default="pending")
    name: Mapped[str] = mapped_column(Text)
    name_key: Mapped[str] = mapped_column(Text)  # the name without case, accents, spaces and punctuation
    country: Mapped[str] = mapped_column(Text)  # ISO 3166-1 alpha-2, of its seat
    registration: Mapped[str | None] = mapped_column(Text)  # its number, and where, as it wrote it
    website: Mapped[str | None] = mapped_column(Text)  # https or http
    ecosoc_status: Mapped[str] = mapped_column(Text)  # "general", "special", "roster" or "none"
    ecosoc_year: Mapped[int | None]  # in which the status was granted
    person_index: Mapped[bytes | None] = mapped_column(LargeBinary)  # exact address, scope "address"
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)  # {"person": …, "role": …, "email": …}
    language: Mapped[str] = mapped_column(Text)
    wording_id: Mapped[UUID] = mapped_column(ForeignKey("consent_wording.id"))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=CLOCK)
    confirmed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    checked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    checked_by: Mapped[UUID | None] = mapped_column(ForeignKey("organiser.id", ondelete="SET NULL"))  # or refused
    refusal_note: Mapped[str | None] = mapped_column(Text)  # why, in the organiser's words; the person may read it
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
