"""Signatures, and the tally that a trigger keeps."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

# What counts is decided here and nowhere else. WHEN is evaluated without calling the function, so that the
# busiest statement, inserting a pending signature, pays nothing.
TALLY = """
CREATE FUNCTION tally_signature() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP <> 'INSERT' AND OLD.state = 'confirmed' AND OLD.held_at IS NULL THEN
    INSERT INTO tally_change (appeal_id, country, change)
      VALUES (OLD.appeal_id, coalesce(OLD.country, ''), -1);
  END IF;
  IF TG_OP <> 'DELETE' AND NEW.state = 'confirmed' AND NEW.held_at IS NULL THEN
    INSERT INTO tally_change (appeal_id, country, change)
      VALUES (NEW.appeal_id, coalesce(NEW.country, ''), 1);
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER signature_added AFTER INSERT ON signature
  FOR EACH ROW WHEN (NEW.state = 'confirmed' AND NEW.held_at IS NULL) EXECUTE FUNCTION tally_signature();
CREATE TRIGGER signature_changed AFTER UPDATE OF state, held_at, country, appeal_id ON signature
  FOR EACH ROW WHEN (
    (OLD.state = 'confirmed' AND OLD.held_at IS NULL)
      IS DISTINCT FROM (NEW.state = 'confirmed' AND NEW.held_at IS NULL)
    OR OLD.country IS DISTINCT FROM NEW.country OR OLD.appeal_id <> NEW.appeal_id
  ) EXECUTE FUNCTION tally_signature();
CREATE TRIGGER signature_removed AFTER DELETE ON signature
  FOR EACH ROW WHEN (OLD.state = 'confirmed' AND OLD.held_at IS NULL) EXECUTE FUNCTION tally_signature();
"""


def upgrade() -> None:
    op.create_table(
        "tally_change",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("appeal_id", sa.Uuid(), nullable=False),
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("change", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tally_change")),
    )
    op.create_table(
        "tally",
        sa.Column("appeal_id", sa.Uuid(), nullable=False),
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("signatures", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["appeal_id"], ["appeal.id"], name=op.f("fk_tally_appeal_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("appeal_id", "country", name=op.f("pk_tally")),
    )
    op.create_table(
        "tally_peak",
        sa.Column("appeal_id", sa.Uuid(), nullable=False),
        sa.Column("signatures", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["appeal_id"], ["appeal.id"], name=op.f("fk_tally_peak_appeal_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("appeal_id", name=op.f("pk_tally_peak")),
    )
    op.create_table(
        "signature",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("appeal_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), server_default="pending", nullable=False),
        sa.Column("held_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("held_reasons", sa.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("email_index", sa.LargeBinary(), nullable=True),
        sa.Column("person_index", sa.LargeBinary(), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("country", sa.Text(), nullable=True),
        sa.Column("visibility", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("public_name", sa.Text(), nullable=True),
        sa.Column("wording_id", sa.Uuid(), nullable=False),
        sa.Column("updates", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("origin", sa.Text(), server_default="real", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("clock()"), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["appeal_id"], ["appeal.id"], name=op.f("fk_signature_appeal_id")),
        sa.ForeignKeyConstraint(["wording_id"], ["consent_wording.id"], name=op.f("fk_signature_wording_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signature")),
    )
    op.create_index(
        "ix_signature_export",
        "signature",
        ["appeal_id", "confirmed_at", "id"],
        unique=False,
        postgresql_where=sa.text("state = 'confirmed'"),
    )
    op.create_index(
        "ix_signature_pending",
        "signature",
        ["appeal_id", "email_index"],
        unique=False,
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.create_index("ix_signature_person", "signature", ["person_index"], unique=False)
    op.create_index(
        "ix_signature_waiting",
        "signature",
        ["created_at"],
        unique=False,
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.create_index(
        "uq_signature_confirmed",
        "signature",
        ["appeal_id", "email_index"],
        unique=True,
        postgresql_where=sa.text("state = 'confirmed'"),
    )

    op.execute(TALLY)


def downgrade() -> None:
    op.drop_table("signature")
    op.drop_table("tally_peak")
    op.drop_table("tally")
    op.drop_table("tally_change")

    op.execute("DROP FUNCTION tally_signature CASCADE")
