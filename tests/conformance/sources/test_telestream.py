"""What is Telestream UP's own, over real HTTP."""

import json

import pytest

from conformance.sources.rigs import TelestreamRig
from jobwatchd.errors import ConfigError, JobNotFound, SourceRejected, SourceUnauthorized
from jobwatchd.rotation import Rotating
from jobwatchd.sources.telestream_up.payload import JobsSummary
from jobwatchd.sources.telestream_up.source import TelestreamUp

SUMMARY = (
    b'{"waiting_job_count": 1, "in_process_job_count": 2, "completed_job_count": 3, "failed_job_count": 4,'
    b' "stopped_job_count": 5, "total_job_count": 15, "activation_date": null, "last_used_date": null}'
)


@pytest.fixture
def rig_kind() -> str:
    """Return the kind of source that this file is about."""
    return "telestream"


async def test_a_poll_is_as_documented(rig: TelestreamRig) -> None:
    """Three parameters in the path, the key as bearer."""
    await rig.source.observe(rig.ref_of("d290f1ee", "e3c908ad", "j1"), 0)
    (call,) = rig.server.calls
    assert (call.method, call.target) == ("GET", "/d290f1ee/workflows/e3c908ad/jobs/j1")
    assert call.headers["authorization"] == f"Bearer {rig.api_key}"


@pytest.mark.parametrize("body", [b"", b"<h1>default backend - 404</h1>", b'{"error": "not found"}'])
async def test_any_404_is_job_not_found(rig: TelestreamRig, body: bytes) -> None:
    """The API's own is not documented, so it cannot be told from others; a lost job takes several of them."""
    rig.jobs = lambda _: rig.reply(404, body)
    with pytest.raises(JobNotFound):
        await rig.source.observe(rig.ref(), 0)


@pytest.mark.parametrize("status", [401, 403])
async def test_a_refused_key_is_unauthorized_at_once(rig: TelestreamRig, status: int) -> None:
    """There is nothing to renew."""
    rig.jobs = lambda _: rig.reply(status)
    with pytest.raises(SourceUnauthorized):
        await rig.source.observe(rig.ref(), 0)
    assert len(rig.server.calls) == 1


async def test_the_summary_counts_jobs(rig: TelestreamRig) -> None:
    """It is asked for beside the jobs, with encoded ids."""
    rig.jobs = lambda _: rig.reply(200, SUMMARY)
    summary = await rig.summary("s/1", "w")
    assert summary == JobsSummary(
        waiting_job_count=1,
        in_process_job_count=2,
        completed_job_count=3,
        failed_job_count=4,
        stopped_job_count=5,
        total_job_count=15,
    )
    assert rig.server.calls[-1].target == "/s%2F1/workflows/w/jobs/summary"


async def test_counts_that_stay_hint_since_when_nothing_moved(rig: TelestreamRig) -> None:
    """It is since they were first seen so; another count begins anew."""
    counts = json.loads(SUMMARY)
    rig.jobs = lambda _: rig.reply(200, json.dumps(counts).encode())
    first = await rig.source.observe_many("s/w", [rig.ref()])
    await rig.clock.advance(5)
    second = await rig.source.observe_many("s/w", [rig.ref()])
    counts["completed_job_count"] += 1
    third = await rig.source.observe_many("s/w", [rig.ref()])
    assert [listing.quiet_since_s for listing in (first, second, third)] == [0, 0, 5]


async def test_a_summary_that_is_not_found_is_no_lost_job(rig: TelestreamRig) -> None:
    """It is the workflow that does not exist."""
    rig.jobs = lambda _: rig.reply(404)
    with pytest.raises(SourceRejected):
        await rig.summary("s", "w")


@pytest.mark.parametrize("key", ["", "s3cret\n", "s3cret\u00e9", "s3\0cret"])
async def test_a_key_that_no_header_can_carry_is_a_configuration_error(rig: TelestreamRig, key: str) -> None:
    """It is found before anything is sent, and not repeated."""
    given = Rotating.constant(key)
    with pytest.raises(ConfigError) as caught:
        TelestreamUp("api", rig.server.url, api_key=given, client=rig.client, clock=rig.clock)
    assert "cret" not in str(caught.value)
