"""A simulated UP as an HTTP client sees it."""

import httpx
import pytest

from jobwatchd.simulator.roster import JobSpec
from jobwatchd.simulator.server import serve
from jobwatchd.simulator.telestream import TelestreamOptions, TelestreamSimulator
from jobwatchd.testing import FakeClock

JOBS = "/space/workflows/flow/jobs"
LIFE = ((0, "created"), (10, "in-process"), (20, "failed"), (25, "retry"), (30, "in-process"), (40, "succeeded"))


def _add(simulator: TelestreamSimulator, job_id: str, phases: tuple[tuple[float, str | None], ...] = LIFE) -> None:
    simulator.world.roster.add(JobSpec(space_id="space", workflow_id="flow", job_id=job_id, phases=phases))


async def test_a_job_lives(up: httpx.AsyncClient, telestream: TelestreamSimulator, clock: FakeClock) -> None:
    """A job is created, runs, fails, is retried and succeeds; it has an elapsed time only when it has ended."""
    _add(telestream, "fe2ecbvw-8c9a")
    seen = []
    for seconds in (0, 10, 10, 5, 15):
        await clock.advance(seconds)
        fields = (await up.get(f"{JOBS}/fe2ecbvw-8c9a")).json()
        seen.append((fields["state"], fields["elapsed_time"]))
    assert seen == [
        ("created", None),
        ("in-process", None),
        ("failed", "0:00:20"),
        ("retry", None),
        ("succeeded", "0:00:40"),
    ]


async def test_the_documented_fields(up: httpx.AsyncClient, telestream: TelestreamSimulator) -> None:
    """A job has the documented fields, and no other."""
    _add(telestream, "a")
    assert set((await up.get(f"{JOBS}/a")).json()) == {
        "id",
        "name",
        "workflow_id",
        "workflow_name",
        "workflow_version",
        "progress",
        "state",
        "created_at",
        "updated_at",
        "elapsed_time",
    }


async def test_one_element_lists(clock: FakeClock) -> None:
    """A UP can be told to put its values in lists, as its documentation does."""
    simulator = TelestreamSimulator(clock, TelestreamOptions(api_key="k", one_element_lists=True))
    _add(simulator, "a")
    async with serve(simulator.app) as url, httpx.AsyncClient(base_url=url, trust_env=False) as client:
        fields = (await client.get(f"{JOBS}/a", headers={"authorization": "Bearer k"})).json()
    assert (fields["id"], fields["state"], fields["progress"]) == (["a"], ["created"], [0])


@pytest.mark.parametrize("path", ["a", "summary"])
@pytest.mark.parametrize("authorization", ["", "up-key", "Bearer wrong", "Bearer up-key2"])
async def test_the_key_must_be_right(
    up: httpx.AsyncClient, telestream: TelestreamSimulator, path: str, authorization: str
) -> None:
    """Without the key as a bearer token nothing is told."""
    _add(telestream, "a")
    answer = await up.get(f"{JOBS}/{path}", headers={"authorization": authorization})
    assert answer.status_code == 401


@pytest.mark.parametrize(
    "path", ["/space/workflows/flow/jobs/b", "/other/workflows/flow/jobs/a", "/space/workflows/x/jobs/a"]
)
async def test_all_three_names_must_be_right(up: httpx.AsyncClient, telestream: TelestreamSimulator, path: str) -> None:
    """A job is found only under its own space and workflow."""
    _add(telestream, "a")
    assert (await up.get(path)).status_code == 404
    assert (await up.get("/space/workflows/flow/jobs/a")).status_code == 200


async def test_a_job_disappears(up: httpx.AsyncClient, telestream: TelestreamSimulator, clock: FakeClock) -> None:
    """A job that is gone is not found."""
    _add(telestream, "a", ((0, "in-process"), (5, None)))
    await clock.advance(5)
    assert (await up.get(f"{JOBS}/a")).status_code == 404


async def test_the_summary_counts(up: httpx.AsyncClient, telestream: TelestreamSimulator) -> None:
    """Each job of the workflow is counted by its state; the first and the last creation are the dates."""
    for number, state in enumerate(("created", "retry", "in-process", "succeeded", "failed", "failed", "stopped")):
        _add(telestream, str(number), ((0, state),))
    assert (await up.get(f"{JOBS}/summary")).json() == {
        "waiting_job_count": 2,
        "in_process_job_count": 1,
        "completed_job_count": 1,
        "failed_job_count": 2,
        "stopped_job_count": 1,
        "total_job_count": 7,
        "activation_date": "2026-01-01T00:00:00.000000Z",
        "last_used_date": "2026-01-01T00:00:00.000000Z",
    }


async def test_the_summary_of_an_empty_workflow(up: httpx.AsyncClient) -> None:
    """A workflow without jobs has counts of 0 and no dates."""
    summary = (await up.get(f"{JOBS}/summary")).json()
    assert summary["total_job_count"] == 0
    assert summary["activation_date"] is None
