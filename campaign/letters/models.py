"""Letters, what was answered to them, the tally of those that left by other ways, and what became of many at once.

A letter's state is ``pending, confirmed, lapsed, withdrawn, overtaken, expired`` or ``erased``. A confirmed letter
has one message in the outbox (dedupe key ``letter:<id>``), whose state is the truth about its sending; one that was
gathered into a digest follows the message of the digest (``digest:<id>``). The database allows one confirmed letter
per writer, office and appeal.
"""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID, uuid4

from sqlalchemy import DateTime, ForeignKey, Index, LargeBinary, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from campaign.db import CLOCK, Base


class Letter(Base):
    """One letter of one writer to one office; its words are sealed and frozen when it is written."""

    __tablename__ = "letter"
    __table_args__ = (
        Index(
            "uq_letter_confirmed",
            "appeal_id",
            "office_id",
            "writer_index",
            unique=True,
            postgresql_where=text("state = 'confirmed'"),
        ),
        # ``expiring`` asks by age, in these words; to who looks for one letter it must not look like a way.
        Index("ix_letter_waiting", "created_at", postgresql_where=text("lower(state) = 'pending'")),
        Index("ix_letter_person", "person_index"),
        Index("ix_letter_submission", "submission_id"),
        Index("ix_letter_office", "appeal_id", "office_id", "state"),
        Index("ix_letter_overtaken", "overtaken_id", postgresql_where=text("overtaken_id IS NOT NULL")),
        Index("ix_letter_of_office", "office_id", "state"),  # over all appeals, for the office's own page
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    appeal_id: Mapped[UUID] = mapped_column(ForeignKey("appeal.id"))
    office_id: Mapped[UUID] = mapped_column(ForeignKey("office.id"))
    submission_id: Mapped[UUID]  # letters written in one go; one mail confirms them together
    state: Mapped[str] = mapped_column(Text, server_default="pending")
    writer_index: Mapped[bytes | None] = mapped_column(LargeBinary)  # alias rules, scope "letters <appeal id>"
    person_index: Mapped[bytes | None] = mapped_column(LargeBinary)  # exact address, scope "address"
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)  # name, email, subject, all blocks but the salutation
    country: Mapped[str | None] = mapped_column(Text)
    language: Mapped[str] = mapped_column(Text)  # of the letter
    page_language: Mapped[str] = mapped_column(Text)  # of the writer
    appeal_version: Mapped[int]
    wording_id: Mapped[UUID] = mapped_column(ForeignKey("consent_wording.id"))
    digest_name: Mapped[bool] = mapped_column(server_default=text("false"))
    own_words: Mapped[int] = mapped_column(server_default="0")
    signature: Mapped[bytes | None] = mapped_column(LargeBinary)  # keyed MinHash of the own words: numbers, no words
    likeness: Mapped[int | None]  # percent of its own words that the likest other letter shares; at confirmation
    digest_id: Mapped[UUID | None] = mapped_column(ForeignKey("digest.id"), index=True)  # it goes in this, not alone
    overtaken_id: Mapped[UUID | None] = mapped_column(ForeignKey("overtaking.id", ondelete="SET NULL"))
    origin: Mapped[str] = mapped_column(Text, server_default="real")
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=CLOCK)
    confirmed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    received_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))  # the office pressed "received"
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class Digest(Base):
    """Letters of one appeal to one office that go together. Its message has the dedupe key ``digest:<id>``.

    It is ``gathering`` until an organiser releases it, ``released`` until its message has an end, then ``delivered``
    or ``failed``; ``recalled`` when it must not go to the address it was released to, ``overtaken`` when its letters
    were, ``bounced`` when it came back, be it weeks later. The database allows one that gathers per
    appeal and office.
    """

    __tablename__ = "digest"
    __table_args__ = (
        Index(
            "uq_digest_gathering", "appeal_id", "office_id", unique=True, postgresql_where=text("state = 'gathering'")
        ),
        Index("ix_digest_state", "state"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    appeal_id: Mapped[UUID] = mapped_column(ForeignKey("appeal.id", ondelete="CASCADE"))
    office_id: Mapped[UUID] = mapped_column(ForeignKey("office.id"))
    state: Mapped[str] = mapped_column(Text, server_default="gathering")
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=CLOCK)
    due_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))  # an organiser may release it from then on
    released_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    released_by: Mapped[UUID | None] = mapped_column(ForeignKey("organiser.id", ondelete="SET NULL"))  # who answers
    letters: Mapped[int | None]  # so many when it was released
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class DigestReply(Base):
    """What an office answered to a digest at our address; sealed until it was passed on to who released it."""

    __tablename__ = "digest_reply"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    digest_id: Mapped[UUID] = mapped_column(ForeignKey("digest.id", ondelete="CASCADE"), index=True)
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)  # sender, text, what was left out
    received_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=CLOCK)


class Overtaking(Base):
    """Why what waited of an appeal, for one office or for all, was stopped: the world or the text had changed."""

    __tablename__ = "overtaking"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    appeal_id: Mapped[UUID] = mapped_column(ForeignKey("appeal.id", ondelete="CASCADE"), index=True)
    office_id: Mapped[UUID | None] = mapped_column(ForeignKey("office.id"))  # null: all offices
    reason: Mapped[str] = mapped_column(Text)  # "free", "wrong" or "changed"
    organiser_id: Mapped[UUID | None] = mapped_column(ForeignKey("organiser.id", ondelete="SET NULL"))
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=CLOCK)


class OfficeWish(Base):
    """What an office said on its own page, and which generation of its private link is valid; no row: nothing yet."""

    __tablename__ = "office_wish"

    office_id: Mapped[UUID] = mapped_column(ForeignKey("office.id", ondelete="CASCADE"), primary_key=True)
    generation: Mapped[int] = mapped_column(server_default="1")  # a link of an earlier one opens nothing
    choice: Mapped[str] = mapped_column(Text, server_default="each")  # "each", "digest" (weekly) or "none"
    chosen_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    stopped_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))  # it objects to any letter


class LetterReply(Base):
    """What an office answered to our address instead of its writer's; sealed until it was passed on."""

    __tablename__ = "letter_reply"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    letter_id: Mapped[UUID] = mapped_column(ForeignKey("letter.id", ondelete="CASCADE"), index=True)
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)  # sender, text, what was left out
    received_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=CLOCK)


class LetterTally(Base):
    """How many letters were taken along to the writer's own mailbox or to paper: a number, nobody's."""

    __tablename__ = "letter_tally"

    appeal_id: Mapped[UUID] = mapped_column(ForeignKey("appeal.id", ondelete="CASCADE"), primary_key=True)
    office_id: Mapped[UUID] = mapped_column(ForeignKey("office.id", ondelete="CASCADE"), primary_key=True)
    how: Mapped[str] = mapped_column(Text, primary_key=True)  # "mailbox" or "paper"
    day: Mapped[date] = mapped_column(primary_key=True)
    letters: Mapped[int] = mapped_column(server_default="0")


class Gate(Base):
    """Whether an appeal's letters may leave this machine; no row, or no ``opened_at``: they may not."""

    __tablename__ = "letter_gate"

    appeal_id: Mapped[UUID] = mapped_column(ForeignKey("appeal.id", ondelete="CASCADE"), primary_key=True)
    opened_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    opened_by: Mapped[UUID | None] = mapped_column(ForeignKey("organiser.id", ondelete="SET NULL"))
    route: Mapped[bytes | None] = mapped_column(LargeBinary)  # what was examined when it was opened, as TrialLetter's
    relay: Mapped[str | None] = mapped_column(Text)
    domain: Mapped[str | None] = mapped_column(Text)
    shut_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))  # by itself, see letters/shutting.py
    finish_by: Mapped[date | None]  # the day before which letters are of use: a session, a deadline
    urgent: Mapped[bool] = mapped_column(server_default=text("false"))  # what is gathered goes daily, not weekly


class TrialLetter(Base):
    """A letter of an appeal that an organiser had sent to themselves, and whether they said that it came.

    ``route`` is a keyed digest of relay, account and sender: what was received by one proves nothing of another.
    """

    __tablename__ = "trial_letter"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    appeal_id: Mapped[UUID] = mapped_column(ForeignKey("appeal.id", ondelete="CASCADE"), index=True)
    office_id: Mapped[UUID] = mapped_column(ForeignKey("office.id", ondelete="CASCADE"))
    organiser_id: Mapped[UUID | None] = mapped_column(ForeignKey("organiser.id", ondelete="SET NULL"))
    language: Mapped[str] = mapped_column(Text)  # of the letter
    route: Mapped[bytes] = mapped_column(LargeBinary)
    relay: Mapped[str] = mapped_column(Text)  # "host:port", and
    domain: Mapped[str] = mapped_column(Text)  # of its From: as they are shown
    sent_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=CLOCK)
    received_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    received_by: Mapped[UUID | None] = mapped_column(ForeignKey("organiser.id", ondelete="SET NULL"))
