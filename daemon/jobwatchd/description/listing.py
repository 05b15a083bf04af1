"""Many jobs with one request."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from jobwatchd.description.expression import Expr
from jobwatchd.description.reading import Reading
from jobwatchd.description.request import Request
from jobwatchd.model.notation import shown
from jobwatchd.values.section import Section

MAX_PAGES = 1_000


class NumberedPages(Section):
    """Pages counted from `first`: `{page}` is their number, `{size}` how many jobs are wanted on one."""

    kind: Literal["number"]
    first: Annotated[int, Field(ge=0, le=1)] = 1
    size: Annotated[int, Field(ge=1, le=10_000)] = 100


class OffsetPages(Section):
    """Pages that begin `{offset}` jobs after the first, with `{size}` jobs."""

    kind: Literal["offset"]
    size: Annotated[int, Field(ge=1, le=10_000)] = 100


class CursorPages(Section):
    """Pages of which each names the next: `next` finds its `{cursor}` in the answer; null or an empty text ends it.

    On the first page there is no cursor: a query key whose value is `{cursor}` is left out, in JSON it is null.
    """

    kind: Literal["cursor"]
    next: Expr
    size: Annotated[int, Field(ge=1, le=10_000)] = 100


class LinkedPages(Section):
    """Pages of which each names the URL of the next in the header `Link`, `rel="next"`; on this server only."""

    kind: Literal["link"]
    size: Annotated[int, Field(ge=1, le=10_000)] = 100


Pages = Annotated[NumberedPages | OffsetPages | CursorPages | LinkedPages, Field(discriminator="kind")]


def _read_group(value: object) -> object:
    return dict.fromkeys(value) if isinstance(value, list) and all(isinstance(name, str) for name in value) else value


def _read_id(value: object) -> object:
    # Without a name it is the last parameter, whose name is not known here.
    return value if isinstance(value, dict) else {"": value}


def _check_group(group: dict[str, object]) -> dict[str, object]:
    for name in group:
        if not name.isidentifier() or not name.isascii():
            raise ValueError(f"{shown(name)} cannot be a placeholder; expected letters, digits and '_'")
    return group


class Listing(Section):
    """A list of jobs. Jobs that it does not show, or not clearly, are asked for singly.

    - `request`: as for a job; its placeholders are the names of `group` and those of `pages`
    - `group`: what several jobs must have in common to be in one list. A list of job parameters (`[dag_id]`), or a
      mapping from names to expressions that find them in the answer for a single job (below `read.within`); none where
      one list has all jobs
    - `items`: finds the list of jobs in the answer
    - `id`: finds the job parameters in one of the jobs: a mapping from parameter to expression, or one expression for
      the last parameter; those that are in `group` need none
    - `read`: how one of the jobs is read; without it, as the answer for a single job, below `within`
    - `pages`: how the rest is asked for; without it, there is one page
    - `total`: finds how many jobs the whole list has; a change while it is being read ends the reading
    - `max_pages`: no more requests than this
    """

    request: Request
    group: Annotated[
        dict[str, Expr | None],
        AfterValidator(_check_group),
        BeforeValidator(_read_group, json_schema_input_type=list[str] | dict[str, Expr | None]),
    ] = Field(default_factory=dict)
    items: Expr
    id: Annotated[dict[str, Expr], BeforeValidator(_read_id, json_schema_input_type=Expr | dict[str, Expr])]
    read: Reading | None = None
    pages: Pages | None = None
    total: Expr | None = None
    max_pages: Annotated[int, Field(ge=1, le=MAX_PAGES)] = 20
