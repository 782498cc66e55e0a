"""Digests remember how many letters they took along, and what offices answered to them."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.add_column("digest", sa.Column("letters", sa.Integer(), nullable=True))
    op.create_table(
        "digest_reply",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("digest_id", sa.Uuid(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("received_at", moment, server_default=sa.text("clock()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["digest_id"], ["digest.id"], name=op.f("fk_digest_reply_digest_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_digest_reply")),
    )
    op.create_index(op.f("ix_digest_reply_digest_id"), "digest_reply", ["digest_id"], unique=False)


def downgrade() -> None:
    op.drop_table("digest_reply")
    op.drop_column("digest", "letters")
