"""Alembic's entry: runs revisions on the connection, and inside the transaction, that `schema.upgrade` hands over."""

from alembic import context

from jobwatchd.stores.schema import VERSION_TABLE, metadata

context.configure(
    connection=context.config.attributes["connection"], target_metadata=metadata, version_table=VERSION_TABLE
)
with context.begin_transaction():
    context.run_migrations()
