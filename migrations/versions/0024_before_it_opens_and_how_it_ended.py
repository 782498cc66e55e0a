"""The day for which an appeal is announced, and how it ended."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    op.add_column("appeal", sa.Column("opens_on", sa.Date(), nullable=True))
    op.add_column("appeal", sa.Column("outcome", sa.Text(), nullable=True))
    op.create_check_constraint(op.f("ck_appeal_outcome"), "appeal", "outcome IN ('won', 'part')")


def downgrade() -> None:
    op.drop_column("appeal", "outcome")
    op.drop_column("appeal", "opens_on")
