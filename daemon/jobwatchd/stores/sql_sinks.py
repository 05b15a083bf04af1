"""Sinks that deliveries wait for though they are not configured, in SQL."""

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import Connection, delete, select

from jobwatchd.stores.codec import from_micros, to_micros
from jobwatchd.stores.schema import insert_missing, missing_sinks


def mark(connection: Connection, names: Collection[str], now: datetime) -> Mapping[str, datetime]:
    """Remember these, and no others, as missing; returns since when each is."""
    connection.execute(delete(missing_sinks).where(missing_sinks.c.name.not_in(names)))
    if names:
        rows = [{"name": name, "missing_since": to_micros(now)} for name in names]
        connection.execute(insert_missing(missing_sinks, connection.dialect.name), rows)
    return missing(connection)


def missing(connection: Connection) -> Mapping[str, datetime]:
    """Return since when which sinks are missing."""
    return {row.name: from_micros(row.missing_since) for row in connection.execute(select(missing_sinks))}
