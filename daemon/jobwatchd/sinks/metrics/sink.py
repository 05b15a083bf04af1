"""The metrics sink: what the watched jobs do, as Prometheus counters and histograms."""

from collections.abc import Iterable

from prometheus_client import Counter, Histogram

from jobwatchd.model.event import JOB_ENTERED, Event, EventType
from jobwatchd.model.job import State
from jobwatchd.telemetry import JobMetrics

STATE_ENTERED = {event_type: state for state, event_type in JOB_ENTERED.items()}
LOST = "lost"
FINISHED = (*(state for state in State if state.is_terminal), LOST)


class MetricsSink:
    """Counts events about jobs; implements `ports.Sink`.

    Not durable: counters begin at nothing with the process, which Prometheus expects, and an event that came twice
    would count twice. Events of tasks and of sources are not counted. A state that was not seen but inferred counts as
    a transition; its detection delay would be that of the state after it, so it has none. The counters of `sources` are
    there from the start, those of other sources from their first event: Prometheus sees no increase in a series whose
    first value is 1 already.
    """

    durable = False

    def __init__(self, name: str, metrics: JobMetrics, sources: Iterable[str] = ()) -> None:
        self.name = name
        self._metrics = metrics
        # Looking up a child by its labels costs more than counting does.
        self._transitions: dict[tuple[str, State], Counter] = {}
        self._finished: dict[tuple[str, str], Counter] = {}
        self._durations: dict[tuple[str, State], Histogram] = {}
        self._delays: dict[str, Histogram] = {}
        self._overdue: dict[str, Counter] = {}
        for source in sources:
            self._introduce(source)

    async def send(self, event: Event) -> None:
        """Count the event; never fails."""
        if event.source not in self._overdue:
            self._introduce(event.source)
        if event.type is EventType.JOB_LOST:
            self._finished[event.source, LOST].inc()
        elif event.type is EventType.JOB_OVERDUE:
            self._overdue[event.source].inc()
        state = STATE_ENTERED.get(event.type)
        if state is None:
            return
        self._transitions[event.source, state].inc()
        # A job that is found in a state was not waited for: how old the state is says when the watch was added.
        if event.detection_delay_s is not None and not event.inferred and event.previous_state is not None:
            self._observe_delay(event.source, event.detection_delay_s)
        if state.is_terminal:
            self._finished[event.source, state].inc()
            if event.duration_s is not None:
                self._observe_duration(event.source, state, event.duration_s)

    async def close(self) -> None:
        """Do nothing: the registry belongs to whoever made it."""

    def _introduce(self, source: str) -> None:
        """Show the counters of a source as 0."""
        self._overdue[source] = self._metrics.jobs_overdue.labels(source)
        for state in STATE_ENTERED.values():
            self._transitions[source, state] = self._metrics.transitions.labels(source, state)
        for end in FINISHED:
            self._finished[source, end] = self._metrics.jobs_finished.labels(source, end)

    def _observe_duration(self, source: str, state: State, duration_s: float) -> None:
        child = self._durations.get((source, state))
        if child is None:
            child = self._durations[source, state] = self._metrics.job_duration.labels(source, state)
        child.observe(duration_s)

    def _observe_delay(self, source: str, delay_s: float) -> None:
        child = self._delays.get(source)
        if child is None:
            child = self._delays[source] = self._metrics.detection_delay.labels(source)
        child.observe(delay_s)
