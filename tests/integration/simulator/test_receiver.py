"""The simulator's webhook receiver."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta

import anyio
import httpx
import pytest

from jobwatchd.model.event import Event, EventType
from jobwatchd.model.job import JobReference
from jobwatchd.simulator.receiver import ReceiverFault, ReceiverState, receiver_app
from jobwatchd.simulator.server import serve
from jobwatchd.sinks.webhook.message import Signer, cloud_event
from jobwatchd.testing import FakeClock

SECRET = "whsec_c2VjcmV0"
Post = Callable[..., Awaitable[httpx.Response]]


@pytest.fixture
def state(clock: FakeClock) -> ReceiverState:
    """Return a receiver's state whose time stands still."""
    return ReceiverState(secrets=[SECRET], clock=clock)


@pytest.fixture
async def client(state: ReceiverState) -> AsyncIterator[httpx.AsyncClient]:
    """Yield a client of the running receiver."""
    async with serve(receiver_app(state)) as url, httpx.AsyncClient(base_url=url, trust_env=False) as client:
        yield client


@pytest.fixture
def post(client: httpx.AsyncClient) -> Post:
    """Return what posts the numbered event of a job, signed now unless told otherwise."""

    async def send(
        sequence: int, job: str = "1964", secret: str = SECRET, age: timedelta = timedelta(0)
    ) -> httpx.Response:
        now = datetime.now(UTC)
        ref = JobReference.of("graph", [job])
        event = Event(f"{job}-{sequence}", EventType.JOB_RUNNING, "graph", sequence, now, ref)
        body = cloud_event(event).body
        return await client.post(
            "/hooks", content=body, headers=Signer([secret], "here").headers(event.id, body, now - age)
        )

    return send


async def test_what_came_is_told_in_order(client: httpx.AsyncClient, post: Post, state: ReceiverState) -> None:
    """Each event once, in the order of arrival, and per subject."""
    for job, sequence in [("1", 1), ("2", 1), ("1", 2), ("1", 1)]:
        assert (await post(sequence, job)).status_code == 200
    told = (await client.get("/events")).json()
    assert [event["id"] for event in told["events"]] == ["1-1", "2-1", "1-2"]
    assert told["events"][0] == {
        "id": "1-1",
        "type": "dev.jobwatchd.job.running.v1",
        "subject": "graph/1",
        "sequence": 1,
        "attempts": 2,
        "taken": 2,
    }
    subjects = state.by_subject()
    assert {name: [event.sequence for event in events] for name, events in subjects.items()} == {
        "graph/1": [1, 2],
        "graph/2": [1],
    }


async def test_a_wrong_signature_is_refused(post: Post, state: ReceiverState) -> None:
    """Nobody else can tell it anything."""
    assert (await post(1, secret="whsec_b3RoZXI=")).status_code == 401
    assert not state.received
    assert state.refused == {401: 1}


async def test_an_old_signature_is_refused(post: Post) -> None:
    """What was overheard cannot be played back later."""
    assert (await post(1, age=timedelta(minutes=6))).status_code == 401


@pytest.mark.parametrize("signature", [None, "", "v1", "v1,x,y", "v1,====", "v1a,abcd", "v1,ü"])
async def test_a_garbled_signature_is_refused(client: httpx.AsyncClient, signature: str | None) -> None:
    """No header makes it fall over."""
    headers = [(b"webhook-id", b"e1"), (b"webhook-timestamp", str(int(datetime.now(UTC).timestamp())).encode())]
    if signature is not None:
        headers.append((b"webhook-signature", signature.encode()))
    assert (await client.post("/hooks", content=b"{}", headers=headers)).status_code == 401


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b"\xff", json.dumps({"id": "e1"}).encode()])
async def test_what_is_no_cloud_event_is_refused(body: bytes) -> None:
    """Even where nothing has to be signed."""
    async with serve(receiver_app(ReceiverState())) as url, httpx.AsyncClient(trust_env=False) as client:
        response = await client.post(f"{url}/hooks", content=body, headers={"webhook-id": "e1"})
    assert response.status_code == 400


@pytest.mark.parametrize(
    ("fault", "status", "wish"),
    [(ReceiverFault.SERVER_ERROR, 500, None), (ReceiverFault.BUSY, 503, "1"), (ReceiverFault.RATE_LIMITED, 429, "1")],
)
async def test_a_fault_is_an_answer(
    post: Post, state: ReceiverState, fault: ReceiverFault, status: int, wish: str | None
) -> None:
    """The event is not taken, the attempt is counted."""
    state.fail_fraction, state.faults = 1.0, [fault]
    response = await post(1)
    assert response.status_code == status
    assert response.headers.get("retry-after") == wish
    assert not state.received
    assert state.attempts == {"1964-1": 1}
    assert state.refused == {status: 1}


async def test_a_cut_connection_is_no_answer(post: Post, state: ReceiverState) -> None:
    """It begins like a success and breaks off."""
    state.fail_fraction, state.faults = 1.0, [ReceiverFault.CUT]
    with pytest.raises(httpx.RemoteProtocolError):
        await post(1)
    assert not state.received
    assert state.refused == {0: 1}


async def test_a_slow_answer_comes_late_and_counts(post: Post, state: ReceiverState, clock: FakeClock) -> None:
    """The event is taken, whether or not the sender still waits."""
    state.fail_fraction, state.faults, state.slow_s = 1.0, [ReceiverFault.SLOW], 30.0
    statuses = []

    async def send() -> None:
        statuses.append((await post(1)).status_code)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(send)
        while not state.attempts:
            await anyio.wait_all_tasks_blocked()
        assert not state.received
        while not statuses:
            await clock.advance(30.0)
    assert statuses == [200]
    assert list(state.received) == ["1964-1"]


async def test_it_goes_down_and_recovers(post: Post, state: ReceiverState, clock: FakeClock) -> None:
    """For as long as it was told to."""
    state.go_down(60.0)
    assert (await post(1)).status_code == 503
    await clock.advance(59.9)
    assert (await post(1)).status_code == 503
    await clock.advance(0.1)
    assert (await post(1)).status_code == 200
    assert state.attempts == {"1964-1": 3}


def test_faults_are_repeatable_and_of_the_fraction_asked_for() -> None:
    """The same seed fails the same requests, about a third of them."""

    def drawn(seed: int) -> list[ReceiverFault | None]:
        state = ReceiverState(fail_fraction=1 / 3, seed=seed)
        return [state.next_fault() for _ in range(3_000)]

    assert drawn(1) == drawn(1)
    assert drawn(1) != drawn(2)
    assert 900 < sum(fault is not None for fault in drawn(1)) < 1_100
    assert set(drawn(1)) == {None, *ReceiverFault}
