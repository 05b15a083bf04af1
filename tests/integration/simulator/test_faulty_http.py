"""Each kind of fault, as a client of the API meets it."""

from email.utils import parsedate_to_datetime

import anyio
import httpx
import pytest

from jobwatchd.simulator.faults import Fault, FaultKind, RetryAfterForm
from jobwatchd.simulator.nebula import NebulaSimulator
from jobwatchd.simulator.nebula_answers import seed_job
from jobwatchd.simulator.roster import JobSpec
from jobwatchd.simulator.server import serve
from jobwatchd.simulator.telestream import TelestreamSimulator
from jobwatchd.testing import FakeClock

JOB = "/api-open/v1/jobs/1964"
UP_JOB = "/space/workflows/flow/jobs/a"


@pytest.fixture(autouse=True)
def jobs(nebula: NebulaSimulator, telestream: TelestreamSimulator) -> None:
    """Put one job into each API."""
    nebula.world.roster.put(seed_job())
    telestream.world.roster.add(JobSpec(space_id="space", workflow_id="flow", job_id="a", phases=((0, "in-process"),)))


async def _hit(client: httpx.AsyncClient, simulator: NebulaSimulator, kind: FaultKind) -> httpx.Response:
    simulator.world.faults.set(Fault(kind=kind, times=1))
    return await client.get(JOB)


async def test_a_healthy_answer_follows_a_fault(explorer: httpx.AsyncClient, nebula: NebulaSimulator) -> None:
    """A fault leaves the API itself, its sessions and the connection as they were."""
    await _hit(explorer, nebula, FaultKind.SERVER_ERROR)
    assert (await explorer.get(JOB)).json()["data"]["status"] == 2


@pytest.mark.parametrize(("wanted_s", "header"), [(2, "2"), (0.2, "1"), (None, None)])
async def test_rate_limited_for_seconds(
    explorer: httpx.AsyncClient, nebula: NebulaSimulator, wanted_s: float | None, header: str | None
) -> None:
    """429 says how many whole seconds to wait, or nothing."""
    nebula.world.faults.set(Fault(kind=FaultKind.RATE_LIMITED, retry_after_s=wanted_s))
    answer = await explorer.get(JOB)
    assert (answer.status_code, answer.headers.get("retry-after")) == (429, header)


async def test_rate_limited_until_a_date(
    explorer: httpx.AsyncClient, nebula: NebulaSimulator, clock: FakeClock
) -> None:
    """429 may name the instant at which to come again instead."""
    fault = Fault(kind=FaultKind.RATE_LIMITED, retry_after_s=90, retry_after_form=RetryAfterForm.DATE)
    nebula.world.faults.set(fault)
    answer = await explorer.get(JOB)
    assert (parsedate_to_datetime(answer.headers["retry-after"]) - clock.now()).total_seconds() == 90


async def test_server_errors_are_pages(explorer: httpx.AsyncClient, nebula: NebulaSimulator) -> None:
    """500, 502 and 503 all occur, each with an HTML page."""
    nebula.world.faults.set(Fault(kind=FaultKind.SERVER_ERROR))
    answers = [await explorer.get(JOB) for _ in range(30)]
    assert {answer.status_code for answer in answers} == {500, 502, 503}
    assert all(answer.headers["content-type"].startswith("text/html") for answer in answers)


async def test_envelope_errors_come_under_http_200(explorer: httpx.AsyncClient, nebula: NebulaSimulator) -> None:
    """Error codes of all classes but not-found occur, an unlisted one too."""
    nebula.world.faults.set(Fault(kind=FaultKind.ENVELOPE_ERROR))
    answers = [await explorer.get(JOB) for _ in range(100)]
    codes = {answer.json()["code"] for answer in answers}
    assert {answer.status_code for answer in answers} == {200}
    assert {40104001, 50004000, 90004000, 50304000} <= codes
    assert not {0, 40404000} & codes


async def test_not_found_is_the_api_s_own(
    explorer: httpx.AsyncClient, up: httpx.AsyncClient, nebula: NebulaSimulator
) -> None:
    """For a while a job that exists is answered just as one that does not."""
    truly = await explorer.get("/api-open/v1/jobs/1")
    falsely = await _hit(explorer, nebula, FaultKind.NOT_FOUND)
    assert (falsely.status_code, falsely.content) == (truly.status_code, truly.content)


async def test_not_found_of_up(up: httpx.AsyncClient, telestream: TelestreamSimulator) -> None:
    """The same holds for the other API."""
    truly = await up.get("/space/workflows/flow/jobs/b")
    telestream.world.faults.set(Fault(kind=FaultKind.NOT_FOUND))
    falsely = await up.get(UP_JOB)
    assert (falsely.status_code, falsely.content) == (404, truly.content)


class _WatchedClock(FakeClock):
    """Says when somebody has gone to sleep."""

    def __init__(self) -> None:
        super().__init__()
        self.asleep = anyio.Event()

    async def sleep(self, delay_s: float) -> None:
        self.asleep.set()
        await super().sleep(delay_s)


async def test_slow_is_right_but_late() -> None:
    """Nothing is answered until the delay is over, then the right thing is."""
    clock = _WatchedClock()
    simulator = NebulaSimulator(clock)
    simulator.world.faults.set(Fault(kind=FaultKind.SLOW, delay_s=30))
    answers = []
    async with serve(simulator.app) as url, httpx.AsyncClient(base_url=url, trust_env=False) as client:

        async def ask() -> None:
            answers.append(await client.get(JOB))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(ask)
            await clock.asleep.wait()
            await clock.advance(29.9)
            assert answers == []
            await clock.advance(0.1)
    assert answers[0].json()["code"] == 40104000


async def test_cut_before_the_answer(explorer: httpx.AsyncClient, nebula: NebulaSimulator) -> None:
    """The connection ends without a single byte."""
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        await _hit(explorer, nebula, FaultKind.CUT)


async def test_cut_in_the_body(explorer: httpx.AsyncClient, nebula: NebulaSimulator) -> None:
    """The head promises more than comes before the connection ends."""
    whole = (await explorer.get(JOB)).content
    nebula.world.faults.set(Fault(kind=FaultKind.CUT_BODY, times=1))
    came = bytearray()

    async def read(answer: httpx.Response) -> None:
        async for piece in answer.aiter_raw():
            came.extend(piece)

    async with explorer.stream("GET", JOB) as answer:
        assert answer.headers["content-length"] == str(len(whole))
        with pytest.raises(httpx.RemoteProtocolError):
            await read(answer)
    assert came == whole[: len(whole) // 2]


@pytest.mark.parametrize("kind", [FaultKind.GARBAGE, FaultKind.TRUNCATED])
async def test_no_json(explorer: httpx.AsyncClient, nebula: NebulaSimulator, kind: FaultKind) -> None:
    """What is called JSON cannot be read as such, whatever was drawn."""
    nebula.world.faults.set(Fault(kind=kind))
    for _ in range(20):
        answer = await explorer.get(JOB)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
        with pytest.raises(ValueError, match=r"."):
            answer.json()


async def test_unknown_status(
    explorer: httpx.AsyncClient, up: httpx.AsyncClient, nebula: NebulaSimulator, telestream: TelestreamSimulator
) -> None:
    """The job has a status that its API does not document; the rest of the answer is right."""
    data = (await _hit(explorer, nebula, FaultKind.UNKNOWN_STATUS)).json()["data"]
    assert data["id"] == 1964
    assert data["status"] not in range(6)
    telestream.world.faults.set(Fault(kind=FaultKind.UNKNOWN_STATUS))
    assert (await up.get(UP_JOB)).json()["state"] in {"on-hold", "quarantined"}


async def test_wrong_types(explorer: httpx.AsyncClient, nebula: NebulaSimulator) -> None:
    """The answer is JSON, and its status is no number that could be meant."""
    nebula.world.faults.set(Fault(kind=FaultKind.WRONG_TYPES))
    for _ in range(20):
        assert type((await explorer.get(JOB)).json()["data"]["status"]) is not int


async def test_what_is_no_json_is_not_tampered_with(explorer: httpx.AsyncClient, nebula: NebulaSimulator) -> None:
    """A path that the API does not have is told so, as ever."""
    nebula.world.faults.set(Fault(kind=FaultKind.WRONG_TYPES))
    answer = await explorer.get("/elsewhere")
    assert (answer.status_code, answer.text) == (404, "Not Found")
