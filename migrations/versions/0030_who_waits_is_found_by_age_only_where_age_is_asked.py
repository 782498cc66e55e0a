"""The index of all that wait serves who asks by age, and is never taken for the way to one person's."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"

TABLES = ("signature", "letter")


def upgrade() -> None:
    _anew("lower(state) = 'pending'")


def downgrade() -> None:
    _anew("state = 'pending'")


def _anew(which: str) -> None:
    for table in TABLES:
        op.drop_index(f"ix_{table}_waiting", table)
        op.create_index(f"ix_{table}_waiting", table, ["created_at"], postgresql_where=sa.text(which))
