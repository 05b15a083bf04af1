"""Watches and observations, to be varied."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from jobwatchd.model.job import JobReference, State
from jobwatchd.model.transition import Step
from jobwatchd.model.watch import Policy, Watch, WatchSpec
from jobwatchd.testing import START

MakeWatch = Callable[..., Watch]


@pytest.fixture
def make_watch() -> MakeWatch:
    """Return a maker of watches that are remembered as told; `lost` and terminal ones have ended a minute ago."""

    def make(state: State | None = None, policy: Policy | None = None, **remembered: Any) -> Watch:
        spec = WatchSpec(JobReference.of("graph", ["1964"]), {"team": "search"}, policy or Policy())
        watch = Watch.create(7, spec, START)
        if remembered.get("lost") or (state is not None and state.is_terminal):
            remembered.setdefault("ended_at", START - timedelta(seconds=60))
        return replace(watch, state=state, **remembered)

    return make


@pytest.fixture
def told() -> Callable[[Step], list[str]]:
    """Return a reader of what a step tells, in order; what is inferred has a question mark."""
    return lambda step: [event.type + "?" * event.inferred for event in step.events]
