"""Probes, status and metrics: how the daemon says that it is well."""

import gzip

import httpx
import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from integration.web.daemon import Daemon
from jobwatchd.model.health import SourceState
from jobwatchd.web import monitoring

PROBLEM = "The lane of graph made no progress for 60 s."


@pytest.mark.parametrize(
    ("path", "heartbeats", "expected"),
    [
        ("/livez", (True, []), (200, "ok")),
        ("/livez", (False, []), (200, "ok")),
        ("/livez", (True, [PROBLEM]), (503, "unwell")),
        ("/readyz", (True, []), (200, "ok")),
        ("/readyz", (False, []), (503, "starting")),
        ("/readyz", (True, [PROBLEM]), (503, "unwell")),
        ("/readyz", (False, [PROBLEM]), (503, "unwell")),
    ],
)
async def test_probes_follow_the_heartbeats(
    stranger: httpx.AsyncClient,
    daemon: Daemon,
    path: str,
    heartbeats: tuple[bool, list[str]],
    expected: tuple[int, str],
) -> None:
    """Each probe answers by the loops' progress and, for readiness, by the stage of life; nobody needs a token."""
    daemon.heartbeats.ready, daemon.heartbeats.stuck = heartbeats
    answer = await stranger.get(path)
    assert (answer.status_code, answer.json()["status"]) == expected
    assert answer.json()["problems"] == heartbeats[1]


async def test_a_broken_store_is_not_ready_but_alive(stranger: httpx.AsyncClient, daemon: Daemon) -> None:
    """A restart does not mend a database, so only readiness is lost, and says why."""
    daemon.store.broken = True
    ready = await stranger.get("/readyz")
    assert (ready.status_code, ready.json()["problems"]) == (503, ["The database is locked."])
    assert (await stranger.get("/livez")).status_code == 200


async def test_a_hanging_store_is_not_waited_for(
    stranger: httpx.AsyncClient, daemon: Daemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A store that does not answer is a problem of its own, after a bounded time."""
    monkeypatch.setattr(monitoring, "STORE_TIMEOUT_S", 0.01)
    daemon.store.hanging = True
    ready = await stranger.get("/readyz")
    assert (ready.status_code, ready.json()["status"]) == (503, "unwell")
    assert "did not answer" in ready.json()["problems"][0]


async def test_status_tells_version_uptime_and_sources(client: httpx.AsyncClient, daemon: Daemon) -> None:
    """The status has how each source fares."""
    daemon.clock.elapsed_s += 90
    daemon.watchlist.fares = [
        SourceState("graph", is_up=True, watches={"running": 3}),
        SourceState("media", is_up=False, watches={}),
    ]
    status = (await client.get("/v1/status")).json()
    assert (status["version"], status["uptime_s"], status["ready"], status["problems"]) == ("1.2.3", 90, True, [])
    assert status["sources"] == [
        {"name": "graph", "up": True, "watches": {"running": 3}},
        {"name": "media", "up": False, "watches": {}},
    ]


async def test_metrics_are_prometheus_text_by_default(stranger: httpx.AsyncClient) -> None:
    """A scrape without wishes gets the classic text format."""
    scrape = await stranger.get("/metrics", headers={"Accept": "*/*"})
    assert scrape.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert "jobwatchd_build_info" in {family.name for family in parse_text(scrape.text)}


async def test_metrics_are_openmetrics_on_request(stranger: httpx.AsyncClient) -> None:
    """A scraper that prefers OpenMetrics gets it, to its end mark."""
    scrape = await stranger.get("/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"})
    assert scrape.headers["content-type"].startswith("application/openmetrics-text; version=1.0.0")
    assert scrape.text.endswith("# EOF\n")
    assert "jobwatchd_polls" in {family.name for family in parse_openmetrics(scrape.text)}  # type: ignore[no-untyped-call]  # untyped there


@pytest.mark.parametrize("accept", ["application/openmetrics-text; version=x.y", "text/plain; version=", ";;,=", ""])
async def test_an_unreadable_wish_gets_the_default(stranger: httpx.AsyncClient, accept: str) -> None:
    """A strange Accept header is answered with what everybody reads."""
    scrape = await stranger.get("/metrics", headers={"Accept": accept})
    assert scrape.status_code == 200
    assert scrape.headers["content-type"].startswith("text/plain; version=0.0.4")


async def test_metrics_are_compressed_only_on_request(stranger: httpx.AsyncClient) -> None:
    """The body is gzip where the scraper takes it, and says so."""
    async with stranger.stream("GET", "/metrics", headers={"Accept-Encoding": "gzip"}) as scrape:
        raw = b"".join([chunk async for chunk in scrape.aiter_raw()])
    assert scrape.headers["content-encoding"] == "gzip"
    assert b"jobwatchd_build_info" in gzip.decompress(raw)
    plain = await stranger.get("/metrics", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers


async def test_an_outage_is_not_ready_but_alive(stranger: httpx.AsyncClient, daemon: Daemon) -> None:
    """What work waits for is said without asking the store again; a restart would not help."""
    daemon.heartbeats.waits = ["The disk is full."]
    daemon.store.hanging = True
    ready = await stranger.get("/readyz")
    assert (ready.status_code, ready.json()) == (503, {"status": "unwell", "problems": ["The disk is full."]})
    assert (await stranger.get("/livez")).status_code == 200


async def test_a_store_that_is_not_open_yet_is_not_asked(stranger: httpx.AsyncClient, daemon: Daemon) -> None:
    """The probe of a daemon that starts says so, and nothing else."""
    daemon.heartbeats.ready = daemon.heartbeats.started = False
    daemon.store.hanging = True
    assert (await stranger.get("/readyz")).json() == {"status": "starting", "problems": []}


async def test_status_tells_what_is_waited_for(client: httpx.AsyncClient, daemon: Daemon) -> None:
    """Beside the loops that make no progress."""
    daemon.heartbeats.stuck, daemon.heartbeats.waits = [PROBLEM], ["The disk is full."]
    assert (await client.get("/v1/status")).json()["problems"] == [PROBLEM, "The disk is full."]
