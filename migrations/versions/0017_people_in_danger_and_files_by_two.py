"""People in danger: what is stopped by one press; and files of sensitive appeals, which take two organisers."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.add_column("appeal", sa.Column("in_danger_at", moment, nullable=True))
    op.create_table(
        "export_leave",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("appeal_id", sa.Uuid(), nullable=False),
        sa.Column("audience", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.Uuid(), nullable=False),
        sa.Column("asked_at", moment, server_default=sa.text("clock()"), nullable=False),
        sa.Column("given_by", sa.Uuid(), nullable=True),
        sa.Column("given_at", moment, nullable=True),
        sa.Column("refused_at", moment, nullable=True),
        sa.Column("used_at", moment, nullable=True),
        sa.CheckConstraint("given_by <> asked_by", name=op.f("ck_export_leave_two_people")),
        sa.ForeignKeyConstraint(
            ["appeal_id"], ["appeal.id"], name=op.f("fk_export_leave_appeal_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["asked_by"], ["organiser.id"], name=op.f("fk_export_leave_asked_by"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["given_by"], ["organiser.id"], name=op.f("fk_export_leave_given_by"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_export_leave")),
    )
    op.create_index(
        "uq_export_leave_open",
        "export_leave",
        ["appeal_id", "audience", "asked_by"],
        unique=True,
        postgresql_where=sa.text("used_at IS NULL AND refused_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_table("export_leave")
    op.drop_column("appeal", "in_danger_at")
