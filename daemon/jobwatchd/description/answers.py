"""Which answers bring a job, and what the others mean."""

from typing import Annotated

from pydantic import AfterValidator, Field

from jobwatchd.description.expression import Expr
from jobwatchd.values.section import Section

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
