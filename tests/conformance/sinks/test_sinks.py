"""What `ports.Sink` promises, kept by every sink."""

import pytest

from jobwatchd.errors import SinkError, SinkUnavailable
from jobwatchd.model.event import Event
from jobwatchd.ports import Sink


async def test_every_type_of_event_is_taken(sink: Sink, event: Event) -> None:
    """No sink chokes on an event that another would take."""
    await sink.send(event)
    await sink.close()


async def test_the_same_event_may_come_again(sink: Sink, event: Event) -> None:
    """A second delivery under the same id is as good as the first."""
    await sink.send(event)
    await sink.send(event)
    await sink.close()


async def test_a_sink_says_who_it_is_and_whether_it_lasts(sink: Sink) -> None:
    """The engine routes and records by these."""
    assert sink.name
    assert isinstance(sink.durable, bool)


async def test_closing_an_unused_sink_is_fine(sink: Sink) -> None:
    """A daemon that is stopped at once has sent nothing."""
    await sink.close()


async def test_failure_is_told_as_what_the_contract_names(broken_sink: Sink, event: Event) -> None:
    """The engine sees that a later try may help, and reads one sentence that names the cause."""
    with pytest.raises(SinkError) as caught:
        await broken_sink.send(event)
    await broken_sink.close()
    assert type(caught.value) is SinkUnavailable
    assert str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.__cause__ is not None
