"""Steering a simulated API while it runs, and asking it for the truth."""

import httpx
import pytest

from jobwatchd.simulator.nebula import NebulaSimulator
from jobwatchd.simulator.roster import JobSpec
from jobwatchd.simulator.telestream import TelestreamSimulator
from jobwatchd.testing import FakeClock

JOB = "/api-open/v1/jobs/7"


async def test_faults_are_set_and_taken_back(explorer: httpx.AsyncClient) -> None:
    """Posted faults hit the API but not what steers it, and an empty list heals it."""
    await explorer.post("/_sim/faults", json={"faults": [{"kind": "server_error"}]})
    assert (await explorer.get(JOB)).status_code >= 500
    assert (await explorer.post("/_sim/faults", json={"faults": []})).json() == {"faults": 0}
    assert (await explorer.get(JOB)).status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"faults": [{"kind": "fire"}]},
        {"faults": [{"kind": "cut", "fraction": 2}]},
        {"faults": [{"kind": "cut", "share": 0.1}]},
        {"faults": [{"kind": "envelope_error"}]},
    ],
)
async def test_impossible_faults_are_refused(
    up: httpx.AsyncClient, telestream: TelestreamSimulator, body: object
) -> None:
    """A mistake is answered with the reason, and no fault is set."""
    answer = await up.post("/_sim/faults", json=body)
    assert answer.status_code == 422
    assert answer.json()["error"]
    assert telestream.world.faults.faults == ()


async def test_jobs_are_added(explorer: httpx.AsyncClient) -> None:
    """A scripted job, and random ones, are there at once under the keys of the answer."""
    scripted = {"job_id": "7", "age_s": 3, "phases": [[0, 0], [2, 1], [9, 3]]}
    answer = await explorer.post("/_sim/jobs", json={"jobs": [scripted, {"count": 2, "scale_s": 60}]})
    keys = answer.json()["keys"]
    assert (answer.status_code, len(keys), keys[0]) == (201, 3, "7")
    assert (await explorer.get(JOB)).json()["data"]["status"] == 1
    codes = [(await explorer.get(f"/api-open/v1/jobs/{key}")).json()["code"] for key in keys]
    assert codes == [0, 0, 0]


async def test_a_job_may_have_scripted_tasks(explorer: httpx.AsyncClient) -> None:
    """Tasks live lives of their own."""
    task = {"id": "t", "name": "PageRank", "phases": [[0, 0], [1, 1], [2, 3]]}
    job = {"job_id": "7", "age_s": 5, "phases": [[0, 1]], "tasks": [task]}
    await explorer.post("/_sim/jobs", json={"jobs": [job]})
    data = (await explorer.get(JOB)).json()["data"]
    assert (data["status"], data["tasks"][0]["name"], data["tasks"][0]["status"]) == (1, "PageRank", 3)


@pytest.mark.parametrize(
    "job",
    [
        {"job_id": "x7"},
        {"job_id": "../1"},
        {"phases": []},
        {"phases": [[0, 0], [0, 1]]},
        {"count": 2, "job_id": "8"},
        {"count": 0},
        {"colour": "red"},
        {"job_id": "7"},
    ],
)
async def test_impossible_jobs_are_refused(explorer: httpx.AsyncClient, nebula: NebulaSimulator, job: object) -> None:
    """A mistake, or a name that is taken, is answered with the reason, and no job is added."""
    nebula.world.roster.add(JobSpec(job_id="7"))
    answer = await explorer.post("/_sim/jobs", json={"jobs": [job]})
    assert answer.status_code == 422
    assert answer.json()["error"]
    assert len(nebula.world.roster) == 1


async def test_up_has_no_tasks(up: httpx.AsyncClient) -> None:
    """Tasks are Explorer's."""
    job = {"tasks": [{"id": "t", "name": "n", "phases": [[0, 0]]}]}
    assert (await up.post("/_sim/jobs", json={"jobs": [job]})).status_code == 422


async def test_the_truth_about_a_job(explorer: httpx.AsyncClient, nebula: NebulaSimulator, clock: FakeClock) -> None:
    """The truth tells the past and the present with their times, for tasks too, and how it will end."""
    nebula.world.roster.add(JobSpec(job_id="7", phases=((0, 0), (2, 42), (5, 2))))
    await clock.advance(3)
    truth = (await explorer.get("/_sim/truth")).json()
    history = [
        {"state": "queued", "native": 0, "at": "2026-01-01T00:00:00+00:00"},
        {"state": "unmapped", "native": 42, "at": "2026-01-01T00:00:02+00:00"},
    ]
    job = truth["jobs"][0]
    assert list(job.pop("tasks").values()) == [history]
    expected = {"key": "7", "state": "unmapped", "native": 42, "ended": False, "final": "succeeded"}
    assert job == {**expected, "history": history}
    assert (truth["kind"], truth["all_ended"]) == ("nebula-explorer", False)


async def test_the_truth_about_a_cancelled_job(
    explorer: httpx.AsyncClient, nebula: NebulaSimulator, clock: FakeClock
) -> None:
    """Who cancels a job changes how it ends."""
    nebula.world.roster.add(JobSpec(job_id="7", phases=((0, 1), (50, 2))))
    await clock.advance(3)
    await explorer.put(f"{JOB}/cancel")
    await clock.advance(3)
    job = (await explorer.get("/_sim/truth")).json()["jobs"][0]
    assert [step["state"] for step in job["history"]] == ["running", "stopping", "cancelled"]
    assert (job["final"], job["ended"]) == ("cancelled", True)


async def test_all_have_ended(up: httpx.AsyncClient, telestream: TelestreamSimulator, clock: FakeClock) -> None:
    """All have ended once each job is terminal for good or gone; one to be retried, or yet to be created, has not."""
    specs = (
        JobSpec(phases=((0, "failed"), (5, "retry"), (6, "succeeded"))),
        JobSpec(phases=((0, "created"), (4, None))),
        JobSpec(phases=((0, "stopped"),), age_s=-8),
    )
    for spec in specs:
        telestream.world.roster.add(spec)
    ended = []
    for seconds in (4, 3, 1):
        await clock.advance(seconds)
        ended.append((await up.get("/_sim/truth")).json()["all_ended"])
    assert ended == [False, False, True]


async def test_calls_and_faults_are_counted(explorer: httpx.AsyncClient) -> None:
    """The truth tells how often each endpoint answered, and how often each fault hit instead."""
    await explorer.post("/_sim/faults", json={"faults": [{"kind": "garbage", "times": 1}]})
    for _ in range(3):
        await explorer.get(JOB)
    truth = (await explorer.get("/_sim/truth")).json()
    assert truth["calls"] == {"connect": 1, "job": 2}
    assert truth["faults"] == {"garbage": 1}
