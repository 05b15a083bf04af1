"""Watches, events, deliveries and the health of sources.

Frozen: spelled out and not taken from `stores.schema`, which goes on changing.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_ROW_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Create the tables."""
    _create_watches()
    _create_events()
    _create_deliveries()
    op.create_table(
        "sources",
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("unreachable_since", sa.BigInteger),
        sa.PrimaryKeyConstraint("name", name="pk_sources"),
    )


def _create_watches() -> None:
    op.create_table(
        "watches",
        sa.Column("id", _ROW_ID, nullable=False, autoincrement=True),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("job", sa.Text, nullable=False),
        sa.Column("origin", sa.Text, nullable=False),
        sa.Column("labels", sa.Text),
        sa.Column("policy", sa.Text),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("state_since", sa.BigInteger, nullable=False),
        sa.Column("state", sa.Text),
        sa.Column("native_state", sa.Text),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("tasks", sa.Text),
        sa.Column("unmapped", sa.Text),
        sa.Column("overdue_at", sa.BigInteger),
        sa.Column("ended_at", sa.BigInteger),
        sa.Column("lost", sa.Boolean, nullable=False),
        sa.Column("list_group", sa.Text),
        sa.Column("observation", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_watches"),
        sa.UniqueConstraint("source", "job", name="uq_watches_source_job"),
        sqlite_autoincrement=True,
    )
    ended = sa.text("ended_at IS NOT NULL")
    op.create_index("ix_watches_ended_at", "watches", ["ended_at"], sqlite_where=ended, postgresql_where=ended)


def _create_events() -> None:
    op.create_table(
        "events",
        sa.Column("position", _ROW_ID, nullable=False, autoincrement=True),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("watch_id", sa.BigInteger),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("observed_at", sa.BigInteger, nullable=False),
        sa.Column("committed_at", sa.BigInteger, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("position", name="pk_events"),
        sa.UniqueConstraint("id", name="uq_events_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_events_watch_id", "events", ["watch_id", "position"])
    op.create_index("ix_events_committed_at", "events", ["committed_at"])


def _create_deliveries() -> None:
    op.create_table(
        "deliveries",
        sa.Column("position", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("sink", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("next_attempt_at", sa.BigInteger),
        sa.Column("finished_at", sa.BigInteger),
        sa.Column("error", sa.Text),
        sa.PrimaryKeyConstraint("position", "sink", name="pk_deliveries"),
        sqlite_with_rowid=False,
    )
    pending, dead = sa.text("status = 'pending'"), sa.text("status = 'dead'")
    op.create_index(
        "ix_deliveries_pending",
        "deliveries",
        ["sink", "position"],
        sqlite_where=pending,
        postgresql_where=pending,
    )
    op.create_index("ix_deliveries_dead", "deliveries", ["sink", "position"], sqlite_where=dead, postgresql_where=dead)
