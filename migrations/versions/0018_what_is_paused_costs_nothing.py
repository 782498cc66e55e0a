"""Claims step over what is paused, the outbox is counted by an index, and an appeal's messages are found by one."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"

FREELY = "state IN ('ready', 'deferred') AND NOT paced"
IN_TURN = "state IN ('ready', 'deferred') AND paced"
TALLIED = ["state", "kind", "lane", "mode", "capture_only", "budget_key", "created_at"]


def upgrade() -> None:
    _sort_keys_by('"C"')  # so that one character is the greatest, wherever the database stands
    for name in ("ix_message_claim", "ix_message_paced", "ix_message_state", "ix_message_mailbox"):
        op.drop_index(name, "message")
    _index("ix_message_claim", ["lane", "mode", "not_before"], FREELY)
    _index("ix_message_keys", ["lane", "mode", "pause_keys", "not_before"], FREELY)
    _index("ix_message_paced", ["budget_key", "pause_keys", "state", "not_before"], IN_TURN)
    _index("ix_message_mailbox", ["mailbox_index", "created_at"], "lane = 0")
    _index("ix_message_tally", TALLIED)
    _index("ix_message_appeal", [sa.text("(pause_keys[1])")], "recipient IS NOT NULL")


def downgrade() -> None:
    names = ("claim", "keys", "paced", "mailbox", "tally", "appeal")
    for name in names:
        op.drop_index(f"ix_message_{name}", "message")
    _index("ix_message_claim", ["lane", "not_before"], FREELY)
    _index("ix_message_paced", ["budget_key", "state", "not_before"], IN_TURN)
    _index("ix_message_mailbox", ["mailbox_index", "created_at"])
    _index("ix_message_state", ["state", "kind"])
    _sort_keys_by('"default"')


def _sort_keys_by(collation: str) -> None:
    op.execute(f"ALTER TABLE message ALTER COLUMN pause_keys TYPE text[] COLLATE {collation}")


def _index(name: str, columns: list, where: str | None = None) -> None:
    op.create_index(name, "message", columns, postgresql_where=sa.text(where) if where else None)
