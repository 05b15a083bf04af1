"""NebulaGraph Explorer's sessions: one login for all polls that need it."""

import json

import anyio
import pytest

from conformance.sources.rigs import NebulaRig
from jobwatchd.errors import BadPayload, SourceError, SourceRejected, SourceUnauthorized, SourceUnavailable

CONNECT = "/api-open/v1/connect"


@pytest.fixture
def rig_kind() -> str:
    """Return the kind of source that this file is about."""
    return "nebula"


async def _poll_all(rig: NebulaRig, numbers: range) -> list[object]:
    """Poll jobs all at once; return what came of each, a state's word or an error."""
    outcomes: list[object] = []

    async def poll(number: int) -> None:
        try:
            outcomes.append((await rig.see(rig.ref(number))).native_state)
        except SourceError as error:
            outcomes.append(error)

    async with anyio.create_task_group() as tasks:
        for number in numbers:
            tasks.start_soon(poll, number)
        await anyio.wait_all_tasks_blocked()
        for event in rig.held.values():
            event.set()
    return outcomes


async def test_a_login_is_as_documented(rig: NebulaRig) -> None:
    """Credentials and graphd address go out once, the token comes back as a cookie with every request."""
    await rig.source.observe(rig.ref(), 0)
    await rig.source.observe(rig.ref(), 0)
    login, *polls = rig.server.calls
    assert (login.method, login.target) == ("POST", CONNECT)
    assert json.loads(login.body) == {"address": "10.0.0.5", "port": 9669}
    assert [call.headers["cookie"] for call in polls] == ["explorer_token=t0ken-1"] * 2
    assert {call.headers["content-type"] for call in rig.server.calls} == {"application/json"}
    assert [call.target for call in polls] == ["/api-open/v1/jobs/1964"] * 2
    assert "authorization" not in polls[0].headers


async def test_fifty_polls_share_one_login(rig: NebulaRig) -> None:
    """They wait for it, and then all go on."""
    rig.held[CONNECT] = anyio.Event()
    assert await _poll_all(rig, range(1, 51)) == ["1"] * 50
    assert rig.logins == 1


async def test_an_expired_token_is_renewed_once_for_all(rig: NebulaRig) -> None:
    """Fifty polls are refused at once; one logs in, all are sent again."""
    await rig.source.observe(rig.ref(), 0)
    rig.tokens.clear()
    rig.held[CONNECT] = anyio.Event()
    assert await _poll_all(rig, range(1, 51)) == ["1"] * 50
    assert rig.logins == 2


async def test_a_late_refusal_of_an_old_token_does_not_log_in_again(rig: NebulaRig) -> None:
    """Somebody else has renewed it meanwhile."""
    await rig.source.observe(rig.ref(), 0)
    rig.tokens.clear()
    late = rig.held["/api-open/v1/jobs/1"] = anyio.Event()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(rig.source.observe, rig.ref(1), 0)
        while rig.server.calls[-1].target != "/api-open/v1/jobs/1":
            await anyio.lowlevel.checkpoint()
        await rig.source.observe(rig.ref(2), 0)
        late.set()
    assert rig.logins == 2


async def test_a_wrong_password_is_tried_once_for_all_that_wait(rig: NebulaRig) -> None:
    """All fail alike, in errors of their own; the next poll tries again, and may succeed."""
    good, rig.password = rig.password, "another"
    rig.held[CONNECT] = anyio.Event()
    outcomes = await _poll_all(rig, range(1, 51))
    assert [isinstance(error, SourceUnauthorized) for error in outcomes] == [True] * 50
    assert len({id(error) for error in outcomes}) == 50
    assert rig.logins == 1
    rig.password = good
    assert (await rig.see()).native_state == "1"


async def test_a_login_that_is_cancelled_does_not_stop_the_others(rig: NebulaRig) -> None:
    """The next of those that wait logs in."""
    rig.held[CONNECT] = anyio.Event()
    impatient = anyio.CancelScope()

    async def give_up() -> None:
        with impatient:
            await rig.source.observe(rig.ref(1), 0)

    outcomes: list[object] = []

    async def wait_for_it() -> None:
        outcomes.append((await rig.see(rig.ref(2))).native_state)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(give_up)
        await anyio.wait_all_tasks_blocked()
        tasks.start_soon(wait_for_it)
        await anyio.wait_all_tasks_blocked()
        impatient.cancel()
        rig.held[CONNECT].set()
    assert impatient.cancelled_caught
    assert outcomes == ["1"]


@pytest.mark.parametrize("code", [40104000, 40104001, 40104999])
@pytest.mark.parametrize("status", [200, 401])
async def test_a_second_refusal_is_final(rig: NebulaRig, code: int, status: int) -> None:
    """One new login, one more try, then `SourceUnauthorized`; whatever the HTTP status says."""
    rig.jobs = lambda _: rig.envelope(None, code, status)
    with pytest.raises(SourceUnauthorized, match="even after a new login"):
        await rig.source.observe(rig.ref(), 0)
    assert rig.logins == 2
    assert len(rig.server.calls) == 4


async def test_a_401_without_an_envelope_renews_too(rig: NebulaRig) -> None:
    """A gateway that checks the token need not know the envelope."""
    replies = [rig.reply(401, b"<h1>Unauthorized</h1>"), rig.shows(2)]
    rig.jobs = lambda _: replies.pop(0)
    assert (await rig.see()).native_state == "2"
    assert rig.logins == 2


@pytest.mark.parametrize("code", [40304000, 40404000, 50004000])
async def test_other_codes_do_not_renew(rig: NebulaRig, code: int) -> None:
    """A new token would not help."""
    rig.jobs = lambda _: rig.envelope(None, code)
    with pytest.raises(SourceError):
        await rig.source.observe(rig.ref(), 0)
    assert rig.logins == 1


@pytest.mark.parametrize(
    ("cookie", "is_usable"),
    [
        ("explorer_token={}; Path=/; # Max-Age=259200; HttpOnly", True),
        ("explorer_token={}", True),
        (" explorer_token = {} ;Path=/", True),
        ("other=1\r\nSet-Cookie: explorer_token={}; Max-Age=soon", True),
        ("other={}; explorer_token={}", False),
        ("explorer_token=; Path=/", False),
        ("explorer_token={} and more", False),
    ],
)
async def test_the_token_is_found_in_its_cookie(rig: NebulaRig, cookie: str, *, is_usable: bool) -> None:
    """Attributes are not read at all, so that a stray `#` among them does no harm."""
    rig.cookie = cookie
    if is_usable:
        await rig.source.observe(rig.ref(), 0)
        return
    with pytest.raises(BadPayload, match=r"without a usable cookie explorer_token") as caught:
        await rig.source.observe(rig.ref(), 0)
    assert "t0ken" not in str(caught.value)


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        (40004001, 200, SourceRejected),
        (40104000, 200, SourceUnauthorized),
        (40304000, 200, SourceUnauthorized),
        (40404000, 200, SourceRejected),
        (50004003, 200, SourceUnavailable),
        (0, 404, SourceUnavailable),
        (0, 502, SourceUnavailable),
    ],
)
async def test_a_login_that_fails_is_told_as_what_it_is(
    rig: NebulaRig, code: int, status: int, kind: type[SourceError]
) -> None:
    """Never as a word about the job; and the answer, which may hold a token, is not quoted."""
    rig.login_reply = rig.envelope({"token": "s3cret"}, code, status)
    with pytest.raises(kind, match=r"^POST http://127\.0\.0\.1:\d+/api-open/v1/connect ") as caught:
        await rig.source.observe(rig.ref(), 0)
    assert isinstance(caught.value, kind)
    assert "s3cret" not in str(caught.value)
    assert rig.logins == 1


async def test_what_a_failed_login_asks_for_reaches_all_that_wait(rig: NebulaRig) -> None:
    """A server that is starting asks everybody to come back later."""
    rig.login_reply = rig.reply(503, b"", (("Retry-After", "30"),))
    rig.held[CONNECT] = anyio.Event()
    outcomes = await _poll_all(rig, range(1, 6))
    assert [getattr(error, "retry_after_s", None) for error in outcomes] == [30.0] * 5
    assert rig.logins == 1
