"""`kill -9` at random moments, under faults on every side: nothing is lost, nothing invented, nothing out of order.

A few kills belong to the quick suite; `make test-slow` has 21, and `make test-kills KILLS=100` as many as are wanted.
`KILLS_SEED=7 make test-kills` repeats a run's jobs, faults and moments; what the machine makes of them differs from run
to run all the same.
"""

import json
import os
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from random import Random
from typing import Any

import anyio
import httpx
import pytest

from acceptance.hook import RunHook
from acceptance.processes import Apis, ConfigFor, Daemon, RunApis, RunDaemon

SEED = int(os.environ.get("KILLS_SEED", "1"))
FEW = 5
MANY = int(os.environ.get("KILLS", "21"))
# One kill in so many comes before the daemon is ready.
ONE_WHILE_STARTING_IN = 5
JOBS_PER_LIFE = 9
STATES = {"queued", "running", "stopping", "retrying", "succeeded", "failed", "cancelled"}
HOOK_FAULTS = ["server_error", "cut", "slow"] * 4 + ["busy", "rate_limited"]
API_FAULTS: Sequence[Mapping[str, Any]] = (
    # All jobs seem to be gone, for less than the grace time; later all answers are errors.
    {"kind": "not_found", "from_s": 8, "until_s": 11},
    {"kind": "server_error", "from_s": 20, "until_s": 23},
    {"kind": "rate_limited", "fraction": 0.005},
    {"kind": "rate_limited", "fraction": 0.005, "retry_after_form": "date"},
    {"kind": "server_error", "fraction": 0.03},
    {"kind": "slow", "fraction": 0.03, "delay_s": 0.4},
    {"kind": "slow", "fraction": 0.01, "delay_s": 3},
    {"kind": "cut", "fraction": 0.03},
    {"kind": "cut_body", "fraction": 0.03},
    {"kind": "garbage", "fraction": 0.03},
    {"kind": "truncated", "fraction": 0.03},
    {"kind": "wrong_types", "fraction": 0.04},
    {"kind": "unknown_status", "fraction": 0.02},
)
Job = dict[str, Any]


@pytest.mark.parametrize("kills", [FEW, pytest.param(MANY, marks=pytest.mark.slow, id="many")])
async def test_kill_9_loses_nothing_and_invents_nothing(
    kills: int, run_apis: RunApis, run_hook: RunHook, run_daemon: RunDaemon, config_for: ConfigFor
) -> None:
    """Many jobs, faults of every kind, a receiver that fails a third of the time, and `kill -9` again and again."""
    print(f"seed {SEED}")  # noqa: T201 - shown where the test fails
    rng = Random(SEED)
    limit_s = str(300 + 10 * kills)
    apis = run_apis(
        "--limit", limit_s, "--seed", str(SEED), "--unknown", "0.1", "--vanished", "0.03", "--token-uses", "60"
    )
    hook = await run_hook(seed=SEED, fail_fraction=1 / 3, faults=HOOK_FAULTS, slow_s=0.6)
    poll = {"min_interval": "200ms", "max_interval": "1s", "age_fraction": 0.2, "unreachable_after": "500ms"}
    config = config_for(apis, hook, **poll, lost_after={"not_found": 3, "grace": "5s"})
    config["sources"]["media"]["poll"] = {**config["sources"]["media"]["poll"], "linger": "30s"}
    config["sinks"]["hook"]["timeout"] = "500ms"
    daemon = run_daemon(config)
    apis.set_faults(apis.nebula, *API_FAULTS, {"kind": "envelope_error", "fraction": 0.05})
    apis.set_faults(apis.telestream, *API_FAULTS)
    await _kill_again_and_again(kills, rng, daemon, apis)
    faults_met = {base: apis.truth(base)["faults"] for base in (apis.nebula, apis.telestream)}
    apis.set_faults(apis.nebula)
    apis.set_faults(apis.telestream)
    hook.state.fail_fraction = 0.0
    await daemon.up()
    await _settle(daemon, apis)
    jobs = _truth(apis)
    events = await daemon.events()
    dead = await daemon.get("/v1/dead-letters")
    assert await daemon.stop() == 0

    assert all(faults_met.values()), faults_met
    assert set(hook.state.refused) <= {500, 503, 429, 0}, "a signature or body was bad"
    if kills > FEW:  # time enough for all of them
        assert all(len(met) == 11 - (base == apis.telestream) for base, met in faults_met.items()), faults_met
        assert {500, 503, 429, 0} <= set(hook.state.refused)
    assert dead["items"] == []
    told = [json.loads(next(iter(hook.bodies[name]))) for name in hook.state.received]
    assert {name: len(bodies) for name, bodies in hook.bodies.items() if len(bodies) > 1} == {}
    _judge_ids_and_order([(each["id"], each["subject"], int(each["sequence"])) for each in told], events)
    _judge_ids_and_order(_logged(daemon), events)
    _judge_jobs(jobs, [each["data"] | {"type": each["type"].split(".", 2)[2].removesuffix(".v1")} for each in told])


async def _kill_again_and_again(kills: int, rng: Random, daemon: Daemon, apis: Apis) -> None:
    """Let the daemon live for random times, and ask it to watch more jobs in each life; kills may cut the question."""
    wanted: list[Job] = []
    early = set(rng.sample(range(kills), kills // ONE_WHILE_STARTING_IN))
    for life in range(kills):
        daemon.start()
        if life in early:
            await anyio.sleep(rng.uniform(0, 1))
            daemon.kill()
            continue
        await daemon.ready()
        wanted += [
            *({"source": "graph", "job": {"job_id": key}} for key in _add_jobs(apis, apis.nebula)),
            *({"source": "media", "job": _up_job(key)} for key in _add_jobs(apis, apis.telestream)),
        ]
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_ask, daemon, wanted)
            await anyio.sleep(rng.uniform(2, 4) if rng.random() < 0.15 else rng.uniform(0, 1.2))
            daemon.kill()
    if wanted:
        await daemon.up()
        await _ask(daemon, wanted)
        daemon.kill()
    assert not wanted


def _add_jobs(apis: Apis, base: str) -> list[str]:
    keys: list[str] = apis.add(base, count=JOBS_PER_LIFE, scale_s=4)
    return keys


def _up_job(key: str) -> dict[str, str]:
    return dict(zip(("space_id", "workflow_id", "job_id"), key.split("/"), strict=True))


async def _ask(daemon: Daemon, wanted: list[Job]) -> None:
    try:
        await daemon.post("/v1/watches/batch", wanted)
    except httpx.TransportError:
        return  # killed meanwhile: asked again in the next life
    wanted.clear()


async def _settle(daemon: Daemon, apis: Apis) -> None:
    """Return once the daemon knows how every job ended, and has told it."""
    unsettled = await _unsettled(daemon, apis)
    with anyio.move_on_after(60):
        while unsettled:
            await anyio.sleep(0.25)
            unsettled = await _unsettled(daemon, apis)
    assert unsettled == {}, "what the daemon knows of a job, and what it is"
    await daemon.delivered()


async def _unsettled(daemon: Daemon, apis: Apis) -> dict[str, tuple[str | None, str]]:
    known = {each["key"]: "gone" if each["lost"] else each["state"] for each in await daemon.watches()}
    jobs = _truth(apis).items()
    return {key: (known[key], job["state"]) for key, job in jobs if not job["ended"] or known[key] != job["state"]}


def _truth(apis: Apis) -> dict[str, Job]:
    bases = {"graph": apis.nebula, "media": apis.telestream}
    return {f"{name}/{job['key']}": job for name, base in bases.items() for job in apis.truth(base)["jobs"]}


def _logged(daemon: Daemon) -> list[tuple[str, str, int]]:
    """Return what the log sink told in all lives, repetitions left out, in the order in which it came first."""
    contents: dict[str, Job] = {}
    for life in range(len(daemon.logs)):
        for line in daemon.lines(life):
            if line["logger"] == "journal":
                content = {key: value for key, value in line.items() if key != "timestamp"}
                assert contents.setdefault(line["id"], content) == content, "one id, two contents"
    return [(name, each["key"] or each["source"], each["sequence"]) for name, each in contents.items()]


def _judge_ids_and_order(told: Sequence[tuple[str, str, int]], events: Sequence[Job]) -> None:
    """Find that each stored event was told, nothing else was, and each subject's events came as 1, 2, 3 and so on."""
    assert {name for name, _, _ in told} == {each["id"] for each in events}
    assert len(told) == len(events) == len({each["id"] for each in events})
    numbers = defaultdict(list)
    for _, subject, number in told:
        numbers[subject].append(number)
    assert {key: found for key, found in numbers.items() if found != list(range(1, len(found) + 1))} == {}


def _judge_jobs(jobs: Mapping[str, Job], told: Iterable[Job]) -> None:
    """Find that what was told of each job is what happened to it, and that its end was told."""
    by_job = defaultdict(list)
    for each in told:
        if each["key"] is not None:
            by_job[each["key"]].append(each)
    assert by_job.keys() == jobs.keys()
    for key, job in jobs.items():
        story = [each["type"] for each in by_job[key]]
        past = [phase["state"] for phase in job["history"]]
        states = [state for kind in story if (state := kind.removeprefix("job.")) in STATES]
        end = "job.lost" if job["state"] == "gone" else f"job.{job['state']}"
        about = (key, story, past)
        assert end in story, about
        assert ("job.lost" in story) == (job["state"] == "gone"), about
        assert "job.failed" not in story or "failed" in past, about
        assert _is_subsequence(states, past), about
        _judge_tasks(job, [each for each in by_job[key] if each["task"] is not None])


def _judge_tasks(job: Job, told: Iterable[Job]) -> None:
    stories = defaultdict(list)
    for each in told:
        stories[each["task"]["id"]].append(each["type"].removeprefix("task."))
    for task, story in stories.items():
        past = [phase["state"] for phase in job["tasks"][task]]
        assert _is_subsequence(story, past), (job["key"], task, story, past)


def _is_subsequence(some: Sequence[str], every: Sequence[str]) -> bool:
    rest = iter(every)
    return all(each in rest for each in some)
