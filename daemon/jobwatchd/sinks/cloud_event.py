"""An event as CloudEvents 1.0 JSON in structured mode: the body of a webhook."""

from typing import Final
from urllib.parse import quote

import orjson

from jobwatchd.model.event import Event
from jobwatchd.sinks.event_data import ID_BYTES, bounded_key, event_data, instant

CONTENT_TYPE: Final = "application/cloudevents+json"
MAX_BODY = 20_000


def cloud_event(event: Event) -> bytes:
    """Return `event` as CloudEvents JSON: UTF-8, less than 20 kB, the same bytes for the same event every time.

    `id` is the event's, the same on every retry. `time` is when it happened by the remote system's clock, where that is
    known, else when it was seen; `data` holds both. `subject` is the job's key, or the source's name. `sequence` is the
    extension of that name: events of one subject sort by it as text. `data` is told in `event_data`.
    """
    # By hand, and read back by the library in a test: to build and check its object costs more than all the rest.
    body = {
        "specversion": "1.0",
        "id": event.id,
        "source": f"/jobwatchd/sources/{quote(bounded_key(event.source, ID_BYTES), safe='')}",
        "type": f"dev.jobwatchd.{event.type}.v1",
        "subject": bounded_key(event.subject),
        "time": instant(event.occurred_at or event.observed_at),
        "datacontenttype": "application/json",
        # The extension asks for text that sorts in order, hence the leading zeros.
        "sequence": f"{event.sequence:010d}",
        "data": event_data(event),
    }
    return orjson.dumps(body)
