"""The outbox as tables: messages and their events, what is paused, who is not written to or how often, what came in.

The row is the truth about a message. Its address and bytes are sealed; beside them stands only what
claiming, pacing and counting need. States and their meaning: ``campaign.mail.states``.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import ARRAY, BigInteger, Computed, DateTime, ForeignKey, Identity, Index, LargeBinary, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from campaign.db import CLOCK, Base

_WAITS = "state IN ('ready', 'deferred')"
_FREELY, _IN_TURN = f"{_WAITS} AND NOT paced", f"{_WAITS} AND paced"
_TALLIED = ("state", "kind", "lane", "mode", "capture_only", "budget_key")
_PACED = "lane = 1 AND mode = 'live' AND budget_key IS NOT NULL"  # a letter that leaves this machine


class Message(Base):
    """One message to one recipient. ``dedupe_key`` decides whether it exists, ``epoch`` whose it is."""

    __tablename__ = "message"
    __table_args__ = (
        Index("ix_message_claim", "lane", "mode", "not_before", postgresql_where=text(_FREELY)),
        # What a claim goes by while something is paused: from one list of keys to the next.
        Index("ix_message_keys", "lane", "mode", "pause_keys", "not_before", postgresql_where=text(_FREELY)),
        # The same, for letters that have turns. Of one office and list "deferred" go before "ready", then the oldest.
        Index("ix_message_paced", "budget_key", "pause_keys", "state", "not_before", postgresql_where=text(_IN_TURN)),
        Index("ix_message_office_turn", "budget_key", "turn_at", postgresql_where=text("turn_at IS NOT NULL")),
        Index("ix_message_domain_turn", "recipient_domain", "turn_at", postgresql_where=text("turn_at IS NOT NULL")),
        # Costs mails to people nothing.
        Index("ix_message_budget", "budget_key", "state", postgresql_where=text("budget_key IS NOT NULL")),
        Index("ix_message_lease", "lease_until", postgresql_where=text("state IN ('leased', 'attempting')")),
        Index("ix_message_expiry", "expires_at", postgresql_where=text("state IN ('held', 'ready', 'deferred')")),
        Index("ix_message_ageing", "state", "changed_at", postgresql_where=text("state IN ('accepted', 'unknown')")),
        # Of all lanes: what counts a mailbox's mails of a day cannot ask for one (``enqueuing._to_people``).
        Index("ix_message_mailbox", "mailbox_index", "created_at"),
        # All that the outbox is counted by (``tallying``), without a look at its rows.
        Index("ix_message_tally", *_TALLIED, "created_at"),
        # Whose data go when an appeal forgets its people. Its key comes first among the keys (``enqueuing``).
        Index("ix_message_appeal", text("(pause_keys[1])"), postgresql_where=text("recipient IS NOT NULL")),
        Index("ix_message_created", "created_at"),
        Index("ix_message_people", "recipient_domain", "not_before", postgresql_where=text("lane = 0")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    kind: Mapped[str] = mapped_column(Text)
    lane: Mapped[int]  # 0 people waiting at a screen, 1 letters to offices, 2 updates
    dedupe_key: Mapped[str] = mapped_column(Text, unique=True)
    subject_id: Mapped[UUID | None] = mapped_column(index=True)  # the row that the kind's renderer reads
    language: Mapped[str] = mapped_column(Text)
    recipient: Mapped[bytes | None] = mapped_column(LargeBinary)  # sealed {"address": …}; empty once erased
    recipient_index: Mapped[bytes] = mapped_column(LargeBinary, index=True)  # vault index, scope "address"
    mailbox_index: Mapped[bytes] = mapped_column(LargeBinary)  # all aliases of it, scope "mailbox": what a cap counts
    recipient_domain: Mapped[str] = mapped_column(Text)  # a large provider's name, else a keyed hash
    budget_key: Mapped[str | None] = mapped_column(Text)  # "office:<slug>": whose patience this costs
    paced: Mapped[bool] = mapped_column(Computed(_PACED, persisted=True))
    turn_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))  # when it was last given a turn
    pause_keys: Mapped[list[str]] = mapped_column(ARRAY(Text(collation="C")), server_default=text("'{}'"))
    mode: Mapped[str] = mapped_column(Text)  # "capture" or "live": the only way it may leave
    capture_only: Mapped[bool] = mapped_column(server_default=text("false"))  # captured also where others go out
    origin: Mapped[str] = mapped_column(Text, server_default="real")  # "real" or "demo"
    state: Mapped[str] = mapped_column(Text, server_default="ready")
    not_before: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=CLOCK)
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    lease_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    epoch: Mapped[int] = mapped_column(server_default="0")
    attempts: Mapped[int] = mapped_column(server_default="0")
    sent_again: Mapped[int] = mapped_column(server_default="0")  # by policy, from unknown; a person's are events
    token: Mapped[str] = mapped_column(Text, unique=True)  # opaque: in the envelope sender, and a letter's From
    content: Mapped[bytes | None] = mapped_column(LargeBinary)  # sealed bytes, fixed at first render
    content_digest: Mapped[bytes | None] = mapped_column(LargeBinary)  # SHA-256 of bytes that are gone: a proof
    message_id: Mapped[str | None] = mapped_column(Text, unique=True)
    date_header: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    reply_code: Mapped[int | None]
    reply_enhanced: Mapped[str | None] = mapped_column(Text)  # RFC 3463, "4.7.1"
    reply_text: Mapped[str | None] = mapped_column(Text)  # the server's, or why we gave up; without addresses
    queue_id: Mapped[str | None] = mapped_column(Text)  # the relay's name for it
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=CLOCK)
    changed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=CLOCK)

    @property
    def settled_by_hand(self) -> bool:
        """Whether only a person's word closed it: it left, and no server answered (``campaign.mail.settling``)."""
        closed = self.state in {"accepted", "settled", "failed"} and self.mode == "live"
        return closed and self.message_id is not None and self.reply_code is None


class MessageEvent(Base):
    """One change of one message's state; only ever added."""

    __tablename__ = "message_event"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    message_id: Mapped[UUID] = mapped_column(ForeignKey("message.id", ondelete="CASCADE"), index=True)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=CLOCK)
    from_state: Mapped[str | None] = mapped_column(Text)
    to_state: Mapped[str] = mapped_column(Text)
    epoch: Mapped[int]
    why: Mapped[str] = mapped_column(Text)


class Suppression(Base):
    """An address that is not written to (or not about news), and why; found by its keyed index only."""

    __tablename__ = "suppression"

    recipient_index: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    reason: Mapped[str] = mapped_column(Text)
    updates_only: Mapped[bool] = mapped_column(server_default=text("false"))  # for who complained: no news, no more
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=CLOCK)
    expires_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class AddressReport(Base):
    """What mail that came back said about an address: its health, for as long as that says anything."""

    __tablename__ = "address_report"
    __table_args__ = (Index("ix_address_report_address", "recipient_index", "at"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    recipient_index: Mapped[bytes] = mapped_column(LargeBinary)
    message_id: Mapped[UUID] = mapped_column(ForeignKey("message.id", ondelete="CASCADE"), index=True)
    sort: Mapped[str] = mapped_column(Text)  # campaign.mail.incoming.sorting.Sort
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=CLOCK)


class IncomingMail(Base):
    """One mail that came to us and was handled; its keyed digest keeps a second copy from being handled again."""

    __tablename__ = "incoming_mail"

    digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    sort: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=CLOCK, index=True)


class Pause(Base):
    """A key whose messages wait: ``all``, ``appeal:<id>``, ``office:<slug>`` or ``domain:<recorded domain>``."""

    __tablename__ = "pause"

    key: Mapped[str] = mapped_column(Text, primary_key=True)
    why: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=CLOCK)


class Budget(Base):
    """How much one key bears: ``office:<slug>``, over all appeals, or ``domain:<recorded domain>``, over all offices
    that share it. Hours are Geneva's, on working days. A key without a row bears the standard (``scheduling``).
    """

    __tablename__ = "budget"

    key: Mapped[str] = mapped_column(Text, primary_key=True)
    per_day: Mapped[int]
    per_hour: Mapped[int]
    opens: Mapped[int]  # hour of the day, and
    closes: Mapped[int]  # the one at which nothing goes any more
    mode: Mapped[str] = mapped_column(Text, server_default="each")  # "each", "digest" or "none": its own choice
    blocked: Mapped[str | None] = mapped_column(Text)  # why nothing may go to it at all
    slowed_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))  # its mail server asked for peace
    changed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=CLOCK)
