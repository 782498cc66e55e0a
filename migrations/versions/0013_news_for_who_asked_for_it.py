"""News of an appeal for who asked for it, and when each of them had some last."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.add_column("signature", sa.Column("news_at", moment, nullable=True))
    op.create_index(
        "ix_signature_news",
        "signature",
        ["appeal_id", "id"],
        unique=False,
        postgresql_where=sa.text("state = 'confirmed' AND updates"),
    )
    op.create_table(
        "news",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("appeal_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), server_default="draft", nullable=False),
        sa.Column("texts", postgresql.JSONB(), nullable=False),
        sa.Column("organiser_id", sa.Uuid(), nullable=True),
        sa.Column("expected", sa.Integer(), server_default="0", nullable=False),
        sa.Column("queued", sa.Integer(), server_default="0", nullable=False),
        sa.Column("reached", sa.Uuid(), nullable=True),
        sa.Column("at", moment, server_default=sa.text("clock()"), nullable=False),
        sa.Column("released_at", moment, nullable=True),
        sa.Column("ended_at", moment, nullable=True),
        sa.ForeignKeyConstraint(["appeal_id"], ["appeal.id"], name=op.f("fk_news_appeal_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["organiser_id"], ["organiser.id"], name=op.f("fk_news_organiser_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_news")),
    )
    op.create_index("ix_news_appeal", "news", ["appeal_id", "at"], unique=False)
    op.create_index(
        "ix_news_at_work",
        "news",
        ["at"],
        unique=False,
        postgresql_where=sa.text("state IN ('sending', 'stopping')"),
    )


def downgrade() -> None:
    op.drop_table("news")
    op.drop_index("ix_signature_news", "signature")
    op.drop_column("signature", "news_at")
