"""A description as a whole."""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from jobwatchd.description.auth import KNOWN, KNOWN_AFTER_LOGIN, Auth, NoAuth
from jobwatchd.description.listing import Listing
from jobwatchd.description.reading import Reading, StateMap
from jobwatchd.description.request import NotFound, Request, Success, Unauthorized, Unavailable
from jobwatchd.model.notation import shown
from jobwatchd.values.section import Mistake, Section, refuse

_PARAMETER = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}", re.ASCII)
_PAGE_NAMES = frozenset({"page", "size", "offset", "cursor"})


def _check_parameter(name: str) -> str:
    if not _PARAMETER.fullmatch(name):
        raise ValueError(f"{shown(name)} cannot be a parameter; expected letters, digits and '_'")
    if name in _PAGE_NAMES:
        raise ValueError(f"{name!r} is the name of a placeholder of list.pages; expected another")
    return name


Parameter = Annotated[str, AfterValidator(_check_parameter)]


class Description(Section):
    """How to ask an API for a job, and how to read what it answers.

    - `parameters`: the names of what names a job, in the order of a job's key; each has to be used by `request`
    - `numeric`: those of them that are whole numbers without leading zeros, and are sent as numbers in JSON
    - `request`: asks for one job
    - `auth`: how requests prove who is asking; none by default
    - `success`, `not_found`, `unauthorized`, `unavailable`: which answers mean what
    - `read`: where in an answer the job is
    - `states`: the API's words for states, and what they mean here; any other is *unmapped*
    - `ignore_case`: whether `RUNNING` and `running` are one word
    - `list`: asks for many jobs at once
    """

    parameters: Annotated[tuple[Parameter, ...], Field(min_length=1, max_length=8)]
    numeric: tuple[str, ...] = ()
    request: Request
    auth: Auth = NoAuth()
    success: Success = Success()
    not_found: NotFound = NotFound()
    unauthorized: Unauthorized = Unauthorized()
    unavailable: Unavailable | None = None
    read: Reading
    states: StateMap
    ignore_case: bool = False
    list: Listing | None = None

    @model_validator(mode="after")
    def _check_whole(self) -> Self:
        refuse(
            "description",
            [
                *_parameter_mistakes(self),
                *auth_mistakes(self.auth),
                *_list_mistakes(self),
                *_state_mistakes(self),
                *_verdict_mistakes(self),
            ],
        )
        return self


def _parameter_mistakes(api: Description) -> Iterator[Mistake]:
    used = {name for names in api.request.placeholders().values() for name in names}
    for index, name in enumerate(api.parameters):
        if name in api.parameters[:index]:
            yield ("parameters", index), f"{name} is there already; expected each parameter once"
        elif name not in used:
            yield (
                ("parameters", index),
                f"{name} is not used by request; expected {{{name}}} in its path, query or body",
            )
    for index, name in enumerate(api.numeric):
        if name not in api.parameters:
            yield ("numeric", index), f"got {shown(name, api.parameters)}; expected one of {', '.join(api.parameters)}"
    yield from _unknown(("request",), api.request.placeholders(), api.parameters)


def auth_mistakes(auth: Auth) -> Iterator[Mistake]:
    """Find placeholders of an authentication that stand for nothing, and a token that is not sent."""
    yield from _unknown(("auth",), auth.placeholders(), KNOWN)
    yield from _unknown(("auth",), auth.token_placeholders(), KNOWN_AFTER_LOGIN)
    found = [name for names in auth.token_placeholders().values() for name in names]
    if auth.token_placeholders() and not found:
        yield ("auth", "headers"), "the token is not sent at all; expected {access_token} in a header"


def _unknown(
    above: tuple[str, ...], found: Mapping[tuple[str, ...], tuple[str, ...]], known: Collection[str]
) -> Iterator[Mistake]:
    for path, names in found.items():
        for name in dict.fromkeys(names):
            if name not in known:
                expected = ", ".join(f"{{{each}}}" for each in sorted({*known})) or "no placeholder"
                hint = "a brace that is no placeholder wants a blank after it"
                yield (*above, *path), f"nothing is known of {{{name[:40]}}}; expected {expected} ({hint})"


def _list_mistakes(api: Description) -> Iterator[Mistake]:
    listing = api.list
    if listing is None:
        return
    for name, expression in listing.group.items():
        if expression is None and name not in api.parameters:
            known = ", ".join(api.parameters)
            yield (
                ("list", "group"),
                f"got {shown(name, api.parameters)}; expected some of {known}, or a mapping to expressions",
            )
        elif expression is not None and name in api.parameters:
            yield ("list", "group", name), f"{name} is a job parameter; expected another name, or a list of parameters"
    yield from _page_mistakes(listing)
    found = {name or api.parameters[-1] for name in listing.id}
    for name in sorted(found - {*api.parameters}):
        yield ("list", "id", name), f"got {shown(name, api.parameters)}; expected some of {', '.join(api.parameters)}"
    missing = [name for name in api.parameters if name not in found and name not in listing.group]
    if missing:
        yield (
            ("list", "id"),
            f"it does not find {', '.join(missing)}; expected a mapping from parameters to expressions",
        )


def _page_mistakes(listing: Listing) -> Iterator[Mistake]:
    names: set[str] = set()
    wanted = None
    if listing.pages is not None:
        wanted = {"number": "page", "offset": "offset", "cursor": "cursor"}.get(listing.pages.kind)
        names = {"size", *([wanted] if wanted else [])}
    found = listing.request.placeholders()
    yield from _unknown(("list", "request"), found, {*listing.group, *names})
    used = {name for each in found.values() for name in each}
    for name in sorted({*listing.group} - used):
        yield ("list", "group"), f"{name} is not used by list.request; expected {{{name}}} in its path, query or body"
    if wanted and wanted not in used:
        yield ("list", "request"), f"it would ask for the same page again; expected {{{wanted}}} in its query or body"
    if wanted in listing.request.path.names:
        yield ("list", "request", "path"), f"expected {{{wanted}}} in the query or body, not in the path"


def _verdict_mistakes(api: Description) -> Iterator[Mistake]:
    for key, verdict in (("not_found", api.not_found), ("unauthorized", api.unauthorized)):
        both = [status for status in verdict.status if status in api.success.status]
        if both and verdict.when is None:
            yield (key, "status"), f"{both[0]} is a success too, and nothing tells them apart; expected when"


def _state_mistakes(api: Description) -> Iterator[Mistake]:
    tasks = None if api.read.tasks is None else api.read.tasks.states
    for path, states in ((("states",), api.states), (("read", "tasks", "states"), tasks)):
        folded: dict[str, str] = {}
        for word in (states or {}) if api.ignore_case else ():
            first = folded.setdefault(word.casefold(), word)
            if first != word:
                yield (*path, word), f"with ignore_case, it is the same word as {first}; expected one of them"
