# ruff: noqa: INP001
"""What the dashboard shows, row by row."""

from collections.abc import Iterator

from panels import Panel, graph, panel, quantiles, stat

OF_INSTANCE = 'instance=~"$instance"'
OF_SOURCE = f'{OF_INSTANCE}, source=~"$source"'
AGE = (
    f"(time() - jobwatchd_delivery_oldest_timestamp_seconds{{{OF_INSTANCE}}})"
    f" * (jobwatchd_delivery_oldest_timestamp_seconds{{{OF_INSTANCE}}} > bool 0)"
)
UP_OR_DOWN = [
    {"type": "value", "options": {"0": {"text": "down", "color": "red"}, "1": {"text": "up", "color": "green"}}}
]

IN_FORCE = [
    {
        "type": "value",
        "options": {"0": {"text": "refused", "color": "red"}, "1": {"text": "in force", "color": "green"}},
    }
]


def now() -> Iterator[Panel]:
    """Yield what is to be seen at a glance."""
    yield stat("Daemons", f"count(jobwatchd_build_info{{{OF_INSTANCE}}})", "Daemons that Prometheus gets metrics from.")
    yield stat(
        "Jobs", f"sum(jobwatchd_watches{{{OF_SOURCE}}}) or vector(0)", "Jobs that are watched and have not ended."
    )
    yield stat(
        "Sources down",
        f"count(jobwatchd_source_up{{{OF_SOURCE}}} == 0) or vector(0)",
        "APIs that do not answer.",
        red_from=1,
    )
    yield stat(
        "Waiting events",
        f"sum(jobwatchd_deliveries_pending{{{OF_INSTANCE}}}) or vector(0)",
        "Events that a sink has not taken yet.",
        red_from=1000,
    )
    yield stat(
        "Longest waiting",
        f"max({AGE}) or vector(0)",
        "The age of the oldest event that waits.",
        red_from=600,
        unit="s",
    )
    yield stat(
        "Dead letters",
        f"sum(jobwatchd_dead_letters{{{OF_INSTANCE}}}) or vector(0)",
        "Events that were given up, and can be replayed.",
        red_from=1,
    )


def jobs() -> Iterator[Panel]:
    """Yield what the watched jobs do."""
    yield graph(
        "Jobs by state",
        (f"sum by (source, state) (jobwatchd_watches{{{OF_SOURCE}}})", "{{source}} {{state}}"),
        about="Jobs that are polled, by their last known state.",
        stacked=True,
    )
    yield graph(
        "Jobs that ended, by outcome",
        (
            f"sum by (source, state) (increase(jobwatchd_jobs_finished_total{{{OF_SOURCE}}}[$__rate_interval]))",
            "{{source}} {{state}}",
        ),
        about="Seen to end; lost ones stopped existing before.",
        bars=True,
    )
    yield graph(
        "Overdue jobs",
        (f"sum by (source) (increase(jobwatchd_jobs_overdue_total{{{OF_SOURCE}}}[$__rate_interval]))", "{{source}}"),
        about="Not ended by the deadline of their watch; each counts once.",
        bars=True,
    )
    yield graph(
        "Changes of state",
        (
            f"sum by (source, to) (rate(jobwatchd_transitions_total{{{OF_SOURCE}}}[$__rate_interval]))",
            "{{source}} to {{to}}",
        ),
        about="Seen, or inferred from the times that the API tells.",
        unit="ops",
    )
    yield graph(
        "How long jobs run",
        *quantiles("jobwatchd_job_duration_seconds", OF_SOURCE, "source", 0.5, 0.95),
        about="By the API's own clock, of jobs that ended.",
        unit="s",
    )
    yield panel(
        "heatmap",
        "Durations",
        [(f"sum by (le) (increase(jobwatchd_job_duration_seconds_bucket{{{OF_SOURCE}}}[$__rate_interval]))", "{{le}}")],
        unit="s",
        width=8,
        about="Jobs that ended, by how long they ran.",
    ) | {"pluginVersion": "11.0.0"}


def polling() -> Iterator[Panel]:
    """Yield how the sources are, and how they are polled."""
    yield panel(
        "state-timeline",
        "Sources",
        [(f"jobwatchd_source_up{{{OF_SOURCE}}}", "{{source}}")],
        unit="short",
        width=8,
        about="Whether each API answers.",
        mappings=UP_OR_DOWN,
    )
    yield graph(
        "Polls",
        (
            f"sum by (source, mode) (rate(jobwatchd_polls_total{{{OF_SOURCE}}}[$__rate_interval]))",
            "{{source}} {{mode}}",
        ),
        about="Requests made.",
        unit="reqps",
    )
    yield graph(
        "Failed polls, by reason",
        (
            f"sum by (source, reason) (rate(jobwatchd_polls_failed_total{{{OF_SOURCE}}}[$__rate_interval]))",
            "{{source}} {{reason}}",
        ),
        about="Polls that brought no observation.",
        unit="reqps",
    )
    yield graph(
        "Detection delay",
        *quantiles("jobwatchd_detection_delay_seconds", OF_SOURCE, "source", 0.5, 0.95, 0.99),
        about="From a change at the API to its being seen here.",
        unit="s",
    )
    yield graph(
        "How long a poll takes",
        *quantiles("jobwatchd_poll_duration_seconds", OF_SOURCE, "source", 0.5, 0.99),
        about="From the request to having read the answer.",
        unit="s",
    )
    yield graph(
        "How late polls begin",
        *quantiles("jobwatchd_poll_lateness_seconds", OF_SOURCE, "source", 0.5, 0.99),
        about="After their due time: waiting for a free place, a rate, or the daemon itself.",
        unit="s",
    )


def sinks() -> Iterator[Panel]:
    """Yield how events are told."""
    yield graph(
        "Events taken",
        (f"sum by (sink) (rate(jobwatchd_deliveries_total{{{OF_INSTANCE}}}[$__rate_interval]))", "{{sink}}"),
        about="By sink.",
        unit="ops",
    )
    yield graph(
        "Failed attempts, by reason",
        (
            f"sum by (sink, reason) (rate(jobwatchd_deliveries_failed_total{{{OF_INSTANCE}}}[$__rate_interval]))",
            "{{sink}} {{reason}}",
        ),
        about="They are tried again.",
        unit="ops",
    )
    yield graph(
        "From commit to taken",
        *quantiles("jobwatchd_delivery_latency_seconds", OF_INSTANCE, "sink", 0.5, 0.99),
        about="How long events wait for a sink, of those that were taken.",
        unit="s",
    )
    yield graph(
        "Waiting events",
        (f"sum by (sink) (jobwatchd_deliveries_pending{{{OF_INSTANCE}}})", "{{sink}}"),
        about="Not taken yet.",
    )
    yield graph(
        "Age of the oldest",
        (f"max by (sink) ({AGE})", "{{sink}}"),
        about="0 where nothing waits.",
        unit="s",
    )
    yield graph(
        "Dead letters",
        (f"sum by (sink) (jobwatchd_dead_letters{{{OF_INSTANCE}}})", "{{sink}}"),
        about="Given up, kept for replay.",
    )


def process() -> Iterator[Panel]:
    """Yield what the daemon itself uses; its process metrics have no prefix, so the build information picks them."""
    ours = f" and on (instance) jobwatchd_build_info{{{OF_INSTANCE}}}"
    yield graph(
        "Silence of the loops",
        (f"time() - jobwatchd_last_progress_timestamp_seconds{{{OF_INSTANCE}}}", "{{instance}} {{loop}}"),
        about="Since each loop last got on; healthy ones stay below ten seconds, unless a request takes longer.",
        unit="s",
    )
    yield graph(
        "Processor",
        (f"rate(process_cpu_seconds_total{{{OF_INSTANCE}}}[$__rate_interval]){ours}", "{{instance}}"),
        about="Of one core, which is all that a process uses.",
        unit="percentunit",
        width=4,
    )
    yield graph(
        "Memory",
        (f"process_resident_memory_bytes{{{OF_INSTANCE}}}{ours}", "{{instance}}"),
        about="Resident.",
        unit="bytes",
        width=4,
    )
    yield graph(
        "Open files",
        (f"process_open_fds{{{OF_INSTANCE}}}{ours}", "{{instance}}"),
        (f"process_max_fds{{{OF_INSTANCE}}}{ours}", "{{instance}} limit"),
        about="Connections among them.",
        width=4,
    )
    yield panel(
        "table",
        "Versions",
        [(f"sum by (instance, version, python) (jobwatchd_build_info{{{OF_INSTANCE}}})", "")],
        unit="short",
        width=4,
        about="What is running.",
    )
    yield graph(
        "Calls of the store that failed",
        (
            f"sum by (instance, reason) (rate(jobwatchd_store_errors_total{{{OF_INSTANCE}}}[$__rate_interval]))",
            "{{instance}} {{reason}}",
        ),
        about="Made again about once a second for as long as the database is locked, or its disk is full.",
        unit="ops",
    )
    yield panel(
        "state-timeline",
        "Store",
        [(f"jobwatchd_store_up{{{OF_INSTANCE}}}", "{{instance}}")],
        unit="short",
        width=8,
        about="Down while work waits for the database.",
        mappings=UP_OR_DOWN,
    )
    yield panel(
        "state-timeline",
        "Configuration",
        [(f"jobwatchd_config_last_reload_successful{{{OF_INSTANCE}}}", "{{instance}}")],
        unit="short",
        width=8,
        about="Whether the one that was read last is in force.",
        mappings=IN_FORCE,
    )
