"""By which relay, account and sender an organiser opened a gate, and when a gate shut by itself.

Whoever opened one received a test letter by the relay of that day, so that letter says it of a gate that stands open.
"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    op.add_column("letter_gate", sa.Column("route", sa.LargeBinary(), nullable=True))
    op.add_column("letter_gate", sa.Column("relay", sa.Text(), nullable=True))
    op.add_column("letter_gate", sa.Column("domain", sa.Text(), nullable=True))
    op.add_column("letter_gate", sa.Column("shut_at", sa.DateTime(timezone=True), nullable=True))
    op.execute(
        """
        UPDATE letter_gate SET route = came.route, relay = came.relay, domain = came.domain
        FROM (
          SELECT DISTINCT ON (appeal_id) appeal_id, trial_letter.route, trial_letter.relay, trial_letter.domain
          FROM trial_letter JOIN letter_gate USING (appeal_id) WHERE received_at <= opened_at
          ORDER BY appeal_id, received_at DESC
        ) AS came WHERE came.appeal_id = letter_gate.appeal_id
        """
    )


def downgrade() -> None:
    for name in ("route", "relay", "domain", "shut_at"):
        op.drop_column("letter_gate", name)
