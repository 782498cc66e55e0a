"""Appeals whose organisers ask everybody who signs for proof of work."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    op.create_table(
        "proof_switch",
        sa.Column("appeal_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["appeal_id"], ["appeal.id"], name=op.f("fk_proof_switch_appeal_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("appeal_id", name=op.f("pk_proof_switch")),
    )


def downgrade() -> None:
    op.drop_table("proof_switch")
