"""A simulated Explorer as an HTTP client sees it."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from jobwatchd.simulator.nebula import NebulaOptions, NebulaSimulator, login_header
from jobwatchd.simulator.nebula_answers import seed_job
from jobwatchd.simulator.roster import JobSpec
from jobwatchd.simulator.server import serve
from jobwatchd.testing import FakeClock

Login = Callable[[httpx.AsyncClient], Awaitable[httpx.Response]]
API = "/api-open/v1"
GRAPHD = {"address": "10.0.0.5", "port": 9669}
RUNNING = ((0, 0), (2, 1), (10, 2))


async def test_login_gives_the_documented_cookie(explorer: httpx.AsyncClient, login: Login) -> None:
    """The token comes in a Set-Cookie header with the stray `#` of the documentation's example."""
    answer = await login(explorer)
    assert answer.json()["code"] == 0
    token, rest = answer.headers["set-cookie"].split(";", 1)
    assert token.startswith("explorer_token=eyJhb")
    assert rest == " Path=/; # Max-Age=259200; HttpOnly"


async def test_the_stray_character_can_be_switched_off(clock: FakeClock, login: Login) -> None:
    """A server that writes the header properly exists too."""
    tidy = NebulaSimulator(clock, NebulaOptions(stray_hash=False, token_ttl_s=60))
    async with serve(tidy.app) as url, httpx.AsyncClient(base_url=url, trust_env=False) as client:
        answer = await login(client)
    assert answer.headers["set-cookie"].endswith("; Path=/; Max-Age=60; HttpOnly")


@pytest.mark.parametrize(
    ("headers", "body", "status", "code"),
    [
        ({}, GRAPHD, 401, 40104000),
        ({"Authorization": login_header("root", "wrong")}, GRAPHD, 401, 40104000),
        ({"Authorization": "Bearer root:nebula"}, GRAPHD, 401, 40104000),
        ({"Authorization": login_header("root", "nebula")}, {"address": "10.0.0.5", "port": "9669"}, 400, 40004001),
        ({"Authorization": login_header("root", "nebula")}, [], 400, 40004001),
    ],
)
async def test_a_wrong_login_is_refused(
    explorer: httpx.AsyncClient, headers: dict[str, str], body: object, status: int, code: int
) -> None:
    """Credentials must be right and base64, and the body must name graphd."""
    answer = await explorer.post(f"{API}/connect", headers=headers, json=body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    ("path", "headers", "code"),
    [
        ("/jobs/1964", {"cookie": ""}, 40104000),
        ("/jobs/1964", {"cookie": "explorer_token=eyJforged"}, 40104001),
        ("/jobs", {"cookie": "explorer_token=eyJforged"}, 40104001),
        ("/jobs/1964", {"content-type": "text/plain"}, 40004000),
        ("/jobs/1965", {}, 40404000),
        ("/jobs/x", {}, 40004001),
        ("/jobs?page=0", {}, 40004001),
        ("/jobs?pageSize=many", {}, 40004001),
        ("/jobs?filter={", {}, 40004001),
        ("/jobs?filter=[]", {}, 40004001),
        ('/jobs?filter={"status":"2"}', {}, 40004001),
        ('/jobs?filter={"orderByCreateTime":"up"}', {}, 40004001),
    ],
)
async def test_a_wrong_request_is_refused(
    explorer: httpx.AsyncClient, nebula: NebulaSimulator, path: str, headers: dict[str, str], code: int
) -> None:
    """Each mistake has its code, under the HTTP status of the code's first three digits."""
    nebula.world.roster.put(seed_job())
    answer = await explorer.get(API + path, headers=headers)
    assert answer.json()["code"] == code
    assert answer.status_code == code // 100_000


async def test_errors_can_come_under_http_200(clock: FakeClock) -> None:
    """The envelope tells of an error whatever the HTTP status says."""
    polite = NebulaSimulator(clock, NebulaOptions(errors_under_200=True))
    async with serve(polite.app) as url, httpx.AsyncClient(base_url=url, trust_env=False) as client:
        answer = await client.get(f"{API}/jobs/1964")
    assert (answer.status_code, answer.json()["code"]) == (200, 40104000)


@pytest.mark.parametrize(("options", "seconds", "polls"), [({"token_ttl_s": 60}, 60, 0), ({"token_uses": 3}, 0, 3)])
async def test_a_token_ends(
    clock: FakeClock, login: Login, options: dict[str, Any], seconds: float, polls: int
) -> None:
    """After its time or its uses a token is a session error, and a new login helps."""
    simulator = NebulaSimulator(clock, NebulaOptions(**options))
    simulator.world.roster.put(seed_job())
    async with serve(simulator.app) as url, httpx.AsyncClient(base_url=url, trust_env=False) as client:
        client.headers["content-type"] = "application/json"
        await login(client)
        codes = [(await client.get(f"{API}/jobs/1964")).json()["code"] for _ in range(polls)]
        await clock.advance(seconds)
        codes.append((await client.get(f"{API}/jobs/1964")).json()["code"])
        await login(client)
        codes.append((await client.get(f"{API}/jobs/1964")).json()["code"])
    assert codes == [0] * polls + [40104001, 0]


async def test_the_documented_job(explorer: httpx.AsyncClient, nebula: NebulaSimulator) -> None:
    """The documentation's request brings the documentation's answer."""
    nebula.world.roster.put(seed_job())
    answer = (await explorer.get(f"{API}/jobs/1964")).json()
    assert (answer["code"], answer["message"]) == (0, "Success")
    assert answer["data"]["runEndTime"] == 1657593218000
    assert answer["data"]["tasks"][0]["runEndTime"] == "2022-07-12T10:33:38+08:00"


async def test_a_job_lives(explorer: httpx.AsyncClient, nebula: NebulaSimulator, clock: FakeClock) -> None:
    """A job and its task are prepared, run and succeed as time goes by."""
    nebula.world.roster.add(JobSpec(job_id="7", phases=RUNNING))
    seen = []
    for _ in range(3):
        data = (await explorer.get(f"{API}/jobs/7")).json()["data"]
        seen.append((data["status"], data["tasks"][0]["status"], "runBeginTime" in data, "runEndTime" in data))
        await clock.advance(5)
    assert seen == [(0, 0, False, False), (1, 1, True, False), (2, 2, True, True)]


async def test_a_job_disappears(explorer: httpx.AsyncClient, nebula: NebulaSimulator, clock: FakeClock) -> None:
    """A job that is gone is not found, and in no list."""
    nebula.world.roster.add(JobSpec(job_id="7", phases=((0, 1), (5, None))))
    await clock.advance(5)
    assert (await explorer.get(f"{API}/jobs/7")).json()["code"] == 40404000
    assert (await explorer.get(f"{API}/jobs")).json()["data"]["total"] == 0


async def _cancel(client: httpx.AsyncClient) -> dict[str, Any]:
    answer: dict[str, Any] = (await client.put(f"{API}/jobs/7/cancel")).json()
    return answer


async def test_a_cancelled_job_stops(explorer: httpx.AsyncClient, nebula: NebulaSimulator, clock: FakeClock) -> None:
    """Cancelling takes a running job and its task through stopping to interrupted; an ended job cannot be cancelled."""
    nebula.world.roster.add(JobSpec(job_id="7", phases=RUNNING))
    await clock.advance(3)
    assert (await _cancel(explorer))["code"] == 0
    seen = []
    for _ in range(2):
        data = (await explorer.get(f"{API}/jobs/7")).json()["data"]
        seen.append((data["status"], data["tasks"][0]["status"]))
        await clock.advance(1)
    assert seen == [(5, 5), (4, 4)]
    assert (await _cancel(explorer))["code"] == 40004000


@pytest.fixture
async def listed(nebula: NebulaSimulator, clock: FakeClock) -> NebulaSimulator:
    """Return an Explorer with jobs 1 to 12, created a second apart, odd ones in workflow `odd`; the first two ended."""
    for number in range(1, 13):
        phases = ((0, 0), (1, 1), (2, 2)) if number <= 2 else ((0, 0),)
        workflow = "odd" if number % 2 else "even"
        nebula.world.roster.add(JobSpec(job_id=str(number), workflow_id=workflow, phases=phases))
        await clock.advance(1)
    return nebula


CREATED_4TH_MS = 1767225600000 + 3000


@pytest.mark.parametrize(
    ("path", "query", "expected"),
    [
        ("/jobs", {}, ([12, 11, 10, 9, 8, 7, 6, 5, 4, 3], 12)),
        ("/jobs", {"page": 2}, ([2, 1], 12)),
        ("/jobs", {"page": 3}, ([], 12)),
        ("/jobs", {"filter": {"orderByCreateTime": "asc"}, "pageSize": 2, "page": 2}, ([3, 4], 12)),
        ("/jobs", {"filter": {"status": 2}}, ([2, 1], 2)),
        ("/jobs", {"filter": {"name": "workflow_odd_5"}}, ([5], 1)),
        ("/jobs", {"filter": {"fromCreateTime": CREATED_4TH_MS - 1000, "toCreateTime": CREATED_4TH_MS}}, ([4, 3], 2)),
        ("/workflows/odd/jobs", {"pageSize": 3}, ([11, 9, 7], 6)),
        ("/workflows/none/jobs", {}, ([], 0)),
    ],
)
async def test_lists(
    explorer: httpx.AsyncClient,
    listed: NebulaSimulator,
    path: str,
    query: dict[str, Any],
    expected: tuple[list[int], int],
) -> None:
    """Lists are paged, filtered and ordered as documented, newest first."""
    parameters = {name: json.dumps(value) for name, value in query.items()}
    data = (await explorer.get(API + path, params=parameters)).json()["data"]
    assert ([job["id"] for job in data["items"]], data["total"]) == expected


async def test_the_shape_of_a_list(explorer: httpx.AsyncClient, listed: NebulaSimulator) -> None:
    """`Page` and `PageSize` have a capital P, and the jobs have no tasks."""
    data = (await explorer.get(f"{API}/jobs", params={"page": 2})).json()["data"]
    assert set(data) == {"items", "total", "Page", "PageSize"}
    assert (data["Page"], data["PageSize"]) == (2, 10)
    assert "tasks" not in data["items"][0]
