"""Lists of a described source, in each way of paging, over real HTTP."""

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from conformance.sources.little_server import Call, Reply
from conformance.sources.rigs import HttpJsonRig
from jobwatchd.errors import BadPayload, SourceRejected, SourceUnauthorized, SourceUnavailable
from jobwatchd.model.job import State

LIST = {"request": {"path": "/v1/jobs"}, "items": "jobs", "id": "id"}
NUMBER = {**LIST, "request": {"path": "/v1/jobs", "query": {"p": "{page}"}}, "pages": {"kind": "number", "first": 0}}
OFFSET = {
    **LIST,
    "request": {"method": "POST", "path": "/v1/jobs", "body": {"from": "{offset}", "n": "{size}"}},
    "pages": {"kind": "offset", "size": 3},
}
CURSOR = {
    **LIST,
    "request": {"path": "/v1/jobs", "query": {"after": "{cursor}", "n": "{size}"}},
    "pages": {"kind": "cursor", "next": "next"},
}
LINK = {**LIST, "pages": {"kind": "link"}}


@pytest.fixture
def rig_kind() -> str:
    """Return the kind of source that this file is about."""
    return "http-json"


def _use(rig: HttpJsonRig, listing: dict[str, Any], **changes: Any) -> None:
    """Give the rig a source with this list."""
    rig.source = rig.make(rig.server.url, {"auth": {"kind": "bearer"}, "list": listing, **changes}, token="abcdefgh")
    rig.lets_in_all = True


def _page(rig: HttpJsonRig, *ids: int, headers: tuple[tuple[str, str], ...] = (), **more: Any) -> Reply:
    jobs = [{"id": number, "flow": "f", "status": "done"} for number in ids]
    return rig.reply(200, json.dumps({"jobs": jobs, **more}).encode(), headers)


async def _found(rig: HttpJsonRig, *numbers: int, group: str = "") -> tuple[set[int], int]:
    """Return which of these jobs the list shows, and how many requests that took."""
    listing = await rig.source.observe_many(group, [rig.ref(number) for number in numbers])
    return {int(ref.job) for ref in listing.found}, listing.requests


async def test_a_group_is_asked_for_as_described(rig: HttpJsonRig) -> None:
    """Its name comes from the answer for a single job, and is one segment of the path."""
    rig.jobs = lambda _: rig.reply(200, b'{"job": {"id": 5, "flow": "a/b ?", "status": "BUSY"}}')
    group = (await rig.see(rig.ref(5))).group or ""
    entry = {"id": 5, "flow": "a/b ?", "status": "Done"}
    rig.jobs = lambda _: rig.reply(200, json.dumps({"jobs": [entry, {**entry, "id": 6, "flow": "x"}]}).encode())
    listing = await rig.source.observe_many(group, [rig.ref(5), rig.ref(6)])
    assert {ref.job: observation.state for ref, observation in listing.found.items()} == {"5": State.SUCCEEDED}
    assert rig.server.calls[-1].target == "/v1/flows/a%2Fb%20%3F/jobs?page=1&per=100"


async def test_a_group_may_be_a_parameter(rig: HttpJsonRig) -> None:
    """Then each job's own parameters say where to look, and an entry need not repeat them."""
    listing = {**LIST, "group": ["space"], "request": {"path": "/v1/{space}/jobs"}}
    changes = {"parameters": ["space", "job_id"], "request": {"path": "/v1/{space}/jobs/{job_id}"}}
    _use(rig, listing, **changes)
    one, other = rig.ref_of("s 1", "5"), rig.ref_of("s2", "5")
    rig.jobs = lambda _: rig.shows("busy", 5)
    assert (await rig.see(one)).group == "s%201"
    rig.jobs = lambda _: _page(rig, 5)
    assert set((await rig.source.observe_many("s%201", [one, other])).found) == {one}
    assert rig.server.calls[-1].target == "/v1/s%201/jobs"


async def test_numbered_pages(rig: HttpJsonRig) -> None:
    """They are counted from where the description says."""
    _use(rig, NUMBER)
    pages = [_page(rig, 1, 2), _page(rig, 3), _page(rig)]
    rig.jobs = lambda call: pages[int(call.target.rpartition("=")[2])]
    assert await _found(rig, 1, 3, 9) == ({1, 3}, 3)


async def test_offsets_follow_what_was_shown(rig: HttpJsonRig) -> None:
    """A server that gives fewer than were asked for is not skipped over; numbers are numbers in JSON."""
    _use(rig, OFFSET)
    rig.jobs = lambda call: _page(rig, *range(json.loads(call.body)["from"], json.loads(call.body)["from"] + 2))
    assert await _found(rig, 0, 5, 4) == ({0, 4, 5}, 3)
    assert [json.loads(call.body) for call in rig.server.calls] == [{"from": n, "n": 3} for n in (0, 2, 4)]


async def test_cursors_are_sent_back_encoded(rig: HttpJsonRig) -> None:
    """The first request has none; the list ends where there is no further one."""
    _use(rig, CURSOR)
    pages = {None: _page(rig, 1, next="a&n=9"), "a&n=9": _page(rig, 2, next=7), "7": _page(rig, 3, next="")}
    rig.jobs = lambda call: pages[parse_qs(urlsplit(call.target).query).get("after", [None])[0]]
    assert await _found(rig, 1, 2, 3, 4, 5) == ({1, 2, 3}, 3)
    assert rig.server.calls[0].target == "/v1/jobs?n=100"


async def test_links_are_followed(rig: HttpJsonRig) -> None:
    """Relative ones too, among others."""
    _use(rig, LINK)
    link = ("Link", f'<{rig.server.url}/v1/jobs?c=0>; rel="prev", </v1/jobs?c=2>; title="x"; rel="last next"')
    rig.jobs = lambda call: _page(rig, 2) if "c=2" in call.target else _page(rig, 1, headers=(link,))
    assert await _found(rig, 1, 2, 3) == ({1, 2}, 2)
    assert rig.server.calls[1].headers["authorization"] == "Bearer abcdefgh"


@pytest.mark.parametrize("target", ["http://127.0.0.1:1/x", "//evil.example/x", "https:/x", "http://[/", "/a b"])
async def test_a_link_to_another_server_is_not_followed(rig: HttpJsonRig, target: str) -> None:
    """The credentials would go along."""
    _use(rig, LINK)
    rig.jobs = lambda _: _page(rig, 1, headers=(("Link", f'<{target}>; rel="next"'),))
    with pytest.raises(BadPayload, match="next page that is not asked for"):
        await _found(rig, 1, 2)
    assert len(rig.server.calls) == 1


async def test_pages_end_with_the_total_when_it_moves_or_when_they_are_too_many(rig: HttpJsonRig) -> None:
    """More requests than jobs, or pages that do not fit together, help nobody."""
    _use(rig, {**NUMBER, "total": "n", "max_pages": 4})

    def number(call: Call) -> int:
        return int(call.target.rpartition("=")[2])

    rig.jobs = lambda call: _page(rig, 100 + number(call), n=2)
    assert (await _found(rig, *range(50)))[1] == 2
    rig.jobs = lambda call: _page(rig, 100 + number(call), n=90 + number(call))
    assert (await _found(rig, *range(50)))[1] == 2
    rig.jobs = lambda call: _page(rig, 100 + number(call), n=90)
    assert (await _found(rig, *range(50)))[1] == 4
    assert (await _found(rig, 1, 2))[1] == 2


async def test_what_cannot_be_trusted_is_left_out(rig: HttpJsonRig) -> None:
    """A job that is shown twice, has no state, no id, or an id of another shape."""
    _use(rig, NUMBER)
    entries = [{"id": 1, "status": "done"}, {"id": 1, "status": "broken"}, {"id": 2}, {"id": 3, "status": []}]
    entries += [7, None, {"id": None, "status": "done"}, {"id": True, "status": "done"}, {"id": "..", "status": "done"}]
    entries += [{"id": "4", "status": "done"}]
    rig.jobs = lambda _: rig.reply(200, json.dumps({"jobs": entries}).encode())
    assert await _found(rig, 1) == (set(), 1)
    rig.jobs = lambda call: (
        _page(rig) if "p=1" in call.target else rig.reply(200, json.dumps({"jobs": entries}).encode())
    )
    assert await _found(rig, 1, 2, 3, 4) == ({4}, 1)


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (200, b'{"jobs": {}}', BadPayload),
        (200, b"{}", BadPayload),
        (200, b"<html>", BadPayload),
        (404, b"{}", SourceRejected),
        (401, b"{}", SourceUnauthorized),
        (500, b"{}", SourceUnavailable),
    ],
)
async def test_a_list_that_fails_says_nothing_about_jobs(
    rig: HttpJsonRig, status: int, body: bytes, kind: type[Exception]
) -> None:
    """Above all, a list that does not exist is no job that does not exist."""
    _use(rig, NUMBER)
    rig.jobs = lambda _: rig.reply(status, body)
    with pytest.raises(kind) as caught:
        await _found(rig, 1)
    assert type(caught.value) is kind


async def test_entries_may_be_read_in_another_way(rig: HttpJsonRig) -> None:
    """Where the list shows jobs in another shape than a single request does."""
    _use(rig, {**NUMBER, "id": "ref.no", "read": {"within": "ref", "state": "s", "name": "title"}})
    rig.jobs = lambda _: rig.reply(200, b'{"jobs": [{"ref": {"no": 5, "s": "DONE", "title": "t"}}, {"ref": null}]}')
    listing = await rig.source.observe_many("", [rig.ref(5)])
    assert [(seen.state, seen.facts.name) for seen in listing.found.values()] == [(State.SUCCEEDED, "t")]


async def test_without_a_list_there_are_no_groups(rig: HttpJsonRig) -> None:
    """So that nobody asks for one."""
    _use(rig, NUMBER, list=None)
    rig.jobs = lambda _: rig.shows("busy")
    assert (await rig.see()).group is None
