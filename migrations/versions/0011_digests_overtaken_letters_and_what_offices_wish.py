"""Digests, letters that were overtaken, what offices wish, and how alike letters are."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "digest",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("appeal_id", sa.Uuid(), nullable=False),
        sa.Column("office_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), server_default="gathering", nullable=False),
        sa.Column("created_at", moment, server_default=sa.text("clock()"), nullable=False),
        sa.Column("due_at", moment, nullable=False),
        sa.Column("released_at", moment, nullable=True),
        sa.Column("released_by", sa.Uuid(), nullable=True),
        sa.Column("ended_at", moment, nullable=True),
        sa.ForeignKeyConstraint(["appeal_id"], ["appeal.id"], name=op.f("fk_digest_appeal_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["office_id"], ["office.id"], name=op.f("fk_digest_office_id")),
        sa.ForeignKeyConstraint(
            ["released_by"], ["organiser.id"], name=op.f("fk_digest_released_by"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_digest")),
    )
    op.create_index("ix_digest_state", "digest", ["state"], unique=False)
    op.create_index(
        "uq_digest_gathering",
        "digest",
        ["appeal_id", "office_id"],
        unique=True,
        postgresql_where=sa.text("state = 'gathering'"),
    )
    op.create_table(
        "overtaking",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("appeal_id", sa.Uuid(), nullable=False),
        sa.Column("office_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("organiser_id", sa.Uuid(), nullable=True),
        sa.Column("at", moment, server_default=sa.text("clock()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["appeal_id"], ["appeal.id"], name=op.f("fk_overtaking_appeal_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["office_id"], ["office.id"], name=op.f("fk_overtaking_office_id")),
        sa.ForeignKeyConstraint(
            ["organiser_id"], ["organiser.id"], name=op.f("fk_overtaking_organiser_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_overtaking")),
    )
    op.create_index(op.f("ix_overtaking_appeal_id"), "overtaking", ["appeal_id"], unique=False)
    op.create_table(
        "office_wish",
        sa.Column("office_id", sa.Uuid(), nullable=False),
        sa.Column("generation", sa.Integer(), server_default="1", nullable=False),
        sa.Column("choice", sa.Text(), server_default="each", nullable=False),
        sa.Column("chosen_at", moment, nullable=True),
        sa.Column("stopped_at", moment, nullable=True),
        sa.ForeignKeyConstraint(
            ["office_id"], ["office.id"], name=op.f("fk_office_wish_office_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("office_id", name=op.f("pk_office_wish")),
    )
    op.add_column("letter", sa.Column("signature", sa.LargeBinary(), nullable=True))
    op.add_column("letter", sa.Column("likeness", sa.Integer(), nullable=True))
    op.add_column("letter", sa.Column("digest_id", sa.Uuid(), nullable=True))
    op.add_column("letter", sa.Column("overtaken_id", sa.Uuid(), nullable=True))
    op.add_column("letter", sa.Column("received_at", moment, nullable=True))
    op.create_foreign_key(op.f("fk_letter_digest_id"), "letter", "digest", ["digest_id"], ["id"])
    op.create_foreign_key(
        op.f("fk_letter_overtaken_id"), "letter", "overtaking", ["overtaken_id"], ["id"], ondelete="SET NULL"
    )
    op.create_index(op.f("ix_letter_digest_id"), "letter", ["digest_id"], unique=False)


def downgrade() -> None:
    for name in ("digest_id", "overtaken_id", "signature", "likeness", "received_at"):
        op.drop_column("letter", name)
    op.drop_table("office_wish")
    op.drop_table("overtaking")
    op.drop_table("digest")
