"""Appeals, the versions of their content, and wordings of consent that nobody can change."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"

IMMUTABLE = """
CREATE TRIGGER consent_wording_added_only BEFORE UPDATE ON consent_wording
  FOR EACH ROW EXECUTE FUNCTION added_only();
CREATE TRIGGER appeal_version_added_only BEFORE UPDATE ON appeal_version
  FOR EACH ROW EXECUTE FUNCTION added_only();
"""


def upgrade() -> None:
    op.create_table(
        "appeal",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("sensitive", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("country_at_risk", sa.Text(), nullable=True),
        sa.Column("delete_by", sa.Date(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock()"), nullable=False
        ),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appeal")),
        sa.UniqueConstraint("slug", name=op.f("uq_appeal_slug")),
    )
    op.create_table(
        "appeal_version",
        sa.Column("appeal_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("bundle", sa.Text(), nullable=True),
        sa.Column("content", postgresql.JSONB(), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock()"), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["appeal_id"], ["appeal.id"], name=op.f("fk_appeal_version_appeal_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("appeal_id", "number", name=op.f("pk_appeal_version")),
    )
    op.create_table(
        "consent_wording",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("appeal_id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock()"), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["appeal_id"], ["appeal.id"], name=op.f("fk_consent_wording_appeal_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent_wording")),
        sa.UniqueConstraint(
            "appeal_id",
            "purpose",
            "language",
            "digest",
            name=op.f("uq_consent_wording_appeal_id_purpose_language_digest"),
        ),
    )

    op.execute(IMMUTABLE)


def downgrade() -> None:
    op.drop_table("consent_wording")
    op.drop_table("appeal_version")
    op.drop_table("appeal")
