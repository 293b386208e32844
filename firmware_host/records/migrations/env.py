"""What alembic runs: on the connection, and within the transaction, of ``firmware_host.records.database``."""

from alembic import context

from firmware_host.records.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, render_as_batch=True)
context.run_migrations()
