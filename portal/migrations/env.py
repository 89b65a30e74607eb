"""Alembic's way in: portal.schema brings the connection, inside the transaction in which the step is made."""

from alembic import context

from portal.schema import all_tables

context.configure(connection=context.config.attributes["connection"], target_metadata=all_tables(), render_as_batch=True)
context.run_migrations()
