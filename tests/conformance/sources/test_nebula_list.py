"""NebulaGraph Explorer's lists and not-founds, over real HTTP."""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from conformance.sources.little_server import Call
from conformance.sources.rigs import NebulaRig
from jobwatchd.errors import BadPayload, SourceError, SourceRejected, SourceUnauthorized, SourceUnavailable
from jobwatchd.model.job import State
from jobwatchd.ports import Listing


@pytest.fixture
def rig_kind() -> str:
    """Return the kind of source that this file is about."""
    return "nebula"


def _paged(rig: NebulaRig, entries: Callable[[int], list[Any]], total: Callable[[int], int]) -> Callable[[Any], Any]:
    def answer(call: Call) -> Any:
        page = int(parse_qs(urlsplit(call.target).query)["page"][0])
        return rig.envelope({"items": entries(page), "total": total(page), "Page": page, "PageSize": 100})

    return answer


def _entry(number: int, status: int = 1) -> dict[str, Any]:
    return {"id": number, "name": "n", "workflowId": "w 1", "status": status, "createTime": 1657593212505}


def _hundred(page: int) -> list[dict[str, Any]]:
    """Return the page of a list of running jobs, newest first, from job 1000 down."""
    return [_entry(1000 - 100 * (page - 1) - offset) for offset in range(100)]


async def test_a_list_is_asked_for_as_documented(rig: NebulaRig) -> None:
    """Path and query are those of the documentation, encoded; the cookie is sent."""
    rig.jobs = _paged(rig, lambda _: [_entry(5, 2)], lambda _: 1)
    seen = await rig.source.observe_many("w 1", [rig.ref(5)])
    assert {ref.key: observation.state for ref, observation in seen.found.items()} == {"api/5": State.SUCCEEDED}
    call = rig.server.calls[-1]
    parts = urlsplit(call.target)
    assert parts.path == "/api-open/v1/workflows/w%201/jobs"
    assert {name: values for name, values in parse_qs(parts.query).items() if name != "filter"} == {
        "pageSize": ["100"],
        "page": ["1"],
    }
    assert json.loads(parse_qs(parts.query)["filter"][0]) == {"orderByCreateTime": "desc"}
    assert call.headers["cookie"] == "explorer_token=t0ken-1"


async def test_the_empty_group_is_the_list_of_all_jobs(rig: NebulaRig) -> None:
    """Jobs of any workflow are found there."""
    rig.jobs = _paged(rig, lambda _: [_entry(5), {**_entry(6), "workflowId": "w2"}], lambda _: 2)
    assert len((await rig.source.observe_many("", [rig.ref(5), rig.ref(6)])).found) == 2
    assert rig.server.calls[-1].target.startswith("/api-open/v1/jobs?filter=")


async def test_pages_are_read_until_all_jobs_are_found(rig: NebulaRig) -> None:
    """Three jobs on the first three of ten pages take three requests."""
    rig.jobs = _paged(rig, _hundred, lambda _: 1000)
    refs = [rig.ref(number) for number in (1000, 850, 777)]
    listing = await rig.source.observe_many("w 1", refs)
    assert (set(listing.found), listing.requests) == (set(refs), 3)
    assert [call.target.rpartition("=")[2] for call in rig.server.calls[1:]] == ["1", "2", "3"]


async def test_jobs_that_the_list_does_not_show_are_left_out(rig: NebulaRig) -> None:
    """Nothing is said about them, least of all that they are gone."""
    rig.jobs = _paged(rig, lambda _: [_entry(5)], lambda _: 1)
    assert set((await rig.source.observe_many("w 1", [rig.ref(5), rig.ref(6)])).found) == {rig.ref(5)}


async def test_a_list_that_moves_leaves_out_what_is_shown_twice(rig: NebulaRig) -> None:
    """A new job pushed an entry onto the next page, where it has another state."""
    rig.jobs = _paged(
        rig, lambda page: [_entry(9), _entry(8)] if page == 1 else [_entry(8, 3), _entry(7)], lambda _: 50
    )
    refs = [rig.ref(number) for number in (9, 8, 7)]
    assert set((await rig.source.observe_many("w 1", refs)).found) == {rig.ref(9), rig.ref(7)}


async def test_a_total_that_changes_ends_the_paging(rig: NebulaRig) -> None:
    """What was read so far is kept; the rest is left to single requests."""
    rig.jobs = _paged(rig, _hundred, lambda page: 1000 + page)
    refs = [rig.ref(number) for number in (1000, 850, 777, 601, 505)]
    assert set((await rig.source.observe_many("w 1", refs)).found) == {rig.ref(1000), rig.ref(850)}
    assert len(rig.server.calls) == 3


async def test_a_group_that_no_url_can_carry_has_no_list(rig: NebulaRig) -> None:
    """No request goes to a path that a URL would fold away."""
    assert await rig.source.observe_many("..", [rig.ref(5)]) == Listing({}, requests=0)
    assert rig.server.calls == []


@pytest.mark.parametrize("data", [None, [], {}, {"items": {}, "total": 1}, {"items": [], "total": "1"}, {"total": -1}])
async def test_a_list_that_cannot_be_read_is_a_bad_payload(rig: NebulaRig, data: object) -> None:
    """The message names the field."""
    rig.jobs = lambda _: rig.envelope(data)
    with pytest.raises(BadPayload, match="wrong in data"):
        await rig.source.observe_many("w 1", [rig.ref(5)])


@pytest.mark.parametrize(
    ("code", "kind"), [(40404000, SourceRejected), (40104001, SourceUnauthorized), (50004000, SourceUnavailable)]
)
async def test_a_list_that_is_refused_says_nothing_about_jobs(
    rig: NebulaRig, code: int, kind: type[SourceError]
) -> None:
    """Above all, a workflow that does not exist is no job that does not exist."""
    rig.jobs = lambda _: rig.envelope(None, code)
    with pytest.raises(kind) as caught:
        await rig.source.observe_many("w 1", [rig.ref(5)])
    assert type(caught.value) is kind


@pytest.mark.parametrize("body", [b"", b"<h1>default backend - 404</h1>", b'{"code": 0}', b'{"error": "no route"}'])
async def test_a_404_that_is_not_the_apis_is_no_word_about_the_job(rig: NebulaRig, body: bytes) -> None:
    """An ingress says it while the server behind it restarts."""
    rig.jobs = lambda _: rig.reply(404, body)
    with pytest.raises(SourceUnavailable, match="not an answer of NebulaGraph Explorer"):
        await rig.source.observe(rig.ref(), 0)


async def test_another_job_than_asked_for_is_a_bad_payload(rig: NebulaRig) -> None:
    """A cache that mixes up answers does not end a job."""
    rig.jobs = lambda _: rig.shows(3, 1965)
    with pytest.raises(BadPayload, match=r"wrong in data\.id"):
        await rig.source.observe(rig.ref(1964), 0)


async def test_an_error_under_200_is_never_remembered_as_an_answer(rig: NebulaRig) -> None:
    """The same error envelope is an error again, whatever digest is asked with."""
    reply = rig.envelope(None, 50004000)
    rig.jobs = lambda _: reply
    for digest in (0, 1, hash(b"anything")):
        with pytest.raises(SourceUnavailable):
            await rig.source.observe(rig.ref(), digest)
