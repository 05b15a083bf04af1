"""How a webhook is sent: in which form, on which way, and as whom."""

import base64
import json
import ssl
from asyncio import StreamWriter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import standardwebhooks
import trustme
from cloudevents.core.bindings.http import HTTPMessage, from_http_event
from cloudevents.core.formats.json import JSONFormat

from jobwatchd.errors import SinkRejected, SinkUnavailable
from jobwatchd.model.event import Event
from jobwatchd.rotation import Rotation
from jobwatchd.sinks.event_data import event_data

Make = Callable[..., Any]
OLD = "whsec_" + base64.b64encode(b"old secret of 24 bytes..").decode()
NEW = "whsec_" + base64.b64encode(b"new secret of 24 bytes..").decode()


@pytest.mark.parametrize(
    ("settings", "content_type"),
    [
        ({}, "application/cloudevents+json"),
        ({"content_type": "application/json"}, "application/json"),
        ({"mode": "binary"}, "application/json"),
        ({"mode": "binary", "content_type": "application/json; charset=utf-8"}, "application/json; charset=utf-8"),
    ],
)
async def test_the_library_of_cloud_events_reads_what_arrives(
    event: Event, make_webhook: Make, taking: Make, settings: dict[str, Any], content_type: str
) -> None:
    """In either mode, with awkward characters in names; the signature is of the body that was sent."""
    event = replace(event, source='a "b" 100% ü\n€', ref=None, watch_id=None, detail="line\nline ü")
    async with taking() as endpoint:
        await make_webhook(endpoint.port, secrets=[NEW], **settings).send(event)
    headers, body = endpoint.headers(), endpoint.bodies[0]
    assert headers["content-type"] == content_type
    assert standardwebhooks.Webhook(NEW).verify(body, headers) == json.loads(body)
    if "mode" not in settings:
        headers["content-type"] = "application/cloudevents+json"  # else the library takes it for binary mode
    read = from_http_event(HTTPMessage(headers, body), JSONFormat())
    assert read.get_data() == event_data(event)
    assert {name: read.get_extension(name) for name in ("sequence",)} == {"sequence": "0000000003"}
    assert (read.get_id(), read.get_subject(), read.get_type()) == (
        event.id,
        'a "b" 100% ü\n€',
        "dev.jobwatchd.job.succeeded.v1",
    )
    assert read.get_source() == "/jobwatchd/sources/a%20%22b%22%20100%25%20%C3%BC%0A%E2%82%AC"
    assert read.get_time() == event.observed_at


async def test_webhooks_go_through_a_proxy(event: Event, make_webhook: Make, taking: Make) -> None:
    """It is asked for a receiver that only it can reach."""
    async with taking() as proxy:
        await make_webhook(1, proxy=f"http://127.0.0.1:{proxy.port}").send(event)
    assert proxy.heads[0].startswith("POST http://127.0.0.1:1/hooks/planted HTTP/1.1\r\n")


async def test_webhooks_show_a_client_certificate(
    event: Event, make_webhook: Make, serve_script: Make, answer: Make, tmp_path: Path
) -> None:
    """To a receiver that insists on one."""
    authority = trustme.CA()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    authority.configure_trust(tls)
    tls.verify_mode = ssl.CERT_REQUIRED
    files = {"ca_file": tmp_path / "ca", "cert_file": tmp_path / "cert", "key_file": tmp_path / "key"}
    authority.cert_pem.write_to_path(files["ca_file"])
    issued = authority.issue_cert("watcher@example.com")
    issued.cert_chain_pems[0].write_to_path(files["cert_file"])
    issued.private_key_pem.write_to_path(files["key_file"])
    async with serve_script(answer(200), tls) as endpoint:
        await make_webhook(endpoint.port, "https", tls=files).send(event)
        with pytest.raises(SinkUnavailable):
            await make_webhook(endpoint.port, "https", tls={"ca_file": files["ca_file"]}).send(event)
    assert len(endpoint.heads) == 1


@pytest.mark.parametrize(
    ("settings", "sent"),
    [
        ({"auth": {"kind": "bearer"}, "token": "t0ken"}, ("authorization", "Bearer t0ken")),
        (
            {"auth": {"kind": "basic"}, "username": "u", "password": "pä"},
            ("authorization", "Basic " + base64.b64encode("u:pä".encode()).decode()),
        ),
        (
            {"auth": {"kind": "header", "headers": {"X-Key": "key {token}"}}, "token": "t0ken"},
            ("x-key", "key t0ken"),
        ),
        ({"headers": {"Authorization": "Custom t0ken"}}, ("authorization", "Custom t0ken")),
    ],
)
async def test_credentials_are_sent_with_each_event(
    event: Event, make_webhook: Make, taking: Make, settings: dict[str, Any], sent: tuple[str, str]
) -> None:
    """As `auth` says, or as they are."""
    async with taking() as endpoint:
        await make_webhook(endpoint.port, **settings).send(event)
    assert endpoint.header(sent[0]) == sent[1]


class TokenServer:
    """A script that gives tokens, numbered, at `/token`, and takes events that have the newest."""

    def __init__(self, answer: Make) -> None:
        self.answer = answer
        self.endpoint: Any = None
        self.logins = 0
        self.accepted = 1
        self.login_status = 200

    async def __call__(self, writer: StreamWriter) -> None:
        """Answer the last request that came."""
        if self.endpoint.heads[-1].startswith("POST /token "):
            self.logins += 1
            token = {"access_token": f"token-{self.logins}", "token_type": "Bearer", "expires_in": 3600}
            await self.answer(self.login_status, body=json.dumps(token).encode())(writer)
            return
        known = self.endpoint.header("authorization") == f"Bearer token-{self.accepted}"
        await self.answer(200 if known else 401)(writer)


OAUTH2 = {"auth": {"kind": "oauth2", "token_url": "/token"}, "client_id": "cl", "client_secret": "planted-secret"}


async def test_a_token_is_fetched_once_and_again_when_it_is_refused(
    event: Event, make_webhook: Make, serve_script: Make, answer: Make
) -> None:
    """Client credentials of OAuth 2; no delivery fails meanwhile."""
    script = TokenServer(answer)
    async with serve_script(script) as script.endpoint:
        sink = make_webhook(script.endpoint.port, **OAUTH2, headers={"X-Planted": "for the receiver only"})
        await sink.send(event)
        await sink.send(event)
        script.accepted = 2
        await sink.send(event)
    assert [head.split(" ")[1] for head in script.endpoint.heads] == [
        "/token",
        "/hooks/planted",
        "/hooks/planted",
        "/hooks/planted",
        "/token",
        "/hooks/planted",
    ]
    assert script.endpoint.header("authorization", 0) == "Basic " + base64.b64encode(b"cl:planted-secret").decode()
    assert script.endpoint.bodies[0] == b"grant_type=client_credentials"
    assert script.endpoint.header("x-planted", 0) is None
    assert script.endpoint.header("x-planted", 1) == "for the receiver only"


async def test_a_refusal_with_the_newest_token_is_the_receivers(
    event: Event, make_webhook: Make, serve_script: Make, answer: Make
) -> None:
    """Two requests and no more."""
    script = TokenServer(answer)
    script.accepted = 9
    async with serve_script(script) as script.endpoint:
        with pytest.raises(SinkRejected, match=r"^127\.0\.0\.1:\d+ answered 401$"):
            await make_webhook(script.endpoint.port, **OAUTH2).send(event)
    assert (script.logins, len(script.endpoint.heads)) == (2, 4)


@pytest.mark.parametrize("status", [400, 401, 403, 500, 503])
async def test_without_a_login_the_receiver_is_unavailable(
    event: Event, make_webhook: Make, serve_script: Make, answer: Make, status: int
) -> None:
    """Nothing was sent, so the event was not refused; neither path nor secret is told."""
    script = TokenServer(answer)
    script.login_status = status
    async with serve_script(script) as script.endpoint:
        with pytest.raises(SinkUnavailable, match=r"^no login for 127\.0\.0\.1:\d+: POST ") as caught:
            await make_webhook(script.endpoint.port, **OAUTH2).send(event)
    assert len(script.endpoint.heads) == 1
    assert "planted" not in str(caught.value)


async def test_a_token_in_a_file_is_read_again_when_it_is_refused(
    event: Event, make_webhook: Make, serve_script: Make, answer: Make, tmp_path: Path
) -> None:
    """The event is taken at once, by the second request."""
    file = tmp_path / "token"
    file.write_text("token-1")

    async def script(writer: StreamWriter) -> None:
        known = endpoint.header("authorization") == "Bearer token-2"
        await answer(200 if known else 401)(writer)

    async with serve_script(script) as endpoint:
        sink = make_webhook(endpoint.port, auth={"kind": "bearer"}, token="token-1", token_file=file)
        with pytest.raises(SinkRejected):
            await sink.send(event)
        file.write_text("token-2\n")
        await sink.send(event)
        await sink.send(event)
    assert [endpoint.header("authorization", index)[-1] for index in range(4)] == ["1", "1", "2", "2"]


async def test_a_signing_secret_in_a_file_is_read_again_when_it_is_refused(
    event: Event, make_webhook: Make, serve_script: Make, answer: Make, tmp_path: Path
) -> None:
    """However the receiver says that it knows another."""
    file = tmp_path / "secret"
    file.write_text(OLD)
    known, refusals = [NEW], [401, 403]

    async def script(writer: StreamWriter) -> None:
        try:
            standardwebhooks.Webhook(known[0]).verify(endpoint.bodies[-1], endpoint.headers())
        except standardwebhooks.WebhookVerificationError:
            await answer(refusals.pop(0))(writer)
        else:
            await answer(200)(writer)

    async with serve_script(script) as endpoint:
        sink = make_webhook(endpoint.port, secrets=[OLD], secret_files=[file])
        for known[0] in (NEW, OLD):
            file.write_text(known[0])
            await sink.send(event)
    assert (len(endpoint.heads), refusals) == (4, [])


async def test_a_signing_secret_is_replaced_without_a_refusal(
    event: Event, make_webhook: Make, taking: Make, rotation: Rotation, tmp_path: Path
) -> None:
    """While the receiver takes either."""
    file = tmp_path / "secret"
    file.write_text(OLD)
    async with taking() as endpoint:
        sink = make_webhook(endpoint.port, secrets=[OLD], secret_files=[file])
        for text in (OLD, f"{NEW}\n{OLD}\n", NEW, "half of one", ""):
            file.write_text(text)
            await rotation.refresh()
            await sink.send(event)
    found = [len(endpoint.headers(index)["webhook-signature"].split(" ")) for index in range(5)]
    assert found == [1, 2, 1, 1, 1]
    standardwebhooks.Webhook(NEW).verify(endpoint.bodies[-1], endpoint.headers())
