"""What a query asks for, of the watches and events in memory."""

from collections.abc import Mapping

from jobwatchd.model.event import StoredEvent
from jobwatchd.model.query import EventQuery, WatchQuery
from jobwatchd.model.watch import Watch


def is_wanted_watch(watch: Watch, query: WatchQuery) -> bool:
    """Whether a query asks for a watch."""
    return (
        watch.id > query.after
        and query.source in {None, watch.ref.source}
        and query.state in {None, watch.state}
        and query.active in {None, watch.ended_at is None}
        and query.origin in {None, watch.origin}
        and _has_labels(watch.labels, query.labels)
    )


def is_wanted_event(stored: StoredEvent, query: EventQuery) -> bool:
    """Whether a query asks for an event."""
    in_page = stored.position > query.after
    if query.newest_first:
        in_page = query.after == 0 or stored.position < query.after
    return (
        in_page
        and query.watch_id in {None, stored.event.watch_id}
        and query.source in {None, stored.event.source}
        and (not query.types or stored.event.type in query.types)
    )


def _has_labels(labels: Mapping[str, str], wanted: Mapping[str, str]) -> bool:
    return all(labels.get(name) == value for name, value in wanted.items())
