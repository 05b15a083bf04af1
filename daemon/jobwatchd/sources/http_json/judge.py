"""What an answer means: a job, no such job, refused credentials, trouble."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from jobwatchd.description import Description
from jobwatchd.description.expression import Expression, UnusableError
from jobwatchd.description.request import Verdict
from jobwatchd.errors import BadPayload, JobNotFound, SourceRejected, SourceUnavailable
from jobwatchd.http.answer import excerpt, read_json, retry_after_s, status_error, unreadable
from jobwatchd.http.authentication.contract import CredentialsRefused
from jobwatchd.ports import Answer
from jobwatchd.sources.http_json.values import text_of


@dataclass(frozen=True, slots=True)
class _Case:
    """An answer to be judged: its JSON, or why there is none."""

    where: str
    answer: Answer
    value: Any
    bad: BadPayload | None

    def holds(self, expression: Expression, key: str) -> bool:
        """Whether an expression is true of the JSON; raises `BadPayload` where it cannot be applied."""
        try:
            return expression.holds(self.value)
        except UnusableError as exc:
            what = f"wrong for {key} ({excerpt(expression.text)}): {exc}"
            raise unreadable(self.where, what, self.answer.body) from None


class Judge:
    """Tells answers apart as a description says."""

    def __init__(self, api: Description) -> None:
        self._api = api

    def judge(self, where: str, answer: Answer, now: datetime) -> Any:
        """Return the JSON of an answer that brings a job; raises the `SourceError` that it is otherwise.

        `CredentialsRefused` where the credentials are refused.
        """
        api, case = self._api, _open(where, answer)
        says = f"{where} answered HTTP {answer.status}"
        if self._is(api.unauthorized, "unauthorized", case):
            raise CredentialsRefused(f"{says}: the credentials were refused")
        if self._is(api.not_found, "not_found", case):
            raise JobNotFound(f"{says}: there is no such job")
        if api.unavailable is not None and self._is(api.unavailable, "unavailable", case):
            retry_s = retry_after_s(answer.header("Retry-After"), now)
            raise SourceUnavailable(f"{says} and is out of order: {self._error(case)}", retry_s)
        if answer.status not in api.success.status:
            raise status_error(where, answer, now)
        if case.bad is not None:
            raise case.bad
        if api.success.when is not None and not case.holds(api.success.when, "success.when"):
            raise SourceRejected(f"{says} and no success: {self._error(case)}")
        return case.value

    def _is(self, verdict: Verdict, key: str, case: _Case) -> bool:
        if case.answer.status not in verdict.status:
            return False
        if verdict.when is None:
            return True
        if case.bad is not None:
            return False
        try:
            return case.holds(verdict.when, f"{key}.when")
        except BadPayload:
            if case.answer.status in self._api.success.status:
                raise
            return False  # the status says what it is

    def _error(self, case: _Case) -> str:
        """Return what the description's `error` finds, else how the answer begins."""
        expression = self._api.success.error
        try:
            found = None if expression is None else text_of(expression.search(case.value))
        except UnusableError:
            found = None
        return excerpt(found or case.answer.body)


def _open(where: str, answer: Answer) -> _Case:
    try:
        return _Case(where, answer, read_json(where, answer.body), None)
    except BadPayload as exc:
        return _Case(where, answer, None, exc)
