"""The daemon's own metrics, read as a scraper does."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import httpx
from prometheus_client.parser import text_string_to_metric_families

Buckets = Mapping[float, float]


@dataclass(frozen=True, slots=True)
class Scrape:
    """The samples that the benchmark looks at; `lateness` maps each bucket's bound to its cumulative count."""

    polls: float
    polls_failed: float
    transitions: float
    delivered: float
    pending: float
    lateness: Buckets


def scrape(base_url: str) -> Scrape:
    """Return the metrics of the daemon that listens at `base_url`."""
    text = httpx.get(f"{base_url}/metrics", timeout=60).text
    sums: dict[str, float] = {}
    lateness: dict[float, float] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if sample.name == "jobwatchd_poll_lateness_seconds_bucket":
                bound = float(sample.labels["le"])
                lateness[bound] = lateness.get(bound, 0.0) + sample.value
            # Of the sinks, it is the webhook that is measured.
            elif sample.labels.get("sink", "hook") == "hook":
                sums[sample.name] = sums.get(sample.name, 0.0) + sample.value
    return Scrape(
        polls=sums.get("jobwatchd_polls_total", 0.0),
        polls_failed=sums.get("jobwatchd_polls_failed_total", 0.0),
        transitions=sums.get("jobwatchd_transitions_total", 0.0),
        delivered=sums.get("jobwatchd_deliveries_total", 0.0),
        pending=sums.get("jobwatchd_deliveries_pending", 0.0),
        lateness=lateness,
    )


def quantile_s(before: Buckets, after: Buckets, fraction: float) -> float:
    """Return a quantile of what was observed between two scrapes, interpolated within its bucket; inf beyond them."""
    counts = [(bound, after[bound] - before.get(bound, 0.0)) for bound in sorted(after)]
    wanted = counts[-1][1] * fraction if counts else 0.0
    below_bound, below = 0.0, 0.0
    for bound, count in counts:
        if count >= wanted and count > below:
            if math.isinf(bound):
                return math.inf
            return below_bound + (bound - below_bound) * (wanted - below) / (count - below)
        below_bound, below = bound, count
    return math.nan
