"""The webhook sink and what arrives at the other end."""

import base64
import json
import ssl
from asyncio import StreamWriter
from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import anyio
import pytest
import trustme

from jobwatchd.clock import SystemClock
from jobwatchd.errors import ConfigError, SinkRejected, SinkUnavailable
from jobwatchd.model.event import Event
from jobwatchd.simulator.receiver import ReceiverFault, ReceiverState, receiver_app
from jobwatchd.simulator.server import serve
from jobwatchd.testing import FakeClock

Make = Callable[..., Any]
OLD = "whsec_" + base64.b64encode(b"old secret of 24 bytes..").decode()
NEW = "whsec_" + base64.b64encode(b"new secret of 24 bytes..").decode()


@pytest.mark.parametrize("known", [NEW, OLD])
async def test_the_receiver_verifies_either_secret_during_rotation(event: Event, webhook: Make, known: str) -> None:
    """Whether the receiver has changed over or not, it takes the event."""
    state = ReceiverState(secrets=[known])
    async with serve(receiver_app(state)) as url:
        sink = webhook(f"{url}/hooks", [NEW, OLD], SystemClock())
        await sink.send(event)
    [received] = state.received.values()
    assert (received.id, received.subject, received.sequence) == (event.id, "graph/1964", 3)
    assert received.type == "dev.jobwatchd.job.succeeded.v1"


async def test_a_wrong_secret_is_a_refusal(event: Event, webhook: Make) -> None:
    """The receiver's 401 arrives as one, and the event does not."""
    state = ReceiverState(secrets=[OLD])
    async with serve(receiver_app(state)) as url:
        sink = webhook(f"{url}/hooks", [NEW], SystemClock())
        with pytest.raises(SinkRejected, match="answered 401"):
            await sink.send(event)
    assert not state.received


async def test_an_answer_that_breaks_off_does_not_count(event: Event, webhook: Make) -> None:
    """A 200 whose body does not come whole is tried again, and then the event is there once."""
    state = ReceiverState(secrets=[NEW], fail_fraction=1.0, faults=[ReceiverFault.CUT])
    async with serve(receiver_app(state)) as url:
        sink = webhook(f"{url}/hooks", [NEW], SystemClock())
        with pytest.raises(SinkUnavailable, match="failed: "):
            await sink.send(event)
        state.fail_fraction = 0.0
        await sink.send(event)
    assert state.attempts[event.id] == 2
    assert state.taken[event.id] == 1


async def test_a_retry_is_the_same_but_for_its_time(
    event: Event, webhook: Make, clock: FakeClock, serve_script: Make, answer: Make
) -> None:
    """Body and id stay, byte for byte; the time and with it the signature are those of the attempt."""
    async with serve_script(answer(503)) as endpoint:
        sink = webhook(f"http://127.0.0.1:{endpoint.port}/", [NEW])
        for again in (event, replace(event, labels=dict(event.labels))):
            with pytest.raises(SinkUnavailable):
                await sink.send(again)
            await clock.advance(61)
    assert endpoint.bodies[0] == endpoint.bodies[1]
    assert json.loads(endpoint.bodies[0])["id"] == event.id
    assert [endpoint.header("webhook-id", index) for index in (0, 1)] == [event.id, event.id]
    first, second = (endpoint.header("webhook-timestamp", index) for index in (0, 1))
    assert int(second) - int(first) == 61
    assert endpoint.header("webhook-signature", 0) != endpoint.header("webhook-signature", 1)


async def test_the_request_is_a_cloud_event_in_structured_mode(
    event: Event, webhook: Make, serve_script: Make, answer: Make
) -> None:
    """A POST of the documented content type, to the path and query that were configured."""
    async with serve_script(answer(202)) as endpoint:
        sink = webhook(f"http://127.0.0.1:{endpoint.port}/hooks/a%20b?c=d")
        await sink.send(event)
    assert endpoint.heads[0].startswith("POST /hooks/a%20b?c=d HTTP/1.1\r\n")
    assert endpoint.header("content-type") == "application/cloudevents+json"
    assert endpoint.header("webhook-id") == event.id
    assert endpoint.header("webhook-signature") is None


async def test_credentials_are_sent_along(event: Event, webhook: Make, serve_script: Make, answer: Make) -> None:
    """Those of the URL as basic authentication, those of the headers as they are."""
    async with serve_script(answer(200)) as endpoint:
        url = f"http://user:pa%20ss@127.0.0.1:{endpoint.port}/"
        sink = webhook(url, headers={"X-Token": "t0ken"})
        await sink.send(event)
    assert endpoint.header("authorization") == "Basic " + base64.b64encode(b"user:pa ss").decode()
    assert endpoint.header("x-token") == "t0ken"


async def test_attempts_do_not_depend_on_former_answers(
    event: Event, webhook: Make, serve_script: Make, answer: Make
) -> None:
    """Cookies are not kept; the connection is."""
    async with serve_script(answer(200, "Set-Cookie: a=b; Path=/\r\n", b"fine")) as endpoint:
        sink = webhook(f"http://127.0.0.1:{endpoint.port}/")
        await sink.send(event)
        await sink.send(event)
    assert len(endpoint.heads) == 2
    assert endpoint.header("cookie") is None


async def test_the_environment_names_no_proxy(
    event: Event, webhook: Make, serve_script: Make, answer: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy meant for other programs is not used."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    async with serve_script(answer(200)) as endpoint:
        sink = webhook(f"http://127.0.0.1:{endpoint.port}/")
        await sink.send(event)
    assert len(endpoint.heads) == 1


async def test_sends_beyond_the_connections_wait_their_turn(
    event: Event, webhook: Make, serve_script: Make, answer: Make
) -> None:
    """With one connection the second request comes only when the first is answered, and nobody times out waiting."""
    answered, let_go = [], anyio.Event()

    async def script(writer: StreamWriter) -> None:
        await let_go.wait()
        await answer(200)(writer)
        answered.append(len(endpoint.heads))

    async with serve_script(script) as endpoint:
        sink = webhook(f"http://127.0.0.1:{endpoint.port}/", concurrency=1)
        async with anyio.create_task_group() as tasks:
            for _ in range(3):
                tasks.start_soon(sink.send, event)
            await anyio.wait_all_tasks_blocked()
            let_go.set()
    assert answered == [1, 2, 3]


async def test_a_cancelled_send_gives_its_connection_back(
    event: Event, webhook: Make, serve_script: Make, answer: Make
) -> None:
    """The only connection is free again for the next event."""
    arrived = anyio.Event()

    async def script(writer: StreamWriter) -> None:
        if len(endpoint.heads) == 1:
            arrived.set()
            await anyio.sleep_forever()
        await answer(200)(writer)

    async with serve_script(script) as endpoint:
        sink = webhook(f"http://127.0.0.1:{endpoint.port}/", concurrency=1)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(sink.send, event)
            await arrived.wait()
            tasks.cancel_scope.cancel()
        await sink.send(event)
    assert len(endpoint.heads) == 2


async def test_a_private_authority_is_trusted_when_named(
    event: Event, webhook: Make, serve_script: Make, answer: Make, tmp_path: Path
) -> None:
    """With its certificate the event arrives; without, the error says that trust was the matter."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    async with serve_script(answer(200), tls) as endpoint:
        url = f"https://127.0.0.1:{endpoint.port}/"
        trusting = webhook(url, tls={"ca_file": tmp_path / "ca.pem"})
        await trusting.send(event)
        wary = webhook(url)
        with pytest.raises(
            SinkUnavailable, match=r"POST https://127.0.0.1:\d+ failed: could not connect .*certificate"
        ):
            await wary.send(event)
    assert len(endpoint.heads) == 1


async def test_as_many_sends_at_a_time_as_configured(
    event: Event, webhook: Make, serve_script: Make, answer: Make
) -> None:
    """None is answered before all have come."""
    everyone = anyio.Event()

    async def script(writer: StreamWriter) -> None:
        if len(endpoint.heads) == 20:
            everyone.set()
        await everyone.wait()
        await answer(200)(writer)

    async with serve_script(script) as endpoint:
        sink = webhook(f"http://127.0.0.1:{endpoint.port}/", concurrency=20)
        with anyio.fail_after(10):
            async with anyio.create_task_group() as tasks:
                for _ in range(20):
                    tasks.start_soon(sink.send, event)


async def test_an_unusable_ca_file_is_named(webhook: Make, tmp_path: Path) -> None:
    """It is found before anything is sent."""
    (tmp_path / "ca.pem").write_text("no certificate")
    with pytest.raises(ConfigError, match=r"ca_file .*ca\.pem holds no certificate"):
        webhook("https://127.0.0.1/", tls={"ca_file": tmp_path / "ca.pem"})


async def test_the_daemon_says_who_it_is(event: Event, webhook: Make, serve_script: Make, answer: Make) -> None:
    """By its own name and version, or as a header of the configuration says."""
    async with serve_script(answer(200)) as endpoint:
        url = f"http://127.0.0.1:{endpoint.port}/"
        await webhook(url).send(event)
        await webhook(url, headers={"User-Agent": "ours"}).send(event)
    assert [endpoint.header("user-agent", index) for index in (0, 1)] == [f"jobwatchd/{version('jobwatchd')}", "ours"]
