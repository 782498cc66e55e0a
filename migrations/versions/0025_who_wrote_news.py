"""Who wrote news last, and when: of a sensitive appeal somebody else releases it."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    op.add_column("news", sa.Column("written_by", sa.Uuid(), nullable=True))
    op.add_column("news", sa.Column("written_at", sa.DateTime(timezone=True), nullable=True))
    op.create_foreign_key(
        op.f("fk_news_written_by"), "news", "organiser", ["written_by"], ["id"], ondelete="SET NULL"
    )


def downgrade() -> None:
    op.drop_column("news", "written_at")
    op.drop_column("news", "written_by")
