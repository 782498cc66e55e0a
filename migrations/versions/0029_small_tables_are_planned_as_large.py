"""What grows is not measured while it is small: plans kept since then would go through all of it once it is large.

PostgreSQL plans a table that it never measured as if it had some pages, so that it uses an index.
"""

from alembic import op

revision = "0029"
down_revision = "0028"

TABLES = ("signature", "message", "message_event", "letter")
LATER = ("autovacuum_analyze_threshold", "autovacuum_vacuum_threshold")  # rows changed; else 50


def upgrade() -> None:
    for table in TABLES:
        op.execute(f"ALTER TABLE {table} SET ({', '.join(f'{name} = 1000' for name in LATER)})")


def downgrade() -> None:
    for table in TABLES:
        op.execute(f"ALTER TABLE {table} RESET ({', '.join(LATER)})")
