"""The outbox is vacuumed after a twentieth of it changed, so that it can be counted in its index (``tallying``)."""

from alembic import op

revision = "0027"
down_revision = "0026"

SOONER = ("autovacuum_vacuum_scale_factor", "autovacuum_vacuum_insert_scale_factor")


def upgrade() -> None:
    op.execute(f"ALTER TABLE message SET ({', '.join(f'{name} = 0.05' for name in SOONER)})")


def downgrade() -> None:
    op.execute(f"ALTER TABLE message RESET ({', '.join(SOONER)})")
