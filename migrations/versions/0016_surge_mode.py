"""Surge mode of an appeal: who or what began it, and the countries as they stood then."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "surge",
        sa.Column("appeal_id", sa.Uuid(), nullable=False),
        sa.Column("chosen", sa.Boolean(), nullable=True),
        sa.Column("busy_at", moment, nullable=True),
        sa.Column("began_at", moment, nullable=True),
        sa.Column("began_by", sa.Text(), nullable=True),
        sa.Column("organiser_id", sa.Uuid(), nullable=True),
        sa.Column("frozen", postgresql.JSONB(none_as_null=True), nullable=True),
        sa.ForeignKeyConstraint(["appeal_id"], ["appeal.id"], name=op.f("fk_surge_appeal_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["organiser_id"], ["organiser.id"], name=op.f("fk_surge_organiser_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("appeal_id", name=op.f("pk_surge")),
    )


def downgrade() -> None:
    op.drop_table("surge")
