"""The tables, portable between SQLite and PostgreSQL; `migrations/` must lead to exactly this (a test compares them).

Instants are whole microseconds since 1970 in UTC: exact, compact, and compared the same way by every database. Text
columns that hold JSON are read and written by `codec` only. There are no foreign keys: events outlive their watches on
purpose, and what belongs together is written and removed in one transaction.
"""

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    literal_column,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite

from jobwatchd.errors import StoreUnusable

metadata = MetaData(
    naming_convention={"pk": "pk_%(table_name)s", "uq": "uq_%(table_name)s_%(column_0_N_name)s"},
)

# SQLite counts its own rows only under the name INTEGER; there it has 64 bits as well.
RowId = BigInteger().with_variant(Integer, "sqlite")

watches = Table(
    "watches",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=True),
    Column("source", Text, nullable=False),
    Column("job", Text, nullable=False),
    Column("origin", Text, nullable=False),
    Column("labels", Text),  # JSON object with sorted keys, so that equal labels are equal text; null for none
    Column("policy", Text),  # JSON object of what departs from the defaults; null for nothing
    Column("created_at", BigInteger, nullable=False),
    Column("state_since", BigInteger, nullable=False),
    Column("state", Text),
    Column("native_state", Text),
    Column("sequence", BigInteger, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("tasks", Text),  # JSON object, task id to state; null for none
    Column("unmapped", Text),  # JSON array of raw words; null for none
    Column("overdue_at", BigInteger),
    Column("ended_at", BigInteger),
    Column("lost", Boolean, nullable=False),
    Column("list_group", Text),  # `Watch.group`; that word is reserved in SQL
    # For people only. By far the longest column: loading all watches leaves it out, and need not read its pages.
    Column("observation", Text),
    Column("shard", SmallInteger, nullable=False, server_default=text("0")),  # `JobReference.shard`
    UniqueConstraint("source", "job"),
    # An id is part of event ids and must never come back, not even that of the newest watch, removed.
    sqlite_autoincrement=True,
)

# Housekeeping looks for what ended long ago; watches that have not ended take no room in the index.
Index(
    "ix_watches_ended_at",
    watches.c.ended_at,
    sqlite_where=watches.c.ended_at.is_not(None),
    postgresql_where=watches.c.ended_at.is_not(None),
)

events = Table(
    "events",
    metadata,
    Column("position", RowId, primary_key=True, autoincrement=True),
    Column("id", Text, nullable=False),
    Column("watch_id", BigInteger),
    Column("source", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("observed_at", BigInteger, nullable=False),
    Column("committed_at", BigInteger, nullable=False),
    Column("body", Text, nullable=False),  # JSON object: the rest of the event
    UniqueConstraint("id"),
    # Readers page by position; one that was used must not come back after pruning.
    sqlite_autoincrement=True,
)

# The history of one watch.
Index("ix_events_watch_id", events.c.watch_id, events.c.position)
# Housekeeping looks for what is old, and finds at once that nothing is.
Index("ix_events_committed_at", events.c.committed_at)

deliveries = Table(
    "deliveries",
    metadata,
    # By position first: pruning an event must find its deliveries. Each sink reads through the partial indexes below.
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("sink", Text, primary_key=True),
    Column("status", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("next_attempt_at", BigInteger),
    Column("finished_at", BigInteger),
    Column("error", Text),
    Column("rejections", Integer, nullable=False, server_default=text("0")),
    Column("rejected_since", BigInteger),
    # The key is half of the row: keep the rows in the index itself.
    sqlite_with_rowid=False,
)

# Written out and not bound as parameters: only then can a planner prove that a partial index serves the query.
IS_PENDING = deliveries.c.status == literal_column("'pending'")
IS_DEAD = deliveries.c.status == literal_column("'dead'")

# Almost all rows are delivered ones, and nobody looks for them: these two stay as small as the backlog.
Index(
    "ix_deliveries_pending",
    deliveries.c.sink,
    deliveries.c.position,
    sqlite_where=IS_PENDING,
    postgresql_where=IS_PENDING,
)
Index("ix_deliveries_dead", deliveries.c.sink, deliveries.c.position, sqlite_where=IS_DEAD, postgresql_where=IS_DEAD)

sources = Table(
    "sources",
    metadata,
    Column("name", Text, primary_key=True),
    Column("created_at", BigInteger, nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("unreachable_since", BigInteger),
)

# Those that deliveries wait for though they are not configured (any more).
missing_sinks = Table(
    "missing_sinks",
    metadata,
    Column("name", Text, primary_key=True),
    Column("missing_since", BigInteger, nullable=False),
)


def insert_missing(table: Table, dialect: str) -> Any:
    """Return an INSERT that leaves out rows whose unique key is there already; standard SQL has no words for it."""
    return _INSERTS[dialect](table).on_conflict_do_nothing()


_INSERTS: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


T = TypeVar("T")

# SQLite may have been built for no more than 999 parameters a statement.
CHUNK = 500


def chunks(items: Iterable[T]) -> Iterator[list[T]]:
    """Yield the items in lists of at most 500."""
    iterator = iter(items)
    while piece := list(islice(iterator, CHUNK)):
        yield piece


# Not Alembic's default name, which another program may use in a shared PostgreSQL database.
VERSION_TABLE = "jobwatchd_schema"


def upgrade(connection: Connection, revision: str = "head") -> None:
    """Run the revisions that are missing, inside the transaction of `connection`, which must hold the write lock.

    Raises `StoreUnusable` where the schema is newer than this version knows; nothing is changed then.
    """
    config = Config()
    # `%` begins an interpolation in Alembic's configuration.
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    script = ScriptDirectory.from_config(config)
    current = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE}).get_current_revision()
    known = {known.revision for known in script.walk_revisions()}
    if current is not None and current not in known:
        raise StoreUnusable(
            f"the store's schema (revision {current}) is newer than this version of jobwatchd knows "
            f"(up to {script.get_current_head()}); install the newer version again, or restore a backup from before it"
        )
    if current != script.get_current_head():
        command.upgrade(config, revision)
