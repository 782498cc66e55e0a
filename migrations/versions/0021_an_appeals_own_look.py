"""An appeal's own look: colour, logo and picture."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    op.add_column("appeal", sa.Column("look", postgresql.JSONB(none_as_null=True), nullable=True))
    op.create_table(
        "appeal_picture",
        sa.Column("appeal_id", sa.Uuid(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["appeal_id"], ["appeal.id"], name=op.f("fk_appeal_picture_appeal_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("appeal_id", "part", name=op.f("pk_appeal_picture")),
    )


def downgrade() -> None:
    op.drop_table("appeal_picture")
    op.drop_column("appeal", "look")
