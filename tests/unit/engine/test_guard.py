"""What came from outside, without secrets: the last guard before anything is told or kept."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from jobwatchd.engine.guard import guarded, guarded_event
from jobwatchd.errors import BadPayload, ConfigError, SinkRejected, SourceUnavailable, StoreUnavailable
from jobwatchd.model.event import Event, EventType
from jobwatchd.model.facts import TEXTS, JobFacts
from jobwatchd.model.job import Observation, State, Task
from jobwatchd.redaction import SECRETS
from jobwatchd.testing import START

SECRET = "planted-secret"


@pytest.fixture(autouse=True)
def _secret() -> None:
    """Have the process know a secret, and a weak one."""
    SECRETS.add([SECRET, "root"])


@pytest.mark.parametrize("name", ["native_state", "error"])
def test_no_text_of_a_job_keeps_a_secret(name: str) -> None:
    """Whatever field the API has put it in."""
    found: dict[str, Any] = {name: f"with {SECRET}"}
    seen = replace(Observation(State.FAILED, "3", group="12"), **found)
    assert getattr(guarded(seen), name) == "with ********"


@pytest.mark.parametrize("name", TEXTS)
def test_no_fact_of_a_job_keeps_a_secret(name: str) -> None:
    """Neither where it is seen, nor where it is told."""
    found: dict[str, Any] = {name: f"with {SECRET}"}
    facts = replace(JobFacts(), **found)
    event = Event("e", EventType.JOB_FAILED, "graph", 1, START, facts=facts)
    assert getattr(guarded(Observation(State.FAILED, "3", facts)).facts, name) == "with ********"
    assert getattr(guarded_event(event).facts, name) == "with ********"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://ann:pass@ci.example.com/7", "https://********@ci.example.com/7"),
        ("https://ci.example.com/7?access_token=t0ps3cret&x=1", "https://ci.example.com/7?access_token=********&x=1"),
        ("https://ci.example.com/root/7", "https://ci.example.com/********/7"),
    ],
)
def test_a_link_keeps_no_credentials(url: str, shown: str) -> None:
    """Nobody has to know them: they are told by where they stand."""
    assert guarded(Observation(State.FAILED, "3", JobFacts(url=url))).facts.url == shown


def test_no_text_of_a_task_keeps_a_secret() -> None:
    """Tasks are told, too."""
    seen = Observation(State.FAILED, "3", tasks=(Task(SECRET, State.FAILED, SECRET, SECRET),))
    (task,) = guarded(seen).tasks
    assert (task.id, task.native_state, task.name) == ("********",) * 3


def test_a_jobs_error_keeps_no_credentials_that_nobody_knows() -> None:
    """It may be a traceback of a request of its own, or quote ours."""
    seen = Observation(State.FAILED, "3", error="sent Authorization: Bearer abc")
    assert guarded(seen).error == "sent Authorization: ********"


def test_a_harmless_job_is_the_same() -> None:
    """Nothing is copied; and names keep what only a weak password has in common with them."""
    seen = Observation(State.FAILED, "3", JobFacts("root"), group=SECRET, tasks=(Task("1", State.FAILED, "3"),))
    assert guarded(seen) is seen


def test_no_event_keeps_a_secret() -> None:
    """Wherever its detail was made."""
    event = Event("e", EventType.SOURCE_UNREACHABLE, "graph", 1, START, detail=f"saw {SECRET} and Cookie: a=b")
    assert guarded_event(event).detail == "saw ******** and Cookie: ********"


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (SourceUnavailable, "saw ******** and Cookie: ********"),
        (BadPayload, "saw ******** and Cookie: ********"),
        (SinkRejected, "saw ******** and Cookie: ********"),
        (StoreUnavailable, "saw ******** and Cookie: a=b"),
        (ConfigError, "saw ******** and Cookie: a=b"),
    ],
)
def test_an_error_is_redacted_when_it_is_made(make: Callable[[str], Exception], told: str) -> None:
    """Of those that may quote others what looks like credentials is taken out, too."""
    error = make(f"saw {SECRET} and Cookie: a=b")
    assert (str(error), error.args) == (told, (told,))
    assert getattr(error, "problems", (told,)) == (told,)
