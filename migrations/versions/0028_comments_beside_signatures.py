"""Comments beside signatures, sealed until an organiser has read them."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "comment",
        sa.Column("signature_id", sa.Uuid(), nullable=False),
        sa.Column("appeal_id", sa.Uuid(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.Text(), server_default="waiting", nullable=False),
        sa.Column("shown", sa.Text(), nullable=True),
        sa.Column("created_at", moment, server_default=sa.text("clock()"), nullable=False),
        sa.Column("decided_at", moment, nullable=True),
        sa.CheckConstraint("(shown IS NOT NULL) = (state = 'approved')", name=op.f("ck_comment_shown")),
        sa.ForeignKeyConstraint(
            ["signature_id"], ["signature.id"], name=op.f("fk_comment_signature_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("signature_id", name=op.f("pk_comment")),
    )
    op.create_index("ix_comment_state", "comment", ["appeal_id", "state", "created_at"])


def downgrade() -> None:
    op.drop_table("comment")
