"""Both simulated APIs, served on real ports, with time that moves only when a test says so."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime

import httpx
import pytest

from jobwatchd.simulator.nebula import NebulaSimulator, login_header
from jobwatchd.simulator.server import serve
from jobwatchd.simulator.telestream import TelestreamSimulator
from jobwatchd.testing import FakeClock

Login = Callable[[httpx.AsyncClient], Awaitable[httpx.Response]]


@pytest.fixture
def clock() -> FakeClock:
    """Return time that stands still."""
    return FakeClock(datetime(2026, 1, 1, tzinfo=UTC))


@pytest.fixture
def nebula(clock: FakeClock) -> NebulaSimulator:
    """Return an Explorer without jobs."""
    return NebulaSimulator(clock)


@pytest.fixture
def telestream(clock: FakeClock) -> TelestreamSimulator:
    """Return a UP without jobs."""
    return TelestreamSimulator(clock)


@pytest.fixture
def login() -> Login:
    """Return a call that logs a client in to an Explorer, as a source has to: the token becomes its cookie."""

    async def log_in(client: httpx.AsyncClient) -> httpx.Response:
        answer = await client.post(
            "/api-open/v1/connect",
            headers={"Authorization": login_header("root", "nebula")},
            json={"address": "10.0.0.5", "port": 9669},
        )
        client.headers["cookie"] = answer.headers["set-cookie"].partition(";")[0]
        return answer

    return log_in


@pytest.fixture
async def explorer(nebula: NebulaSimulator, login: Login) -> AsyncIterator[httpx.AsyncClient]:
    """Return a client that is logged in to the Explorer."""
    async with serve(nebula.app) as url, httpx.AsyncClient(base_url=url, trust_env=False) as client:
        client.headers["content-type"] = "application/json"
        await login(client)
        yield client


@pytest.fixture
async def up(telestream: TelestreamSimulator) -> AsyncIterator[httpx.AsyncClient]:
    """Return a client with the API key of UP."""
    async with serve(telestream.app) as url, httpx.AsyncClient(base_url=url, trust_env=False) as client:
        client.headers["authorization"] = "Bearer up-key"
        yield client
