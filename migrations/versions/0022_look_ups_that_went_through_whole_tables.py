"""Look-ups that went through whole tables: of organisations, letters, and messages of an office or a mailbox."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    op.create_index("ix_organisation_signon_appeal", "organisation_signon", ["appeal_id", "state"])
    op.create_index("ix_letter_of_office", "letter", ["office_id", "state"])
    overtaken = sa.text("overtaken_id IS NOT NULL")
    op.create_index("ix_letter_overtaken", "letter", ["overtaken_id"], postgresql_where=overtaken)
    op.drop_index("ix_message_mailbox")
    op.create_index("ix_message_mailbox", "message", ["mailbox_index", "created_at"])
    of_offices = sa.text("budget_key IS NOT NULL")
    op.create_index("ix_message_budget", "message", ["budget_key", "state"], postgresql_where=of_offices)


def downgrade() -> None:
    op.drop_index("ix_message_mailbox")
    to_people = sa.text("lane = 0")
    op.create_index("ix_message_mailbox", "message", ["mailbox_index", "created_at"], postgresql_where=to_people)
    for index in ("ix_message_budget", "ix_letter_overtaken", "ix_letter_of_office", "ix_organisation_signon_appeal"):
        op.drop_index(index)
