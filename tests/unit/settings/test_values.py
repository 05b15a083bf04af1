"""What the settings mean to the rest of the daemon."""

from collections.abc import Callable
from typing import Any

import pytest
from pydantic import ValidationError

from jobwatchd.model.cadence import Backoff, Cadence
from jobwatchd.model.delivery import Retry
from jobwatchd.model.event import EventFilter
from jobwatchd.model.job import JobReference
from jobwatchd.model.watch import Origin, Policy, WatchSpec
from unit.settings.desk import Desk, explorer

Edit = Callable[[str, str], Any]
HOOK = """\
sinks:
  ci:
    kind: webhook
    url: https://ci.example.com/hooks
    secrets: []
    events: ["job.*"]
    sources: [graph]
    labels: {team: graph}
    retry: {first: 2s, factor: 3, longest: 5m, max_age: 1d, rejections: 2, rejections_for: 3m}
"""


def test_the_default_cadence_is_the_models(desk: Desk) -> None:
    """The defaults of the file are those of the code."""
    assert desk.load().sources["graph"].poll.cadence() == Cadence()


def test_ended_jobs_of_telestream_are_looked_at_for_a_while(desk: Desk, edit: Edit) -> None:
    """They can come back to life, whatever else is set about polling."""
    edit("    api_key:", "    poll: {jitter: 0}\n    api_key:")
    assert desk.load().sources["media-lab"].poll.cadence() == Cadence(jitter=0.0, linger_s=600.0)


def test_a_cadence_is_in_seconds(desk: Desk, edit: Edit) -> None:
    """Each key of `poll` has its place."""
    edit("account: root", "account: a\n    poll: {min_interval: 1s, max_interval: 2m, age_fraction: 0.5, linger: 1h}")
    assert desk.load().sources["graph"].poll.cadence() == Cadence(1.0, 120.0, 0.5, None, 0.1, 3_600.0)


def test_an_interval_fixes_the_cadence(desk: Desk, edit: Edit) -> None:
    """One key replaces the adaptive interval."""
    edit("account: root", "account: a\n    poll: {interval: 15s}")
    assert desk.load().sources["graph"].poll.cadence() == Cadence(fixed_interval_s=15.0)


def test_limits_of_a_lane_are_plain_numbers(desk: Desk, edit: Edit) -> None:
    """Requests at once, requests a second, and the times after which verdicts fall."""
    edit("account: root", "account: a\n    poll: {rate: 300/m, lost_after: {grace: 2m}, unreachable_after: 0s}")
    poll = desk.load().sources["graph"].poll
    assert (poll.concurrency, poll.rate, poll.unreachable_after) == (64, 5.0, 0.0)
    assert (poll.lost_after.not_found, poll.lost_after.grace) == (3, 120.0)


def test_watches_become_specs(desk: Desk) -> None:
    """A watch of the file is one of origin file, with its labels and policy."""
    watch = "{source: graph, job: {job_id: 7}, labels: {a: b}, deadline: 6h, initial: silent, max_interval: 20m}"
    assert desk.load(f"watches: [{watch}]\n").watch_specs() == (
        WatchSpec(
            JobReference("graph", "7"),
            {"a": "b"},
            Policy(deadline_s=21_600.0, max_interval_s=1_200.0, silent_start=True),
            Origin.FILE,
        ),
    )


def test_sinks_filter_events(desk: Desk) -> None:
    """What a sink wants is what the file says; nothing said is all."""
    sinks = desk.load(HOOK).sinks
    assert sinks["ci"].event_filter() == EventFilter(("job.*",), ("graph",), {"team": "graph"})
    assert desk.load().sinks["journal"].event_filter() == EventFilter()


def test_a_webhook_knows_how_long_to_try(desk: Desk) -> None:
    """Each key of `retry` has its place, and the defaults are the model's."""
    assert desk.load(HOOK).sinks["ci"].delivery_policy().retry == Retry(Backoff(2.0, 3.0, 300.0), 86_400.0, 2, 180.0)
    assert desk.load(HOOK.partition("    retry")[0]).sinks["ci"].delivery_policy().retry == Retry()


def test_a_job_can_be_named_by_its_parameters(desk: Desk) -> None:
    """Names come in any order; values are kept in the source's."""
    settings = desk.load()
    ref = settings.reference("media-lab", {"job_id": "j", "space_id": "s", "workflow_id": "a/b"})
    assert ref == JobReference.of("media-lab", ("s", "a/b", "j"))
    with pytest.raises(
        ValueError, match=r"there is no source 'no…' \(6 characters\); expected one of: graph, media-lab"
    ):
        settings.reference("nobody", {})


def test_parameters_are_in_the_order_of_the_sources(desk: Desk) -> None:
    """What the settings call a job's parameters is what the adapters do."""
    names = {source.model_dump()["kind"]: source.naming().names for source in desk.load().sources.values()}
    assert names == {"nebula-explorer": ("job_id",), "telestream-up": ("space_id", "workflow_id", "job_id")}


def test_settings_cannot_be_changed(desk: Desk) -> None:
    """A reload makes new ones."""
    settings = desk.load()
    with pytest.raises(ValidationError, match="frozen"):
        settings.log = settings.log
    with pytest.raises(ValidationError, match="frozen"):
        explorer(settings).account = "x"


def test_all_secrets_are_known_to_the_redactor(desk: Desk) -> None:
    """Each form in which a secret travels is among them: Explorer's login is base64 of account and password."""
    hook = HOOK.replace(
        "secrets: []", "secrets: [whsec_Zmlyc3QtZmlyc3QtZmlyc3QtZmlyc3Q=]\n    headers: {X-Key: planted-header}"
    )
    settings = desk.load(hook + "server: {tokens: [planted-token-0123456789]}\n")
    assert settings.secrets() == {
        "planted-password",
        "cm9vdDpwbGFudGVkLXBhc3N3b3Jk",
        "planted-api-key",
        "whsec_Zmlyc3QtZmlyc3QtZmlyc3QtZmlyc3Q=",
        "Zmlyc3QtZmlyc3QtZmlyc3QtZmlyc3Q=",
        "planted-header",
        "planted-token-0123456789",
    }
