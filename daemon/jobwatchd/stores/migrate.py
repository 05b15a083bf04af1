"""Brings the schema of a database up to date with Alembic, from the revisions that are installed beside this file."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from jobwatchd.errors import StoreUnusable

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
        msg = (
            f"the store's schema (revision {current}) is newer than this version of jobwatchd knows "
            f"(up to {script.get_current_head()}); install the newer version again, or restore a backup from before it"
        )
        raise StoreUnusable(msg)
    if current != script.get_current_head():
        command.upgrade(config, revision)
