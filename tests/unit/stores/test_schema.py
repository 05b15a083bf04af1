"""The SQL is not SQLite's alone."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import make_url
from sqlalchemy.schema import CreateIndex, CreateTable

from jobwatchd.model.job import SHARDS, JobReference
from jobwatchd.stores import sql_commit, sql_deliveries, sql_watches
from jobwatchd.stores.codec import from_micros
from jobwatchd.stores.schema import deliveries, insert_missing, metadata, sources, watches

POSTGRESQL = make_url("postgresql://").get_dialect()()
STATEMENTS = {
    f"{module.__name__.rpartition('.')[2]}{name}": value
    for module in (sql_commit, sql_deliveries, sql_watches)
    for name, value in vars(module).items()
    if name.isupper() and hasattr(value, "compile")
}


@pytest.mark.parametrize("name", STATEMENTS)
def test_every_standing_statement_compiles_for_postgresql(name: str) -> None:
    """A construct that only SQLite has would be found here."""
    assert str(STATEMENTS[name].compile(dialect=POSTGRESQL))


def test_the_tables_compile_for_postgresql() -> None:
    """Ids count by themselves, and the partial indexes are partial there, too."""
    tables = {table.name: str(CreateTable(table).compile(dialect=POSTGRESQL)) for table in metadata.sorted_tables}
    assert "id BIGSERIAL NOT NULL" in tables["watches"]
    assert "position BIGSERIAL NOT NULL" in tables["events"]
    indexes = [str(CreateIndex(index).compile(dialect=POSTGRESQL)) for index in sorted(deliveries.indexes, key=str)]
    assert any("WHERE status = 'pending'" in index for index in indexes)


def test_compare_and_set_locks_what_it_compares() -> None:
    """With several writers, nobody may change a version between the look and the write."""
    for name in ("sql_commit_VERSIONS", "sql_commit_SOURCE_VERSIONS"):
        assert str(STATEMENTS[name].compile(dialect=POSTGRESQL)).endswith("FOR UPDATE")


def test_inserting_what_is_missing_is_known_to_both_databases() -> None:
    """The words differ from standard SQL in the same way."""
    for table in (watches, sources):
        statement = insert_missing(table, "postgresql")
        assert "ON CONFLICT DO NOTHING" in str(statement.compile(dialect=POSTGRESQL))


def test_shards_never_move() -> None:
    """Computed by every version and every replica alike; these are frozen."""
    assert [JobReference("graph", job).shard for job in ("1964", "a/b")] == [27, 20]
    assert {JobReference("graph", str(number)).shard for number in range(2_000)} == set(range(SHARDS))


def test_the_epoch_is_1970() -> None:
    """Instants in the database can be read by other tools."""
    assert from_micros(0) == datetime(1970, 1, 1, tzinfo=UTC)
