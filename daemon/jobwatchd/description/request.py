"""One request, with placeholders for what changes from job to job, and what the answers to it mean."""

from functools import partial
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from jobwatchd.description.expression import Expr
from jobwatchd.description.template import HeaderText, JsonBody, PathText, Text
from jobwatchd.values.names import check_header_name
from jobwatchd.values.section import Section, refuse

_OWN = frozenset({"content-length", "transfer-encoding", "connection", "host", "accept-encoding", "user-agent"})
_SECRET = frozenset({"authorization", "proxy-authorization", "cookie"})


def _check_plain_name(name: str) -> str:
    if name.lower() in _SECRET:
        raise ValueError("this header holds credentials, which would be shown here; expected them through auth")
    return check_header_name(name, _OWN)


def _read_values(value: object) -> object:
    return value if isinstance(value, list | tuple) else (value,)


HeaderName = Annotated[str, AfterValidator(partial(check_header_name, own=_OWN))]
PlainHeaderName = Annotated[str, AfterValidator(_check_plain_name)]
QueryValues = Annotated[tuple[Text, ...], BeforeValidator(_read_values, json_schema_input_type=Text | tuple[Text, ...])]


class Request(Section):
    """A request below the source's `base_url`.

    `{name}` is replaced by the parameter of this name, encoded for the place where it stands: in `path` as one path
    segment (or a part of one), in `query` and `form` as a value, in `headers` only if it is printable ASCII, in `body`
    as a JSON text (or a number, for a parameter of `numeric` that is the whole value). Names of query keys, headers and
    JSON keys are constants.

    - `method`: GET or POST
    - `path`: begins with `/`; the query is not a part of it
    - `query`: keys and values; a list repeats its key
    - `headers`: sent along; `Accept: application/json` is the default, credentials have no place here
    - `body`: a mapping or list that is sent as JSON (only POST)
    - `form`: keys and values that are sent as `application/x-www-form-urlencoded` (only POST, instead of `body`)
    """

    method: Literal["GET", "POST"] = "GET"
    path: PathText
    query: dict[str, QueryValues] = Field(default_factory=dict)
    headers: dict[PlainHeaderName, HeaderText] = Field(default_factory=dict)
    body: JsonBody | None = None
    form: dict[str, Text] | None = None

    @model_validator(mode="after")
    def _check_body(self) -> Self:
        given = [name for name in ("body", "form") if getattr(self, name) is not None]
        if len(given) > 1:
            refuse("request", [(("form",), "a request has both body and form; expected one of them")])
        if given and self.method == "GET":
            refuse("request", [((given[0],), f"a GET has no {given[0]}; expected `method: POST`, or a query")])
        return self

    def placeholders(self) -> dict[tuple[str, ...], tuple[str, ...]]:
        """Return the names of the placeholders, by the key path where they stand."""
        found: dict[tuple[str, ...], tuple[str, ...]] = {("path",): self.path.names}
        for key, templates in self.query.items():
            found["query", key] = tuple(name for template in templates for name in template.names)
        found |= {("headers", key): template.names for key, template in self.headers.items()}
        found |= {("form", key): template.names for key, template in (self.form or {}).items()}
        if self.body is not None:
            found["body",] = self.body.names
        return found


HttpStatus = Annotated[int, Field(ge=200, le=599)]


def _check_statuses(statuses: tuple[int, ...]) -> tuple[int, ...]:
    if not statuses:
        raise ValueError("got an empty list; expected at least one HTTP status")
    return statuses


Statuses = Annotated[tuple[HttpStatus, ...], AfterValidator(_check_statuses)]


class Verdict(Section):
    """Answers of one meaning: the HTTP status is one of `status` and, where `when` is there, it is true of the JSON.

    True is what JMESPath takes for true: all but null (so: nothing found), false, and empty texts, lists and mappings.
    `when` is not true of an answer that is not JSON.
    """

    status: Statuses
    when: Expr | None = None


class Success(Verdict):
    """Answers that bring a job. `when` is for APIs that tell of errors under HTTP 200.

    Where `when` is not true the poll has failed (reason `rejected`), and the message quotes what `error` finds.
    """

    status: Statuses = (200,)
    error: Expr | None = None


class NotFound(Verdict):
    """Answers that say that there is no such job."""

    status: Statuses = (404,)


class Unauthorized(Verdict):
    """Answers that say that the credentials are refused; a login is renewed once before that is believed."""

    status: Statuses = (401,)


class Unavailable(Verdict):
    """Answers that say that the API is out of order, for APIs that do so under HTTP 200 (5xx are always taken so)."""

    status: Statuses = (200,)
    when: Expr
