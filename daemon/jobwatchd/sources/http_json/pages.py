"""How the next page of a list is asked for."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urljoin, urlsplit

from jobwatchd.description.expression import UnusableError
from jobwatchd.description.listing import CursorPages, LinkedPages, NumberedPages, OffsetPages, Pages
from jobwatchd.errors import BadPayload
from jobwatchd.http.answer import excerpt
from jobwatchd.http.request import HttpRequest, RequestWriter, Values
from jobwatchd.ports import Answer

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
