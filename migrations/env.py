"""Alembic's entry: it runs on the connection that ``campaign.db.upgrade`` holds, never on one of its own."""

from alembic import context

from campaign.db import Base

context.configure(connection=context.config.attributes["connection"], target_metadata=Base.metadata)
context.run_migrations()
