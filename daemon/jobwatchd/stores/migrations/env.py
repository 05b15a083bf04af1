"""Alembic's entry: runs revisions on the connection, and inside the transaction, that `stores.migrate` hands over."""

from alembic import context

from jobwatchd.stores.migrate import VERSION_TABLE
from jobwatchd.stores.schema import metadata

context.configure(
    connection=context.config.attributes["connection"], target_metadata=metadata, version_table=VERSION_TABLE
)
with context.begin_transaction():
    context.run_migrations()
