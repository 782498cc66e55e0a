"""Where signatures came from, as far as we may know it; what organisers decide of many; mail by domain and hour."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.add_column("signature", sa.Column("domain", sa.Text(), nullable=True))
    op.add_column("signature", sa.Column("network", sa.Text(), nullable=True))
    op.create_index(
        "ix_signature_held",
        "signature",
        ["appeal_id", "held_at"],
        unique=False,
        postgresql_where=sa.text("held_at IS NOT NULL"),
    )
    op.create_index("ix_signature_recent", "signature", ["created_at"], unique=False, postgresql_using="brin")
    op.create_index(
        "ix_message_people",
        "message",
        ["recipient_domain", "not_before"],
        unique=False,
        postgresql_where=sa.text("lane = 0"),
    )
    op.create_table(
        "decision",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("appeal_id", sa.Uuid(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("asked", postgresql.JSONB(), nullable=False),
        sa.Column("pattern", sa.LargeBinary(), nullable=True),
        sa.Column("why", sa.Text(), nullable=True),
        sa.Column("organiser_id", sa.Uuid(), nullable=True),
        sa.Column("state", sa.Text(), server_default="running", nullable=False),
        sa.Column("expected", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), server_default="0", nullable=False),
        sa.Column("counted", sa.Integer(), server_default="0", nullable=False),
        sa.Column("at", moment, server_default=sa.text("clock()"), nullable=False),
        sa.Column("ended_at", moment, nullable=True),
        sa.Column("undone_at", moment, nullable=True),
        sa.ForeignKeyConstraint(["appeal_id"], ["appeal.id"], name=op.f("fk_decision_appeal_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["organiser_id"], ["organiser.id"], name=op.f("fk_decision_organiser_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decision")),
    )
    op.create_index("ix_decision_appeal", "decision", ["appeal_id", "at"], unique=False)
    op.create_index(
        "ix_decision_at_work",
        "decision",
        ["at"],
        unique=False,
        postgresql_where=sa.text("state IN ('running', 'undoing')"),
    )
    op.create_table(
        "decision_row",
        sa.Column("decision_id", sa.Uuid(), nullable=False),
        sa.Column("signature_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("held_at", moment, nullable=True),
        sa.Column("held_reasons", sa.ARRAY(sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(
            ["decision_id"], ["decision.id"], name=op.f("fk_decision_row_decision_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["signature_id"], ["signature.id"], name=op.f("fk_decision_row_signature_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("decision_id", "signature_id", name=op.f("pk_decision_row")),
    )
    op.create_index(op.f("ix_decision_row_signature_id"), "decision_row", ["signature_id"], unique=False)


def downgrade() -> None:
    op.drop_table("decision_row")
    op.drop_table("decision")
    op.drop_index("ix_message_people", "message")
    op.drop_index("ix_signature_recent", "signature")
    op.drop_index("ix_signature_held", "signature")
    op.drop_column("signature", "network")
    op.drop_column("signature", "domain")
