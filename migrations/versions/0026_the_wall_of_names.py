"""The public wall: batches of names that organisers put up, and where by lot each stands."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    op.create_table(
        "wall_release",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("appeal_id", sa.Uuid(), nullable=False),
        sa.Column("organiser_id", sa.Uuid(), nullable=True),
        sa.Column("names", sa.Integer(), nullable=False),
        sa.Column("released_at", sa.DateTime(timezone=True), server_default=sa.text("clock()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["appeal_id"], ["appeal.id"], name=op.f("fk_wall_release_appeal_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["organiser_id"], ["organiser.id"], name=op.f("fk_wall_release_organiser_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wall_release")),
    )
    op.create_table(
        "wall_name",
        sa.Column("signature_id", sa.Uuid(), nullable=False),
        sa.Column("appeal_id", sa.Uuid(), nullable=False),
        sa.Column("release_id", sa.Uuid(), nullable=True),
        sa.Column("place", sa.Float(), server_default=sa.text("random()"), nullable=False),
        sa.Column("short", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.ForeignKeyConstraint(
            ["signature_id"], ["signature.id"], name=op.f("fk_wall_name_signature_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["release_id"], ["wall_release.id"], name=op.f("fk_wall_name_release_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("signature_id", name=op.f("pk_wall_name")),
    )
    op.create_index(
        "ix_wall_name_place",
        "wall_name",
        ["appeal_id", "place"],
        postgresql_where=sa.text("release_id IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_table("wall_name")
    op.drop_table("wall_release")
