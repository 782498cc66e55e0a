"""The letter that organisers send to themselves before a gate opens."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "trial_letter",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("appeal_id", sa.Uuid(), nullable=False),
        sa.Column("office_id", sa.Uuid(), nullable=False),
        sa.Column("organiser_id", sa.Uuid(), nullable=True),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("route", sa.LargeBinary(), nullable=False),
        sa.Column("relay", sa.Text(), nullable=False),
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column("sent_at", moment, server_default=sa.text("clock()"), nullable=False),
        sa.Column("received_at", moment, nullable=True),
        sa.Column("received_by", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["appeal_id"], ["appeal.id"], name=op.f("fk_trial_letter_appeal_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["office_id"], ["office.id"], name=op.f("fk_trial_letter_office_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["organiser_id"], ["organiser.id"], name=op.f("fk_trial_letter_organiser_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["received_by"], ["organiser.id"], name=op.f("fk_trial_letter_received_by"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trial_letter")),
    )
    op.create_index(op.f("ix_trial_letter_appeal_id"), "trial_letter", ["appeal_id"], unique=False)


def downgrade() -> None:
    op.drop_table("trial_letter")
