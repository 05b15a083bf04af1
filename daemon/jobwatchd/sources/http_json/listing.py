"""Many jobs, page by page, while the list may change between two pages; and how the next page is asked for."""

import re
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Any
from urllib.parse import urljoin, urlsplit

from jobwatchd.description import Description
from jobwatchd.description.expression import Expression, UnusableError
from jobwatchd.description.listing import CursorPages, LinkedPages, NumberedPages, OffsetPages, Pages
from jobwatchd.description.listing import Listing as ListDescription
from jobwatchd.errors import BadPayload
from jobwatchd.http.answer import excerpt, unreadable
from jobwatchd.http.request import HttpRequest, RequestWriter, Values
from jobwatchd.model.job import JobReference, Observation
from jobwatchd.ports import Answer, Listing
from jobwatchd.sources.http_json.reader import Reader, UnreadableError
from jobwatchd.sources.http_json.values import id_of

_LINK = re.compile(r"<([^<>]*)>([^<>]*)")
_REL = re.compile(r";\s*rel\s*=\s*\"?([^\";,]*)", re.IGNORECASE)
_MAX_CURSOR = 4_096


class Pager:
    """Writes the requests for the pages of one list, one after the other."""

    def __init__(self, pages: Pages | None, writer: RequestWriter, segments: Mapping[str, str]) -> None:
        self._pages = pages
        self._writer = writer
        self._segments = segments
        self._number = pages.first if isinstance(pages, NumberedPages) else 0

    def first(self) -> HttpRequest:
        """Return the request for the first page."""
        match self._pages:
            case NumberedPages():
                return self._write({"page": self._number})
            case OffsetPages():
                return self._write({"offset": 0})
            case CursorPages():
                return self._write({"cursor": None})
            case _:
                return self._write({})

    def next(self, call: HttpRequest, answer: Answer, value: Any, entries: int) -> HttpRequest | None:
        """Return the request that follows `call`, after `entries` jobs; None where the API names no further page.

        Raises `BadPayload` where what names the next page cannot be used.
        """
        match self._pages:
            case NumberedPages():
                self._number += 1
                return self._write({"page": self._number})
            case OffsetPages():
                return self._write({"offset": entries})
            case CursorPages():
                cursor = _cursor(self._pages, call, value)
                return None if cursor is None else self._write({"cursor": cursor})
            case LinkedPages():
                return _linked(call, answer)
            case _:
                return None

    def _write(self, more: Values) -> HttpRequest:
        size: Values = {} if self._pages is None else {"size": self._pages.size}
        return self._writer.write(self._segments, {**size, **more})


def _cursor(pages: CursorPages, call: HttpRequest, value: Any) -> str | int | None:
    where = f"{call.where} gave a list whose list.pages.next ({excerpt(pages.next.text)})"
    try:
        cursor = pages.next.search(value)
    except UnusableError as exc:
        raise BadPayload(f"{where} does not fit: {exc}") from None
    if cursor is None or cursor is False or cursor == "":
        return None
    if isinstance(cursor, bool) or not isinstance(cursor, str | int) or len(str(cursor)) > _MAX_CURSOR:
        raise BadPayload(f"{where} yields no cursor; expected a text or a whole number")
    return cursor


def _linked(call: HttpRequest, answer: Answer) -> HttpRequest | None:
    """Return the request for the page that the header `Link` names as the next; it has to be on the same server."""
    for header in answer.headers("Link"):
        for target, parameters in _LINK.findall(header):
            relation = _REL.search(parameters)
            if relation is not None and "next" in relation[1].lower().split():
                return HttpRequest(call.method, _same_server(call, target), call.headers, call.body)
    return None


def _same_server(call: HttpRequest, target: str) -> str:
    refusal = f"{call.where} names a next page that is not asked for"
    if not (target.isascii() and target.isprintable()) or " " in target:
        raise BadPayload(f"{refusal}: the header Link holds no URL")
    try:
        url = urljoin(call.url, target)
        same = urlsplit(url)[:2] == urlsplit(call.url)[:2]
    except ValueError:
        raise BadPayload(f"{refusal}: the header Link holds no URL") from None
    if not same:
        # The credentials go along with each request, and are for this server only.
        raise BadPayload(f"{refusal}: it is on another server")
    return url


Fetch = Callable[[HttpRequest], Awaitable[tuple[Answer, Any]]]
"""Sends a request; returns the answer and its JSON."""


class JobList:
    """The list that a description tells of; a group's name is the values of `group`, percent-encoded, joined by `/`."""

    def __init__(self, source: str, base_url: str, api: Description, listing: ListDescription, reader: Reader) -> None:
        self._source = source
        self._api = api
        self._listing = listing
        self._writer = RequestWriter(base_url, listing.request, api.numeric)
        self._own = listing.read is not None
        self._reader = reader
        if listing.read is not None:
            self._reader = Reader(listing.read, api.states, ignore_case=api.ignore_case, key="list.read")
        self._ids = {name or api.parameters[-1]: expression for name, expression in listing.id.items()}

    def group_of(self, segments: Mapping[str, str], job: Any) -> str | None:
        """Return the group of a job, by its parameters (percent-encoded) and what was read; None where it has none."""
        parts = []
        for name, expression in self._listing.group.items():
            part = segments[name] if expression is None else self._segment(expression, job)
            if part is None:
                return None
            parts.append(part)
        return "/".join(parts)

    async def find(self, group: str, refs: Collection[JobReference], fetch: Fetch) -> Listing:
        """Return what the list shows of these jobs; raises `SourceError`s.

        It ends when all jobs were seen, when the list does, when its total changes (then the pages no longer fit
        together), or when the pages would outnumber the jobs: single requests are cheaper then. A job that is shown
        twice is left out, for the list moved under us and the two may differ.
        """
        names = self._listing.group
        segments = dict(zip(names, group.split("/"), strict=False)) if names else {}
        if len(segments) != len(names):
            return Listing({}, 0)
        found = _Found(refs)
        pager = Pager(self._listing.pages, self._writer, segments)
        call: HttpRequest | None = pager.first()
        limit = min(self._listing.max_pages, len(found.wanted))
        pages, entries, total = 0, 0, None
        while call is not None and pages < limit:
            answer, value = await fetch(call)
            pages += 1
            items, now_total = self._read_page(call, answer, value)
            moved, total = pages > 1 and now_total != total, now_total
            entries += len(items)
            for item in items:
                self._take(item, group, segments, found)
            ended = not items or (total is not None and entries >= total)
            call = None if moved or ended or found.complete else pager.next(call, answer, value, entries)
        return Listing(found.jobs, pages)

    def _read_page(self, call: HttpRequest, answer: Answer, value: Any) -> tuple[list[Any], int | None]:
        items = self._search(call, answer, "items", self._listing.items, value)
        if not isinstance(items, list):
            told = "nothing" if items is None else "no list"
            what = f"wrong in list.items ({excerpt(self._listing.items.text)}): it yields {told}; expected a list"
            raise unreadable(call.where, what, answer.body)
        expression = self._listing.total
        total = None if expression is None else self._search(call, answer, "total", expression, value)
        return items, total if type(total) is int else None

    def _search(self, call: HttpRequest, answer: Answer, key: str, expression: Expression, value: Any) -> Any:
        try:
            return expression.search(value)
        except UnusableError as exc:
            what = f"wrong in list.{key} ({excerpt(expression.text)}): it does not fit: {exc}"
            raise unreadable(call.where, what, answer.body) from None

    def _take(self, item: Any, group: str, segments: Mapping[str, str], found: "_Found") -> None:
        """Take in one entry of a page; one that cannot be read, or is of another group, is left out."""
        parts = {name: self._segment(expression, item) for name, expression in self._ids.items()}
        values = [parts.get(name) or segments.get(name) for name in self._api.parameters]
        if None in values:
            return
        ref = JobReference(self._source, "/".join(map(str, values)))
        try:
            job = self._reader.within(item) if self._own else item
            shown = self.group_of({**segments, **dict(zip(self._api.parameters, map(str, values), strict=True))}, job)
            observation = self._reader.read(job, None, group) if shown in {group, None} else None
        except UnreadableError:
            observation = None
        found.take(ref, observation)

    @staticmethod
    def _segment(expression: Expression, value: Any) -> str | None:
        """Return what an expression finds, as a segment of a path; None for what cannot be one."""
        try:
            found = id_of(expression.search(value))
            return None if found is None else JobReference.of("", [found]).job
        except (UnusableError, ValueError):
            return None


class _Found:
    """The jobs found so far, of those that are wanted."""

    def __init__(self, refs: Collection[JobReference]) -> None:
        self.wanted = frozenset(refs)
        self.jobs: dict[JobReference, Observation] = {}
        self._seen: set[JobReference] = set()

    @property
    def complete(self) -> bool:
        return self.wanted <= self._seen

    def take(self, ref: JobReference, observation: Observation | None) -> None:
        if ref in self._seen:
            self.jobs.pop(ref, None)
            return
        self._seen.add(ref)
        if ref in self.wanted and observation is not None:
            self.jobs[ref] = observation
