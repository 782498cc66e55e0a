"""Signatures and their tally.

A signature's state is ``pending, confirmed, withdrawn, invalidated, lapsed, expired`` or ``erased``; *held* is
a mark beside it. It counts when confirmed and not held. Uniqueness holds over confirmed signatures only, by a
partial index. The tally is kept by the database: a trigger writes each change of what counts as a row of
``tally_change``, and ``counting`` folds those into ``tally``, so that no signature waits for another's count
and no way of changing a signature can forget to count it. What organisers decide of many at once is a ``decision``,
which remembers how it found each signature until it is taken back.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from campaign.db import CLOCK, Base


class Signature(Base):
    """One submission of the sign form. Name and address are sealed; the indexes find them again."""

    __tablename__ = "signature"
    __table_args__ = (
        Index(
            "uq_signature_confirmed",
            "appeal_id",
            "email_index",
            unique=True,
            postgresql_where=text("state = 'confirmed'"),
        ),
        Index("ix_signature_pending", "appeal_id", "email_index", postgresql_where=text("state = 'pending'")),
        # ``expiring`` asks by age, in these words; to who looks for one person it must not look like a way.
        Index("ix_signature_waiting", "created_at", postgresql_where=text("lower(state) = 'pending'")),
        Index("ix_signature_export", "appeal_id", "confirmed_at", "id", postgresql_where=text("state = 'confirmed'")),
        Index("ix_signature_person", "person_index"),
        Index("ix_signature_held", "appeal_id", "held_at", postgresql_where=text("held_at IS NOT NULL")),
        Index("ix_signature_news", "appeal_id", "id", postgresql_where=text("state = 'confirmed' AND updates")),
        # Costs a signer nothing; finds the last days of a large table for whoever watches an attack.
        Index("ix_signature_recent", "created_at", postgresql_using="brin"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    appeal_id: Mapped[UUID] = mapped_column(ForeignKey("appeal.id"))
    state: Mapped[str] = mapped_column(Text, server_default="pending")
    held_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    held_reasons: Mapped[list[str]] = mapped_column(
        ARRAY(Text), server_default=text("'{}'")
    )  # codes of defence.weights
    domain: Mapped[str | None] = mapped_column(Text)  # of its address: a large provider's name, else a keyed hash
    network: Mapped[str | None] = mapped_column(Text)  # keyed hash of its prefix; key for a day, row for seven
    email_index: Mapped[bytes | None] = mapped_column(LargeBinary)  # alias rules, scope "appeal <id>"
    person_index: Mapped[bytes | None] = mapped_column(LargeBinary)  # exact address, scope "address"
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)  # {"name": …, "email": …}
    country: Mapped[str | None] = mapped_column(Text)  # ISO 3166-1 alpha-2; none: not said
    visibility: Mapped[str] = mapped_column(Text)  # "counted", "recipient" or "public"
    language: Mapped[str] = mapped_column(Text)
    public_name: Mapped[str | None] = mapped_column(Text)  # clear only for who chose "public"
    wording_id: Mapped[UUID] = mapped_column(ForeignKey("consent_wording.id"))
    updates: Mapped[bool] = mapped_column(server_default=text("false"))
    news_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))  # when news last had its turn
    origin: Mapped[str] = mapped_column(Text, server_default="real")  # "real" or "demo"
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=CLOCK)
    confirmed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class Comment(Base):
    """What somebody wrote beside their signature. Its state is ``waiting``, ``approved`` or ``refused``."""

    __tablename__ = "comment"
    __table_args__ = (
        CheckConstraint("(shown IS NOT NULL) = (state = 'approved')", name="shown"),
        Index("ix_comment_state", "appeal_id", "state", "created_at"),
    )

    signature_id: Mapped[UUID] = mapped_column(ForeignKey("signature.id", ondelete="CASCADE"), primary_key=True)
    appeal_id: Mapped[UUID]
    sealed: Mapped[bytes] = mapped_column(LargeBinary)  # {"text": …}
    state: Mapped[str] = mapped_column(Text, server_default="waiting")
    shown: Mapped[str | None] = mapped_column(Text)  # its words in the clear, once approved
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=CLOCK)
    decided_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class Tally(Base):
    """How many signatures of an appeal count, by country; ``""`` stands for a country not said."""

    __tablename__ = "tally"

    appeal_id: Mapped[UUID] = mapped_column(ForeignKey("appeal.id", ondelete="CASCADE"), primary_key=True)
    country: Mapped[str] = mapped_column(Text, primary_key=True)
    signatures: Mapped[int] = mapped_column(server_default="0")


class TallyPeak(Base):
    """The most that an appeal ever counted, so that the next milestone never moves back."""

    __tablename__ = "tally_peak"

    appeal_id: Mapped[UUID] = mapped_column(ForeignKey("appeal.id", ondelete="CASCADE"), primary_key=True)
    signatures: Mapped[int]


class TallyChange(Base):
    """What is yet to be folded into the tally. Written by a trigger on ``signature`` only."""

    __tablename__ = "tally_change"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    appeal_id: Mapped[UUID]
    country: Mapped[str] = mapped_column(Text)
    change: Mapped[int]


class ProofSwitch(Base):
    """An appeal whose organisers ask everybody who signs for work (``defence.proving``)."""

    __tablename__ = "proof_switch"

    appeal_id: Mapped[UUID] = mapped_column(ForeignKey("appeal.id", ondelete="CASCADE"), primary_key=True)


class Decision(Base):
    """What an organiser decided of many signatures at once, by a question asked of them (``defence.selecting``).

    Its state is ``running``, ``done``, ``cancelled`` (part of it was done), ``undoing`` or ``undone``.
    """

    __tablename__ = "decision"
    __table_args__ = (
        Index("ix_decision_appeal", "appeal_id", "at"),
        Index("ix_decision_at_work", "at", postgresql_where=text("state IN ('running', 'undoing')")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    appeal_id: Mapped[UUID] = mapped_column(ForeignKey("appeal.id", ondelete="CASCADE"))
    what: Mapped[str] = mapped_column(Text)  # "release" or "invalidate"
    asked: Mapped[dict[str, Any]] = mapped_column(JSONB)
    pattern: Mapped[bytes | None] = mapped_column(LargeBinary)  # of names, sealed: it may be somebody's
    why: Mapped[str | None] = mapped_column(Text)  # code of defence.corrections
    organiser_id: Mapped[UUID | None] = mapped_column(ForeignKey("organiser.id", ondelete="SET NULL"))
    state: Mapped[str] = mapped_column(Text, server_default="running")
    expected: Mapped[int]  # signatures, as the preview had it
    done: Mapped[int] = mapped_column(server_default="0")
    counted: Mapped[int] = mapped_column(server_default="0")  # how many of those done changed the count
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=CLOCK)
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    undone_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class DecisionRow(Base):
    """How a decision found one signature."""

    __tablename__ = "decision_row"

    decision_id: Mapped[UUID] = mapped_column(ForeignKey("decision.id", ondelete="CASCADE"), primary_key=True)
    signature_id: Mapped[UUID] = mapped_column(
        ForeignKey("signature.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    state: Mapped[str] = mapped_column(Text)
    held_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    held_reasons: Mapped[list[str]] = mapped_column(ARRAY(Text))
