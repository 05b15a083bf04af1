"""What every source keeps: the contract of `ports.Source`, over real HTTP."""

import html
import json
import re
from base64 import b64encode
from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import urlencode

import anyio
import pytest

from conformance.sources.little_server import Call, Rig, always
from jobwatchd.errors import (
    BadPayload,
    JobNotFound,
    SourceError,
    SourceRateLimited,
    SourceRejected,
    SourceUnauthorized,
    SourceUnavailable,
)
from jobwatchd.model.job import JobReference, State
from jobwatchd.ports import UNCHANGED
from jobwatchd.redaction import SECRETS

FAILURES = [
    (302, SourceRejected),
    (400, SourceRejected),
    (403, SourceUnauthorized),
    (408, SourceUnavailable),
    (409, SourceRejected),
    (425, SourceUnavailable),
    (429, SourceRateLimited),
    (500, SourceUnavailable),
    (502, SourceUnavailable),
    (503, SourceUnavailable),
]


async def test_every_state_that_the_api_knows_is_seen(rig: Rig) -> None:
    """Each of the API's words comes out as its state, with the word beside it."""
    for state, word in rig.words.items():
        rig.jobs = always(rig.shows(word))
        seen = await rig.see()
        assert (seen.state, seen.native_state) == (State(state), str(word))


async def test_a_word_in_no_map_has_no_state(rig: Rig) -> None:
    """What the API may say some day is kept raw, and taken for nothing."""
    word, raw = rig.unknown
    rig.jobs = lambda _: rig.shows(word)
    seen = await rig.see()
    assert (seen.state, seen.native_state) == (None, raw)


async def test_an_unchanged_answer_is_not_read_again(rig: Rig) -> None:
    """The second sighting has the digest of the first, and no observation."""
    first = await rig.source.observe(rig.ref(), 0)
    assert first.digest != 0
    assert await rig.source.observe(rig.ref(), first.digest) is UNCHANGED


async def test_a_changed_answer_is_read(rig: Rig) -> None:
    """Another answer has another digest; without a digest everything is read."""
    first = await rig.source.observe(rig.ref(), 0)
    assert (await rig.see()) == first.observation
    rig.jobs = lambda _: rig.shows(rig.words["failed"])
    second = await rig.source.observe(rig.ref(), first.digest)
    assert second.digest != first.digest
    assert second.observation is not None
    assert second.observation.state is State.FAILED


async def test_an_unchanged_body_under_an_error_is_an_error(rig: Rig) -> None:
    """A digest vouches for the body, not for the status."""
    first = await rig.source.observe(rig.ref(), 0)
    body = rig.shows(rig.words["running"]).body
    rig.jobs = lambda _: rig.reply(500, body)
    with pytest.raises(SourceUnavailable):
        await rig.source.observe(rig.ref(), first.digest)


@pytest.mark.parametrize(("status", "kind"), FAILURES)
async def test_a_status_is_an_error_of_its_kind(rig: Rig, status: int, kind: type[SourceError]) -> None:
    """None of them is taken for a state, even where the body shows one."""
    for body in (b"", b"<h1>oh no</h1>", rig.shows(rig.words["failed"]).body):
        rig.jobs = always(rig.reply(status, body))
        with pytest.raises(kind) as caught:
            await rig.source.observe(rig.ref(), 0)
        assert type(caught.value) is kind


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(("value", "seconds"), [("7", 7.0), ("Thu, 01 Jan 2026 00:01:30 GMT", 90.0), ("later", None)])
async def test_retry_after_is_read_in_both_forms(rig: Rig, status: int, value: str, seconds: float | None) -> None:
    """A date counts from the source's clock; what cannot be read asks for nothing."""
    rig.jobs = lambda _: rig.reply(status, b"", (("retry-after", value),))
    with pytest.raises((SourceRateLimited, SourceUnavailable)) as caught:
        await rig.source.observe(rig.ref(), 0)
    assert isinstance(caught.value, SourceRateLimited | SourceUnavailable)
    assert caught.value.retry_after_s == seconds


@pytest.mark.parametrize("body", [b"", b"<html>", b"\xff\xfe", b"[]", b"null", b"{}", b'{"data": {}}', b"[" * 9_999])
async def test_an_answer_that_cannot_be_read_is_a_bad_payload(rig: Rig, body: bytes) -> None:
    """Garbage under HTTP 200 says nothing about the job."""
    rig.jobs = lambda _: rig.reply(200, body)
    with pytest.raises(BadPayload):
        await rig.source.observe(rig.ref(), 0)


async def test_a_body_larger_than_allowed_is_a_bad_payload(rig: Rig) -> None:
    """What the HTTP client refuses to hold is passed on as its own error."""
    rig.jobs = lambda _: rig.reply(200, b" " * 2_000_000)
    with pytest.raises(BadPayload):
        await rig.source.observe(rig.ref(), 0)


async def test_a_cut_answer_is_unavailable(rig: Rig) -> None:
    """A connection that breaks says nothing about the job."""
    rig.jobs = lambda _: rig.reply(200, rig.shows(rig.words["failed"]).body, cut=True)
    with pytest.raises(SourceUnavailable):
        await rig.source.observe(rig.ref(), 0)


async def test_the_apis_own_not_found_is_job_not_found(rig: Rig) -> None:
    """This, and no more, may make a job lost."""
    rig.jobs = lambda _: rig.not_found()
    with pytest.raises(JobNotFound):
        await rig.source.observe(rig.ref(), 0)


async def test_fifty_polls_at_once_each_get_their_own_job(rig: Rig) -> None:
    """Nothing that one poll needs is shared with another, but the credentials."""
    words = list(rig.words.values())
    rig.jobs = lambda call: rig.shows(words[rig.number_in(call) % len(words)], rig.number_in(call))
    seen = {}

    async def poll(number: int) -> None:
        seen[number] = (await rig.see(rig.ref(number))).native_state

    async with anyio.create_task_group() as tasks:
        for number in range(1, 51):
            tasks.start_soon(poll, number)
    assert seen == {number: str(words[number % len(words)]) for number in range(1, 51)}


@pytest.mark.parametrize("nasty", ["a/b", "..%2f", "?x=1#y", "a b&c", "作业", "%", "'\"<>\\", "a;b=c", "..."])
async def test_a_nasty_parameter_stays_within_its_segment(rig: Rig, nasty: str) -> None:
    """The request reaches the documented path with the encoded parameter, and no other."""
    values = [nasty] * rig.parameters
    rig.jobs = lambda _: rig.not_found()
    with pytest.raises(JobNotFound):
        await rig.source.observe(rig.ref_of(*values), 0)
    encoded = JobReference.of("api", [nasty]).job
    paths = {f"/api-open/v1/jobs/{encoded}", f"/v1/jobs/{encoded}", f"/{encoded}/workflows/{encoded}/jobs/{encoded}"}
    assert rig.server.calls[-1].target in paths


async def test_a_reference_with_other_parameters_is_rejected_unsent(rig: Rig) -> None:
    """It would name some other resource."""
    values = ["1"] * (rig.parameters + 1)
    with pytest.raises(SourceRejected):
        await rig.source.observe(rig.ref_of(*values), 0)
    assert rig.server.calls == []


async def test_what_a_list_does_not_show_is_left_out(rig: Rig) -> None:
    """It is left to a single look; that a list does not show a job says nothing about the job."""
    group = (await rig.see()).group or ""
    rig.jobs = lambda _: rig.nothing_listed()
    listing = await rig.source.observe_many(group, [rig.ref()])
    assert (dict(listing.found), listing.requests) == ({}, 1)


async def test_closing_gives_the_connections_back(rig: Rig) -> None:
    """The server sees them end."""
    await rig.source.observe(rig.ref(), 0)
    await rig.source.close()
    with anyio.fail_after(10):
        await rig.server.idle()


async def test_no_secret_is_ever_told(rig: Rig) -> None:
    """Neither an error, nor what it came from, nor the source's own text shows a credential."""
    replies = [rig.reply(status, b"s3cret") for status in (401, 403)]
    replies += [rig.reply(status, b"oh no") for status, _ in FAILURES]
    replies += [rig.reply(200, b"<html>"), rig.reply(200, b"{}"), rig.reply(200, b"", cut=True), rig.not_found()]
    replies += [rig.reply(302, b"", (("Location", f"{rig.server.url}/login?key=s3cret"),))]
    told = repr(rig.source) + str(rig.source)
    for reply in replies:
        rig.jobs = always(reply)
        with pytest.raises(SourceError) as caught:
            await rig.source.observe(rig.ref(), 0)
        error: BaseException | None = caught.value
        while error is not None:
            told += f"{error} {error!r} {error.__dict__}"
            error = error.__cause__ or error.__context__
    assert [secret for secret in rig.secrets if secret in told] == []


ECHOES: dict[str, Callable[[dict[str, str]], str]] = {
    "headers": lambda headers: "\r\n".join(f"{name}: {value}" for name, value in headers.items()),
    "values": lambda headers: " ".join(headers.values()),
    "json": json.dumps,
    "json in json": lambda headers: json.dumps({"error": json.dumps(headers)}),
    "repr": repr,
    "query": urlencode,
    "html": lambda headers: f"<pre>{html.escape(str(headers))}</pre>",
    "base64": lambda headers: b64encode(str(headers).encode()).decode(),
}


@pytest.mark.parametrize("echo", ECHOES)
async def test_an_answer_that_repeats_the_request_is_told_without_its_secrets(rig: Rig, echo: str) -> None:
    """In whatever form it does, wherever the excerpt cuts it off: not even half of a secret is told."""
    SECRETS.add(rig.secrets[:1])
    told = ""
    sent: set[str] = set()

    def repeat(call: Call, padding: int) -> Any:
        proofs = {name: value for name, value in call.headers.items() if name in {"authorization", "cookie"}}
        sent.update(re.split("[ =]", value, maxsplit=1)[1] for value in proofs.values())
        return rig.reply(500, f"{'.' * padding}{ECHOES[echo](proofs)}".encode())

    for padding in range(0, 121, 5):
        rig.jobs = partial(repeat, padding=padding)
        with pytest.raises(SourceError) as caught:
            await rig.source.observe(rig.ref(), 0)
        told += f"{caught.value!r}\n"
    assert sent
    secrets = {*sent, *rig.secrets[:1], *(b64encode(secret.encode()).decode().rstrip("=") for secret in sent)}
    assert [secret for secret in secrets if secret[: len(secret) // 2 + 1] in told] == []
