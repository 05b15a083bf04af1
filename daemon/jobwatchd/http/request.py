"""A request before it is sent, and such ones written from their templates and a job's parameters."""

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import NamedTuple
from urllib.parse import quote, unquote

import orjson

from jobwatchd.description.request import Request
from jobwatchd.description.template import Template, Value, encode_value
from jobwatchd.errors import SourceRejected
from jobwatchd.http.answer import bare_url

NO_HEADERS: Mapping[str, str] = MappingProxyType({})


# A tuple, for one is made for every poll.
class HttpRequest(NamedTuple):
    """One request, ready to be sent, but for what proves who sends it; the URL is percent-encoded."""

    method: str
    url: str
    headers: Mapping[str, str] = NO_HEADERS
    body: bytes | None = None

    @property
    def where(self) -> str:
        """What messages call it: method and URL, without the query."""
        return f"{self.method} {bare_url(self.url)}"


Values = Mapping[str, Value | None]
_NOTHING: Values = {}


class RequestWriter:
    """Fills one request's templates; what never changes is written once.

    Values come percent-encoded, as segments of a path: so a `JobReference` has them, and most requests need no more.
    """

    def __init__(self, base_url: str, request: Request, numeric: Collection[str] = ()) -> None:
        self._method = request.method
        self._prefix = base_url.rstrip("/")
        self._path = request.path
        self._numeric = frozenset(numeric)
        self._query = [(quote(key, safe=""), text) for key, texts in request.query.items() for text in texts]
        self._headers = _with_defaults(request)
        self._body, self._form = request.body, request.form
        changing = any(text.names for _, text in self._query) or any(text.names for text in self._headers.values())
        self._constant = not (changing or request.body or request.form)
        self._tail = self._query_text(_NOTHING) if self._constant else ""
        self._constant_headers = {name: text.text for name, text in self._headers.items()}

    def write(self, segments: Mapping[str, str], more: Values = _NOTHING) -> HttpRequest:
        """Return the request for these parameters, percent-encoded, and `more` values that are not in the path.

        Raises `SourceRejected` for a value that cannot stand where it is wanted.
        """
        url = f"{self._prefix}{self._path.fill(segments)}"
        if self._constant:
            return HttpRequest(self._method, url + self._tail, self._constant_headers)
        try:
            values: Values = {**{name: self._plain(name, text) for name, text in segments.items()}, **more}
            headers = {name: _header(text, values) for name, text in self._headers.items()}
            return HttpRequest(self._method, url + self._query_text(values), headers, self._write_body(values))
        except (ValueError, TypeError) as exc:
            # orjson has its own TypeError for a number beyond 64 bits.
            raise SourceRejected(f"{self._method} {bare_url(url)} cannot be sent: {exc}") from None

    def _plain(self, name: str, text: str) -> Value:
        value = unquote(text)
        return int(value) if name in self._numeric else value

    def _query_text(self, values: Values) -> str:
        pairs = [
            f"{key}={_fill_encoded(text, values)}"
            for key, text in self._query
            # A value that is not there yet (a cursor) takes its key with it.
            if text.sole is None or values[text.sole] is not None
        ]
        return f"?{'&'.join(pairs)}" if pairs else ""

    def _write_body(self, values: Values) -> bytes | None:
        if self._body is not None:
            return orjson.dumps(self._body.fill(values))
        if self._form is None:
            return None
        pairs = (f"{encode_value(key)}={_fill_encoded(text, values)}" for key, text in self._form.items())
        return "&".join(pairs).encode()


def _with_defaults(request: Request) -> dict[str, Template]:
    headers = dict(request.headers)
    named = {name.lower() for name in headers}
    if "accept" not in named:
        headers["Accept"] = Template("application/json")
    if "content-type" not in named and (request.body is not None or request.form is not None):
        kind = "application/json" if request.form is None else "application/x-www-form-urlencoded"
        headers["Content-Type"] = Template(kind)
    return headers


def _fill_encoded(text: Template, values: Values) -> str:
    """Return a text for a query or a form: each part percent-encoded, what is written and what is filled in alike."""
    return encode_value(text.fill({name: _present(values[name]) for name in text.names}))


def _header(text: Template, values: Values) -> str:
    value = text.fill({name: _present(values[name]) for name in text.names})
    if not (value.isascii() and value.isprintable()) or value != value.strip():
        raise ValueError("a parameter cannot stand in an HTTP header; expected printable ASCII, no blanks around it")
    return value


def _present(value: Value | None) -> Value:
    return "" if value is None else value
