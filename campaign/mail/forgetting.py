"""Erasing a person from the outbox: what waits for them never leaves, and no row keeps their address or words."""

from __future__ import annotations

from sqlalchemy import text

from campaign.db import session

# A message in the middle of DATA is on the wire already: it keeps its state, which is still to be learnt.
# One that is leased gets a new epoch, so that whoever leased it finds it gone before DATA.
_FORGET = text("""
WITH named AS (
  SELECT id, state FROM message
  WHERE recipient_index = :person AND (recipient IS NOT NULL OR content IS NOT NULL) FOR UPDATE
), emptied AS (
  UPDATE message SET recipient = NULL, content = NULL, reply_text = NULL, changed_at = clock(),
    epoch = message.epoch + CASE WHEN named.state = 'leased' THEN 1 ELSE 0 END,
    lease_until = CASE WHEN named.state = 'leased' THEN NULL ELSE lease_until END,
    state = CASE WHEN named.state IN ('held', 'ready', 'leased', 'deferred', 'unknown') THEN 'cancelled'
                 ELSE message.state END
  FROM named WHERE message.id = named.id RETURNING message.id, named.state AS before, message.state, message.epoch
), told AS (
  INSERT INTO message_event (message_id, from_state, to_state, epoch, why)
  SELECT id, before, state, epoch, 'erased at the person''s wish' FROM emptied
)
SELECT count(*) FROM emptied
""")


def forget(person: bytes) -> int:
    """Empty every message to a person index and cancel those that have not left; how many there were."""
    forgotten: int = session.scalar(_FORGET, {"person": person}) or 0
    session.commit()
    return forgotten


def forget_message(dedupe_key: str) -> None:
    """Empty one message of the words it was made from, in the caller's transaction; its state stays the truth."""
    emptied = text("UPDATE message SET content = NULL, reply_text = NULL WHERE dedupe_key = :key")
    session.execute(emptied, {"key": dedupe_key})
