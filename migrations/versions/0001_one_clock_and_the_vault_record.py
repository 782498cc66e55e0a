"""One clock for leases and ages, and the record that proves which vault key sealed this database."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

# The offset is a database setting that only the tests ever set; without it, this is clock_timestamp().
CLOCK = """
CREATE FUNCTION clock() RETURNS timestamptz LANGUAGE sql VOLATILE PARALLEL SAFE AS $$
  SELECT clock_timestamp()
    + coalesce(nullif(current_setting('undersigned.clock_offset', true), ''), '0')::interval
$$
"""


def upgrade() -> None:
    op.execute(CLOCK)
    op.create_table(
        "vault_key",
        sa.Column("key_id", sa.Text, primary_key=True),
        sa.Column("proof", sa.LargeBinary, nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock()"), nullable=False
        ),
    )


def downgrade() -> None:
    op.drop_table("vault_key")
    op.execute("DROP FUNCTION clock()")
