"""An event as CloudEvents JSON."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import unquote

import pytest
from cloudevents.core.bindings.http import HTTPMessage, from_http_event
from cloudevents.core.formats.json import JSONFormat

from jobwatchd.model.event import Event, EventType
from jobwatchd.model.facts import JobFacts
from jobwatchd.model.job import JobReference, State, Task
from jobwatchd.sinks.event_data import event_data
from jobwatchd.sinks.webhook.message import MAX_BODY, cloud_event


def test_the_library_reads_it_back(event: Event) -> None:
    """The body is a valid CloudEvent with the documented attributes."""
    read = JSONFormat().read(None, cloud_event(event).body)
    assert read.get_attributes() == {
        "specversion": "1.0",
        "id": event.id,
        "source": "/jobwatchd/sources/graph",
        "type": "dev.jobwatchd.job.failed.v1",
        "subject": "graph/19%2064/b",
        "time": event.occurred_at,
        "datacontenttype": "application/json",
        "sequence": "0000000003",
    }
    assert read.get_data() == event_data(event)


def test_the_time_is_of_seeing_where_the_remote_time_is_unknown(event: Event) -> None:
    """There is always a time, and it says Z."""
    body = json.loads(cloud_event(replace(event, occurred_at=None)).body)
    assert body["time"] == "2026-03-01T12:01:32.500000Z"


def test_an_event_of_a_source_has_the_source_as_its_subject(event: Event) -> None:
    """Its name is the subject, and safe in the source URI."""
    body = json.loads(cloud_event(Event("id", EventType.SOURCE_RECOVERED, "a b/ü", 2, event.observed_at)).body)
    assert body["subject"] == "a b/ü"
    assert body["source"] == "/jobwatchd/sources/a%20b%2F%C3%BC"


def test_sequences_sort_as_text(event: Event) -> None:
    """Nine comes before ten, as the extension asks."""
    nine, ten = (json.loads(cloud_event(replace(event, sequence=number)).body)["sequence"] for number in (9, 10))
    assert nine < ten


def test_the_bytes_do_not_depend_on_where_the_event_was_kept(event: Event) -> None:
    """What a store may change (order of labels, integral floats) does not change the body."""
    reloaded = replace(
        event, labels=dict(reversed(list(event.labels.items()))), facts=replace(event.facts, progress=50.0)
    )
    assert cloud_event(reloaded) == cloud_event(event)


@pytest.mark.parametrize("character", ["x", '"', "\n", "\x00", "ü", "😀", "/", "%"])
def test_the_body_stays_below_its_bound(character: str) -> None:
    """However long the texts are that a remote system sends, receivers can take the body."""
    text = character * 10_000
    now = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
    event = Event(
        id="0b9a2c1e-7f3a-5d0e-9b52-0f7a3a1f6f10",
        type=EventType.TASK_SUCCEEDED,
        source=text,
        sequence=10**9,
        observed_at=now,
        ref=JobReference(text, "/".join([character * 512] * 8)),
        watch_id=10**18,
        state=State.SUCCEEDED,
        previous_state=State.SUCCEEDED,
        native_state=text,
        inferred=True,
        occurred_at=now,
        labels={f"{number}{character * 50}": character * 50 for number in range(1_000)},
        facts=JobFacts(text, text, text, 33.333333333333336, now, now, now, f"https://{'x' * 1_016}"),
        task=Task(text, State.SUCCEEDED, text, text, now, now),
        detail=text,
    )
    size = len(cloud_event(event).body)
    assert size < MAX_BODY
    # What is escaped in the log, and so bounded, is shorter in a webhook's body.
    assert size > MAX_BODY * 0.7 or not character.isascii()


def test_in_binary_mode_the_library_reads_it_back(event: Event) -> None:
    """The body is the data alone, and the attributes are those of structured mode."""
    message = cloud_event(event, "binary")
    read = from_http_event(HTTPMessage({**message.headers, "content-type": "application/json"}, message.body))
    structured = JSONFormat().read(None, cloud_event(event).body)
    assert read.get_attributes() == structured.get_attributes()
    assert read.get_data() == event_data(event)


@pytest.mark.parametrize("character", ["x", '"', "\n", "\x00", "\x7f", "ü", "€", "😀", " ", "%", "\r\nwebhook-id: 1"])
def test_a_header_is_safe_whatever_a_source_is_called(event: Event, character: str) -> None:
    """Visible ASCII, and the same again when it is decoded."""
    name = f"a{character}b"
    headers = cloud_event(Event("id", EventType.SOURCE_RECOVERED, name, 2, event.observed_at), "binary").headers
    assert all(value.isascii() and value.isprintable() and " " not in value for value in headers.values())
    assert unquote(headers["ce-subject"]) == name


@pytest.mark.parametrize("character", ["%", "ü", "😀"])
def test_the_headers_stay_within_what_servers_take(event: Event, character: str) -> None:
    """Common ones take 8 kB in all."""
    ref = JobReference(character * 1_000, "/".join([character * 512] * 8))
    headers = cloud_event(replace(event, source=character * 1_000, ref=ref), "binary").headers
    assert sum(len(name) + len(value) + 4 for name, value in headers.items()) < 7_000
