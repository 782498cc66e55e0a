"""Mail that comes in: what was handled, the health of addresses, replies of offices, and digests of what was sent."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.add_column("message", sa.Column("content_digest", sa.LargeBinary(), nullable=True))
    op.add_column(
        "suppression", sa.Column("updates_only", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
    op.create_table(
        "address_report",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("recipient_index", sa.LargeBinary(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("sort", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("clock()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"], ["message.id"], name=op.f("fk_address_report_message_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_address_report")),
    )
    op.create_index("ix_address_report_address", "address_report", ["recipient_index", "at"], unique=False)
    op.create_index(op.f("ix_address_report_message_id"), "address_report", ["message_id"], unique=False)
    op.create_table(
        "incoming_mail",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("sort", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("clock()"), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_incoming_mail")),
    )
    op.create_index(op.f("ix_incoming_mail_at"), "incoming_mail", ["at"], unique=False)
    op.create_table(
        "letter_reply",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("letter_id", sa.Uuid(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), server_default=sa.text("clock()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["letter_id"], ["letter.id"], name=op.f("fk_letter_reply_letter_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_letter_reply")),
    )
    op.create_index(op.f("ix_letter_reply_letter_id"), "letter_reply", ["letter_id"], unique=False)


def downgrade() -> None:
    op.drop_table("letter_reply")
    op.drop_table("incoming_mail")
    op.drop_table("address_report")
    op.drop_column("suppression", "updates_only")
    op.drop_column("message", "content_digest")
