"""Joins alembic to the connection that the store hands over; the store's transaction is the migration's too."""

from alembic import context

context.configure(connection=context.config.attributes["connection"], transactional_ddl=True)
with context.begin_transaction():
    context.run_migrations()
