"""Every sink, once well and once, where it can fail, broken."""

import socket
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import pytest
import structlog
from prometheus_client import CollectorRegistry

from jobwatchd.clock import SystemClock
from jobwatchd.kinds.clients import Clients
from jobwatchd.kinds.sink import SinkContext
from jobwatchd.logs import QueuedOutput
from jobwatchd.model.event import Event, EventType
from jobwatchd.model.job import JobReference, State, Task
from jobwatchd.ports import Sink
from jobwatchd.rotation import Rotation
from jobwatchd.simulator.receiver import ReceiverState, receiver_app
from jobwatchd.simulator.server import serve
from jobwatchd.sinks.log.sink import LogSink
from jobwatchd.sinks.metrics.sink import MetricsSink
from jobwatchd.sinks.webhook.section import WebhookSinkSettings
from jobwatchd.sinks.webhook.sink import Webhook
from jobwatchd.telemetry import JobMetrics
from jobwatchd.testing import RecordingSink

SECRET = "whsec_c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0"
AT = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)


def webhook(url: str, kind: Any) -> Webhook:
    """Return a webhook with the client of that kind."""
    section = WebhookSinkSettings(kind="webhook", url=url, secrets=(SECRET,), http_client=kind)
    clock = SystemClock()
    output: Any = None  # it writes nothing here
    return section.build(SinkContext("ci", clock, Clients(Rotation(clock)), output))


def log_sink(descriptor: int) -> LogSink:
    """Return a log sink that writes JSON to a descriptor."""
    processors: list[structlog.typing.Processor] = [structlog.processors.JSONRenderer()]
    logger = structlog.wrap_logger(structlog.ReturnLogger(), processors=processors)
    return LogSink("journal", logger, QueuedOutput(descriptor), SystemClock())


@pytest.fixture(params=["pyreqwest", "httpx", "log", "metrics", "recording"])
async def sink(request: pytest.FixtureRequest) -> AsyncIterator[Sink]:
    """Yield each sink with something real behind it."""
    match request.param:
        case "pyreqwest" | "httpx":
            async with serve(receiver_app(ReceiverState(secrets=[SECRET]))) as url:
                yield webhook(f"{url}/hooks", request.param)
        case "log":
            with TemporaryFile() as file:
                yield log_sink(file.fileno())
        case "metrics":
            yield MetricsSink("prometheus", JobMetrics(CollectorRegistry()))
        case "recording":
            yield RecordingSink("fake")


@pytest.fixture(params=["pyreqwest", "httpx", "log"])
def broken_sink(request: pytest.FixtureRequest) -> Iterator[Sink]:
    """Yield each sink that can fail, with nothing behind it that works."""
    if request.param != "log":
        with socket.socket() as bound:
            bound.bind(("127.0.0.1", 0))
            yield webhook(f"http://127.0.0.1:{bound.getsockname()[1]}/", request.param)
    else:
        with Path("/dev/full").open("wb") as file:
            yield log_sink(file.fileno())


@pytest.fixture(params=list(EventType))
def event(request: pytest.FixtureRequest) -> Event:
    """Return an event of each type, of those that have a job with one."""
    kind: EventType = request.param
    if kind.startswith("source."):
        return Event("e1", kind, "graph", 1, AT, detail="refused")
    task = Task("t1", State.RUNNING, "1") if kind.startswith("task.") else None
    ref = JobReference.of("graph", ["1964"])
    return Event("e1", kind, "graph", 1, AT, ref, 7, State.FAILED, State.RUNNING, "3", occurred_at=AT, task=task)
