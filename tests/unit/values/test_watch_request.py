"""A request for a watch means the same wherever it comes in."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from jobwatchd.errors import ConfigError
from jobwatchd.model.watch import Misfit, Policy, WatchSpec
from jobwatchd.settings import Settings, load_settings
from jobwatchd.values.watch_request import WatchRequest, misfits

SOURCES: dict[str, Any] = {
    "graph": {
        "kind": "nebula-explorer",
        "base_url": "http://explorer.internal:7002",
        "account": "root",
        "password": "planted-password",
        "graphd": {"address": "10.0.0.5"},
        "poll": {"min_interval": "2s", "max_interval": "60s"},
    },
    "slow": {
        "kind": "telestream-up",
        "base_url": "https://up.example.com/api",
        "api_key": "planted-api-key",
        "poll": {"interval": "15s"},
    },
}
DURATIONS = st.sampled_from(
    ["1ms", "2s", " 5 s", "15s", "1m", "60s", "61s", "30m", "1h", "0s", "5", "x", "", 0, 5, None]
)
TEXTS = st.one_of(st.text(max_size=6), st.sampled_from(["a\u00a0b", "team", "1964", "007", "..", "graph", "slow"]))
VALUES = st.one_of(TEXTS, st.integers(-1, 2**63), st.booleans(), st.none(), st.floats(allow_nan=False))
JOBS = st.one_of(
    st.fixed_dictionaries({"job_id": VALUES}),
    st.fixed_dictionaries(dict.fromkeys(("space_id", "workflow_id", "job_id"), VALUES)),
    st.dictionaries(TEXTS, VALUES, max_size=2),
)
REQUESTS = st.fixed_dictionaries(
    {"source": st.sampled_from(["graph", "slow", "other"]), "job": JOBS},
    optional={
        "labels": st.dictionaries(TEXTS, VALUES, max_size=2),
        "deadline": DURATIONS,
        "min_interval": DURATIONS,
        "max_interval": DURATIONS,
        "initial": st.sampled_from(["tell", "silent", "loud"]),
    },
)


def _by_file(folder: Path, wanted: dict[str, Any]) -> WatchSpec | None:
    file = folder / "jobwatchd.yaml"
    file.write_text(json.dumps({"sources": SOURCES, "watches": [wanted]}))
    try:
        [spec] = load_settings(file, {}, secrets_folder=folder).watch_specs()
    except ConfigError:
        return None
    return spec


def _by_api(wanted: dict[str, Any]) -> WatchSpec | None:
    try:
        request = WatchRequest.model_validate(wanted)
        ref = Settings(sources=SOURCES).reference(request.source, request.job, request.policy())
    except (ValidationError, Misfit):
        return None
    return WatchSpec(ref, request.labels, request.policy())


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(wanted=REQUESTS)
def test_file_and_api_follow_one_law(tmp_path: Path, wanted: dict[str, Any]) -> None:
    """Whatever is asked for, both refuse it, or both take it to be the same watch."""
    by_file, by_api = _by_file(tmp_path, wanted), _by_api(wanted)
    assert (by_file is None) is (by_api is None)
    if by_file is not None and by_api is not None:
        assert (by_file.ref, by_file.labels, by_file.policy) == (by_api.ref, by_api.labels, by_api.policy)


@pytest.mark.parametrize(
    ("policy", "keys"),
    [
        (Policy(), []),
        (Policy(min_interval_s=2.0, max_interval_s=60.0), []),
        (Policy(min_interval_s=1.999), ["min_interval"]),
        (Policy(min_interval_s=60.1), ["min_interval"]),
        (Policy(max_interval_s=1.999), ["max_interval"]),
        (Policy(min_interval_s=0.001, max_interval_s=90.0), ["min_interval", "max_interval"]),
    ],
)
def test_intervals_stay_within_those_of_the_source(policy: Policy, keys: list[str]) -> None:
    """Each bound of a watch that is outside of its source's is named."""
    assert [key for key, _ in misfits(policy, 2.0, 60.0)] == keys


@pytest.mark.parametrize(("interval", "fits"), [("15s", True), ("5m", True), ("14s", False), ("31m", False)])
def test_a_fixed_interval_is_the_shortest(interval: str, fits: bool) -> None:  # noqa: FBT001
    """A watch may be looked at less often than its source's fixed interval says, and never more often."""
    job = {"space_id": "s", "workflow_id": "w", "job_id": "j"}
    assert (_by_api({"source": "slow", "job": job, "min_interval": interval}) is not None) is fits
