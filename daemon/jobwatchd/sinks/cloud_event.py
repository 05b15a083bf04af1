"""An event as CloudEvents 1.0 JSON in structured mode: the body of a webhook."""

from datetime import UTC
from typing import Final
from urllib.parse import quote

from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

from jobwatchd.model.event import Event
from jobwatchd.sinks.event_data import ID_BYTES, bounded_key, event_data

CONTENT_TYPE: Final = JSONFormat.CONTENT_TYPE
MAX_BODY = 20_000
_FORMAT = JSONFormat()


def cloud_event(event: Event) -> bytes:
    """Return `event` as CloudEvents JSON: ASCII, less than 20 kB, the same bytes for the same event every time.

    `id` is the event's, the same on every retry. `time` is when it happened by the remote system's clock, where that is
    known, else when it was seen; `data` holds both. `subject` is the job's key, or the source's name. `sequence` is the
    extension of that name: events of one subject sort by it as text. `data` is told in `event_data`.
    """
    attributes = {
        "specversion": "1.0",
        "id": event.id,
        "source": f"/jobwatchd/sources/{quote(bounded_key(event.source, ID_BYTES), safe='')}",
        "type": f"dev.jobwatchd.{event.type}.v1",
        "subject": bounded_key(event.subject),
        "time": (event.occurred_at or event.observed_at).astimezone(UTC),
        "datacontenttype": "application/json",
        # The extension asks for text that sorts in order, hence the leading zeros.
        "sequence": f"{event.sequence:010d}",
    }
    return _FORMAT.write(CloudEvent(attributes, event_data(event)))
