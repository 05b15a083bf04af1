"""Give every watch its shard, so that replicas can share the watches out."""

from zlib import crc32

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_BATCH = 5_000
_SHARDS = 64

_watches = sa.table(
    "watches",
    sa.column("id", sa.BigInteger),
    sa.column("source", sa.Text),
    sa.column("job", sa.Text),
    sa.column("shard"),
)


def upgrade() -> None:
    """Add the column and compute it for the watches that are there."""
    op.add_column("watches", sa.Column("shard", sa.SmallInteger, nullable=False, server_default=sa.text("0")))
    connection = op.get_bind()
    page = sa.select(_watches.c.id, _watches.c.source, _watches.c.job).order_by(_watches.c.id).limit(_BATCH)
    assign = sa.update(_watches).where(_watches.c.id == sa.bindparam("watch_id")).values(shard=sa.bindparam("its"))
    after = 0
    while rows := connection.execute(page.where(_watches.c.id > after)).all():
        shards = [crc32(f"{row.source}/{row.job}".encode()) % _SHARDS for row in rows]
        connection.execute(assign, [{"watch_id": row.id, "its": its} for row, its in zip(rows, shards, strict=True)])
        after = rows[-1].id
