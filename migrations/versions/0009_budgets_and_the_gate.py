"""How much an office and a mail domain bear, and whether an appeal's letters may leave."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

CLAIMABLE = "state IN ('ready', 'deferred')"
PACED = "lane = 1 AND mode = 'live' AND budget_key IS NOT NULL"


def upgrade() -> None:
    op.create_table(
        "budget",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("per_day", sa.Integer(), nullable=False),
        sa.Column("per_hour", sa.Integer(), nullable=False),
        sa.Column("opens", sa.Integer(), nullable=False),
        sa.Column("closes", sa.Integer(), nullable=False),
        sa.Column("mode", sa.Text(), server_default="each", nullable=False),
        sa.Column("blocked", sa.Text(), nullable=True),
        sa.Column("slowed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=sa.text("clock()"), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_budget")),
    )
    op.add_column("message", sa.Column("paced", sa.Boolean(), sa.Computed(PACED, persisted=True), nullable=False))
    op.add_column("message", sa.Column("turn_at", sa.DateTime(timezone=True), nullable=True))
    op.drop_index("ix_message_claim", "message")
    for name, columns, where in (
        ("ix_message_claim", ["lane", "not_before"], f"{CLAIMABLE} AND NOT paced"),
        ("ix_message_paced", ["budget_key", "state", "not_before"], f"{CLAIMABLE} AND paced"),
        ("ix_message_office_turn", ["budget_key", "turn_at"], "turn_at IS NOT NULL"),
        ("ix_message_domain_turn", ["recipient_domain", "turn_at"], "turn_at IS NOT NULL"),
    ):
        op.create_index(name, "message", columns, unique=False, postgresql_where=sa.text(where))
    op.create_table(
        "letter_gate",
        sa.Column("appeal_id", sa.Uuid(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("opened_by", sa.Uuid(), nullable=True),
        sa.Column("finish_by", sa.Date(), nullable=True),
        sa.Column("urgent", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.ForeignKeyConstraint(
            ["appeal_id"], ["appeal.id"], name=op.f("fk_letter_gate_appeal_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["opened_by"], ["organiser.id"], name=op.f("fk_letter_gate_opened_by"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("appeal_id", name=op.f("pk_letter_gate")),
    )


def downgrade() -> None:
    op.drop_table("letter_gate")
    for name in ("ix_message_claim", "ix_message_paced", "ix_message_office_turn", "ix_message_domain_turn"):
        op.drop_index(name, "message")
    op.create_index(
        "ix_message_claim", "message", ["lane", "not_before"], unique=False, postgresql_where=sa.text(CLAIMABLE)
    )
    op.drop_column("message", "turn_at")
    op.drop_column("message", "paced")
    op.drop_table("budget")
