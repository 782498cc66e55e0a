"""Letters by the hundred thousand, made in the database itself: copies of one that was put in as any other."""

from __future__ import annotations

from sqlalchemy import text

from campaign.db import session

# Every column as the model has it, but what must be its own, or is worked out from others.
_OWN = ("id", "dedupe_key", "token", "recipient_index", "mailbox_index", "not_before", "budget_key", "pause_keys")
_COLUMNS = text("""
  SELECT column_name FROM information_schema.columns
  WHERE table_name = 'message' AND is_generated = 'NEVER' AND NOT column_name = ANY(:own)
""")


def pile_up(dedupe_key: str, copies: int, *, offices: int = 60, prefix: str = "copy") -> None:
    """So many ready copies of one message, each to an address of its own, over this many offices. Commits."""
    same = ", ".join(sorted(session.scalars(_COLUMNS, {"own": list(_OWN)})))
    session.execute(
        text(f"""
          INSERT INTO message ({", ".join(_OWN)}, {same})
          SELECT gen_random_uuid(), :prefix || ':' || n, :prefix || n, sha256(n::text::bytea), sha256(n::text::bytea),
            not_before - n * interval '1 millisecond', substr(budget_key, 1, 7) || n % :offices,
            array_replace(pause_keys, budget_key, substr(budget_key, 1, 7) || n % :offices), {same}
          FROM message, generate_series(1, :copies) AS n WHERE dedupe_key = :key
        """),
        {"key": dedupe_key, "copies": copies, "offices": offices, "prefix": prefix},
    )
    session.commit()
    session.connection().exec_driver_sql("ANALYZE message")
    session.commit()
