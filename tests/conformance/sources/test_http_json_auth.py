"""How a described source proves who is asking, over real HTTP."""

import json
from base64 import b64encode
from typing import Any
from urllib.parse import parse_qs

import anyio
import pytest

from conformance.sources.little_server import Reply, always
from conformance.sources.rigs import HttpJsonRig
from jobwatchd.errors import BadPayload, SourceError, SourceRejected, SourceUnauthorized, SourceUnavailable
from jobwatchd.redaction import SECRETS

OAUTH2 = {"kind": "oauth2", "token_url": "/oauth/token", "scope": "jobs:read", "audience": "api"}
CLIENT = {"client_id": "id:1", "client_secret": "clients3cret/+"}
COOKIE = {
    "kind": "cookie-login",
    "login": {"method": "POST", "path": "/signin", "form": {"u": "{username}", "p": "{password}"}},
    "cookie": "sid",
}


@pytest.fixture
def rig_kind() -> str:
    """Return the kind of source that this file is about."""
    return "http-json"


def _use(rig: HttpJsonRig, auth: dict[str, Any], **credentials: str) -> None:
    """Give the rig a source with another authentication, and an API that lets everybody in."""
    rig.source = rig.make(rig.server.url, {"auth": auth}, **credentials)
    rig.lets_in_all = True


def _answer_token(rig: HttpJsonRig, target: str, *replies: Reply) -> None:
    """Answer logins with these in turn; the jobs as ever."""
    rest, jobs = list(replies), rig.jobs
    rig.jobs = lambda call: (rest.pop(0) if len(rest) > 1 else rest[0]) if call.target == target else jobs(call)


@pytest.mark.parametrize(
    ("auth", "credentials", "headers"),
    [
        ({"kind": "none"}, {}, {}),
        ({"kind": "bearer"}, {"token": "abc"}, {"authorization": "Bearer abc"}),
        ({"kind": "bearer", "optional": True}, {}, {}),
        (
            {"kind": "basic"},
            {"username": "u", "password": "pä:ss"},
            {"authorization": f"Basic {b64encode('u:pä:ss'.encode()).decode()}"},
        ),
        (
            {"kind": "header", "headers": {"X-User": "{username}", "X-Key": "key {token}"}},
            {"username": "u", "token": "abc"},
            {"x-user": "u", "x-key": "key abc"},
        ),
    ],
)
async def test_constant_credentials_go_with_each_request(
    rig: HttpJsonRig, auth: Any, credentials: Any, headers: Any
) -> None:
    """Nothing else is sent, above all no login."""
    _use(rig, auth, **credentials)
    await rig.source.observe(rig.ref(), 0)
    (call,) = rig.server.calls
    assert {name: call.headers[name] for name in headers} == headers
    assert ("authorization" in call.headers) == ("authorization" in headers)


async def test_constant_credentials_are_not_tried_twice(rig: HttpJsonRig) -> None:
    """They would be refused again."""
    _use(rig, {"kind": "bearer"}, token="abc")
    rig.jobs = lambda _: rig.reply(401, b"abc")
    with pytest.raises(SourceUnauthorized):
        await rig.source.observe(rig.ref(), 0)
    assert len(rig.server.calls) == 1


async def test_fifty_polls_share_one_login(rig: HttpJsonRig) -> None:
    """They wait for it, and then all go on; when the token expires, one logs in for all."""
    seen = []

    async def poll(number: int) -> None:
        seen.append((await rig.see(rig.ref(number))).native_state)

    for logins in (1, 2):
        rig.tokens.clear()
        rig.held["/login"] = anyio.Event()
        async with anyio.create_task_group() as tasks:
            for number in range(1, 51):
                tasks.start_soon(poll, number)
            await anyio.wait_all_tasks_blocked()
            rig.held["/login"].set()
        assert rig.logins == logins
    assert seen == ["busy"] * 100


async def test_a_second_refusal_is_final(rig: HttpJsonRig) -> None:
    """One new login, one more try."""
    rig.jobs = lambda _: rig.reply(401, b"t0ken-1")
    with pytest.raises(SourceUnauthorized, match="even after a new login"):
        await rig.source.observe(rig.ref(), 0)
    assert rig.logins == 2


async def test_a_refusal_under_200_renews_too(rig: HttpJsonRig) -> None:
    """Where the description says how the API words it."""
    changes = {"unauthorized": {"status": [200, 401], "when": "error == 'expired'"}}
    rig.source = rig.make(rig.server.url, changes, username="root", password=rig.password)
    replies = [rig.reply(200, b'{"error": "expired"}'), rig.shows("done")]
    rig.jobs = lambda _: replies.pop(0)
    assert (await rig.see()).native_state == "done"
    assert rig.logins == 2


async def test_a_token_is_renewed_before_its_life_ends(rig: HttpJsonRig) -> None:
    """The API tells how long it lives; a tenth before its end is soon enough."""
    _use(rig, OAUTH2, **CLIENT)
    _answer_token(rig, "/oauth/token", rig.reply(200, b'{"access_token": "t", "expires_in": "100"}'))
    for passed_s in (0, 89, 2, 80):
        await rig.clock.advance(passed_s)
        await rig.source.observe(rig.ref(), 0)
    assert [call.target for call in rig.server.calls].count("/oauth/token") == 2


@pytest.mark.parametrize("send", ["header", "form"])
async def test_oauth2_asks_as_the_standard_says(rig: HttpJsonRig, send: str) -> None:
    """RFC 6749: a form, the client in the header (each part encoded) or in the form."""
    _use(rig, {**OAUTH2, "send": send}, **CLIENT)
    _answer_token(rig, "/oauth/token", rig.reply(200, b'{"access_token": "t"}'))
    await rig.source.observe(rig.ref(), 0)
    login, poll = rig.server.calls
    form = {key: value for key, (value,) in parse_qs(login.body.decode()).items()}
    expected = {"grant_type": "client_credentials", "scope": "jobs:read", "audience": "api"}
    basic = f"Basic {b64encode(b'id%3A1:clients3cret%2F%2B').decode()}"
    assert form == (expected if send == "header" else {**expected, **CLIENT})
    assert login.headers.get("authorization") == (basic if send == "header" else None)
    assert login.headers["content-type"] == "application/x-www-form-urlencoded"
    assert poll.headers["authorization"] == "Bearer t"


async def test_a_login_form_sets_a_cookie(rig: HttpJsonRig) -> None:
    """It is sent back, and nothing of the password can become another field."""
    _use(rig, COOKIE, username="u&admin=1", password="p=ä +&")
    _answer_token(rig, "/signin", rig.reply(302, b"", (("Set-Cookie", "sid=abc; HttpOnly"), ("Location", "/"))))
    await rig.source.observe(rig.ref(), 0)
    login, poll = rig.server.calls
    assert parse_qs(login.body.decode()) == {"u": ["u&admin=1"], "p": ["p=ä +&"]}
    assert poll.headers["cookie"] == "sid=abc"


async def test_a_json_login_sends_its_token_as_described(rig: HttpJsonRig) -> None:
    """Some APIs want another header, and the login itself basic authentication."""
    login = {"path": "/token", "headers": {"Authorization": "Basic {basic}"}}
    auth = {"kind": "json-login", "login": login, "token": "data.t", "headers": {"X-Session": "s={access_token}"}}
    _use(rig, auth, username="u", password="p")
    _answer_token(rig, "/token", rig.reply(200, json.dumps({"data": {"t": "abc"}}).encode()))
    await rig.source.observe(rig.ref(), 0)
    assert rig.server.calls[0].headers["authorization"] == f"Basic {b64encode(b'u:p').decode()}"
    assert rig.server.calls[1].headers["x-session"] == "s=abc"
    assert "authorization" not in rig.server.calls[1].headers


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        ((401, b"t0ken"), SourceUnauthorized),
        ((404, b"t0ken"), SourceRejected),
        ((503, b"t0ken"), SourceUnavailable),
        ((200, b"t0ken"), BadPayload),
        ((200, b'{"jwt": null, "x": "t0ken"}'), SourceUnauthorized),
        ((200, b'{"jwt": ["t0ken"]}'), BadPayload),
        ((200, b'{"jwt": "t0ken\\r\\nX: y"}'), BadPayload),
        ((200, b'{"jwt": "t0ken", "jwt": "t0ken2"}'), BadPayload),
    ],
)
async def test_a_login_that_fails_quotes_nothing(rig: HttpJsonRig, reply: Any, kind: type[SourceError]) -> None:
    """It is told as what it is, never as a word about the job, and what was answered is not shown."""
    rig.login_reply = rig.reply(*reply)
    with pytest.raises(kind, match=r"^POST http://127\.0\.0\.1:\d+/login ") as caught:
        await rig.source.observe(rig.ref(), 0)
    assert type(caught.value) is kind
    assert "t0ken" not in str(caught.value)


async def test_an_answer_that_repeats_a_secret_is_quoted_without_it(rig: HttpJsonRig) -> None:
    """Neither what the user gave nor what the login brought is told."""
    SECRETS.add([rig.password])
    await rig.source.observe(rig.ref(), 0)
    for body in (rig.password.encode(), b"t0ken-1"):
        rig.jobs = always(rig.reply(500, b"echo " + body))
        with pytest.raises(SourceUnavailable, match=r"echo \*+") as caught:
            await rig.source.observe(rig.ref(), 0)
        assert body.decode() not in str(caught.value)
