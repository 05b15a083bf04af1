"""An event as CloudEvents 1.0 over HTTP: what a webhook sends."""

from collections.abc import Mapping
from typing import Literal, NamedTuple
from urllib.parse import quote

import orjson

from jobwatchd.model.event import Event
from jobwatchd.model.facts import ID_BYTES, instant
from jobwatchd.sinks.event_data import bounded_key, event_data

Mode = Literal["structured", "binary"]
MAX_BODY = 20_000
# What a header may carry as it is: visible ASCII, but for the quote and the percent sign.
_SAFE = "".join(character for character in map(chr, range(0x21, 0x7F)) if character not in '"%')


class Message(NamedTuple):
    """What is sent of an event, without its content type."""

    headers: Mapping[str, str]
    body: bytes


def cloud_event(event: Event, mode: Mode = "structured") -> Message:
    """Return `event` as CloudEvents JSON: less than 20 kB of UTF-8, the same for the same event every time.

    `id` is the event's, the same on every retry. `time` is when it happened by the remote system's clock, where that is
    known, else when it was seen; `data` holds both. `subject` is the job's key, or the source's name. `sequence` is the
    extension of that name: events of one subject sort by it as text. `data` is told in `event_data`.

    In structured mode the body holds all of it. In binary mode the body is `data`, and the rest are headers, encoded as
    section 3.1.3.2 of the CloudEvents HTTP protocol binding 1.0.2 has it.
    """
    # By hand, and read back by the library in a test: to build and check its object costs more than all the rest.
    attributes = {
        "specversion": "1.0",
        "id": event.id,
        "source": f"/jobwatchd/sources/{quote(bounded_key(event.source, ID_BYTES), safe='')}",
        "type": f"dev.jobwatchd.{event.type}.v1",
        "subject": bounded_key(event.subject),
        "time": instant(event.occurred_at or event.observed_at),
    }
    # The extension asks for text that sorts in order, hence the leading zeros.
    sequence = f"{event.sequence:010d}"
    if mode == "structured":
        more = {"datacontenttype": "application/json", "sequence": sequence, "data": event_data(event)}
        return Message({}, orjson.dumps({**attributes, **more}))
    pairs = {**attributes, "sequence": sequence}.items()
    headers = {f"ce-{name}": quote(str(value), safe=_SAFE) for name, value in pairs}
    return Message(headers, orjson.dumps(event_data(event)))
