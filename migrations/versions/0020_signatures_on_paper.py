"""Signatures on paper: batches that two people counted, and the lines that give an address."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0020"
down_revision = "0019"

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "paper_batch",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("appeal_id", sa.Uuid(), nullable=False),
        sa.Column("wording_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), server_default="entered", nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("collected_on", sa.Date(), nullable=False),
        sa.Column("sheets", sa.Integer(), nullable=False),
        sa.Column("entered", postgresql.JSONB(), nullable=False),
        sa.Column("signatures", sa.Integer(), nullable=False),
        sa.Column("entered_by", sa.Uuid(), nullable=False),
        sa.Column("checked", postgresql.JSONB(none_as_null=True), nullable=True),
        sa.Column("checked_by", sa.Uuid(), nullable=True),
        sa.Column("ended_by", sa.Uuid(), nullable=True),
        sa.Column("why", sa.Text(), nullable=True),
        sa.Column("removed", sa.Integer(), nullable=True),
        sa.Column("at", MOMENT, server_default=sa.text("clock()"), nullable=False),
        sa.Column("counted_at", MOMENT, nullable=True),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.CheckConstraint("checked_by IS NULL OR checked_by <> entered_by", name=op.f("ck_paper_batch_two_people")),
        sa.CheckConstraint(
            "state NOT IN ('counted', 'withdrawn') OR (checked_by IS NOT NULL AND checked = entered)",
            name=op.f("ck_paper_batch_both_counted_the_same"),
        ),
        sa.CheckConstraint(
            "sheets BETWEEN 1 AND 500 AND signatures BETWEEN sheets AND 10 * sheets",
            name=op.f("ck_paper_batch_lines_of_sheets"),
        ),
        sa.ForeignKeyConstraint(
            ["appeal_id"], ["appeal.id"], name=op.f("fk_paper_batch_appeal_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["wording_id"], ["consent_wording.id"], name=op.f("fk_paper_batch_wording_id")),
        sa.ForeignKeyConstraint(["entered_by"], ["organiser.id"], name=op.f("fk_paper_batch_entered_by")),
        sa.ForeignKeyConstraint(["checked_by"], ["organiser.id"], name=op.f("fk_paper_batch_checked_by")),
        sa.ForeignKeyConstraint(["ended_by"], ["organiser.id"], name=op.f("fk_paper_batch_ended_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_paper_batch")),
    )
    op.create_index("ix_paper_batch_appeal", "paper_batch", ["appeal_id", "at"])
    op.create_table(
        "paper_line",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("appeal_id", sa.Uuid(), nullable=False),
        sa.Column("wording_id", sa.Uuid(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("email_index", sa.LargeBinary(), nullable=True),
        sa.Column("person_index", sa.LargeBinary(), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", MOMENT, server_default=sa.text("clock()"), nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["paper_batch.id"], name=op.f("fk_paper_line_batch_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["appeal_id"], ["appeal.id"], name=op.f("fk_paper_line_appeal_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["wording_id"], ["consent_wording.id"], name=op.f("fk_paper_line_wording_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_paper_line")),
    )
    op.create_index("ix_paper_line_batch", "paper_line", ["batch_id"])
    op.create_index("ix_paper_line_person", "paper_line", ["person_index"])
    op.create_index(
        "uq_paper_line_counted",
        "paper_line",
        ["appeal_id", "email_index"],
        unique=True,
        postgresql_where=sa.text("state = 'counted'"),
    )


def downgrade() -> None:
    op.drop_table("paper_line")
    op.drop_table("paper_batch")
