"""The delivery loop of one sink."""

import pytest

from jobwatchd.engine.delivery import DeliveryLoop
from jobwatchd.engine.runtime import SinkBinding
from jobwatchd.model.event import EventFilter
from unit.engine.delivery.fussy_sink import RETRY, FussySink
from unit.engine.rig import Rig


@pytest.fixture
def sink() -> FussySink:
    """Return a sink that takes all."""
    return FussySink()


@pytest.fixture
def loop(rig: Rig, sink: FussySink) -> DeliveryLoop:
    """Return the sink's loop, which tells all attempts to the rig."""
    rig.luck = 1.0
    return rig.delivery(SinkBinding(sink, EventFilter(), RETRY, concurrency=4))
