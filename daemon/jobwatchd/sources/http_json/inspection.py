"""How a description fares on one answer, of now or kept in a file: for `jobwatchd probe` and `check-source`."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from jobwatchd.description import Description
from jobwatchd.description.expression import Expression, UnusableError
from jobwatchd.description.reading import Progress, Reading, Time
from jobwatchd.errors import SourceError, SourceUnauthorized
from jobwatchd.http.answer import unreadable
from jobwatchd.http.authentication.contract import CredentialsRefused
from jobwatchd.kinds.source import Finding, Misfit
from jobwatchd.model.job import Observation
from jobwatchd.ports import Answer
from jobwatchd.sources.http_json.judge import Judge
from jobwatchd.sources.http_json.reader import Reader, UnreadableError
from jobwatchd.sources.http_json.values import id_of

_HEAD = re.compile(rb"HTTP/[0-9.]+ ([1-9][0-9]{2})[^\n]*\n(.*?)\r?\n(?:\r?\n|$)", re.DOTALL)
_BARE = re.compile(rb"HTTP/[0-9.]+ ([1-9][0-9]{2})[^\n]*\n\r?\n", re.DOTALL)


@dataclass(slots=True)
class RecordedAnswer:
    """An answer as it was; implements `ports.Answer`."""

    status: int
    body: bytes
    fields: tuple[tuple[str, str], ...] = ()

    @classmethod
    def parse(cls, raw: bytes, status: int) -> "RecordedAnswer":
        """Read a file's content; `status` is meant where the file has no head."""
        if bare := _BARE.match(raw):
            return cls(int(bare[1]), raw[bare.end() :])
        if head := _HEAD.match(raw):
            lines = head[2].decode("latin-1").splitlines()
            pairs = (line.partition(":") for line in lines)
            return cls(
                int(head[1]), raw[head.end() :], tuple((name.strip(), value.strip()) for name, _, value in pairs)
            )
        return cls(status, raw)

    def dump(self, status: int) -> bytes:
        """Return what `parse` reads, without headers; with the HTTP status only where it is not `status`."""
        return self.body if self.status == status else b"HTTP/1.1 %d\n\n%s" % (self.status, self.body)

    def header(self, name: str) -> str | None:
        """Return the first header of this name, in any case."""
        return next(iter(self.headers(name)), None)

    def headers(self, name: str) -> Sequence[str]:
        """Return all headers of this name, in order."""
        return [value for key, value in self.fields if key.lower() == name.lower()]


@dataclass(frozen=True, slots=True)
class Inspection:
    """What each expression found, and the job that was read, or else the error that the answer means."""

    findings: tuple[Finding, ...]
    observation: Observation | None = None
    error: SourceError | None = None


def inspect(api: Description, where: str, answer: Answer, now: datetime) -> Inspection:
    """Do to an answer what the source does, for any job; `where` begins messages."""
    reader = Reader(api.read, api.states, ignore_case=api.ignore_case)
    findings: tuple[Finding, ...] = ()
    try:
        value = Judge(api).judge(where, answer, now)
        job = reader.within(value)
        findings = tuple(_findings(api.read, job))
        observation = reader.read(job, None, None)
        _check_id(findings)
    except CredentialsRefused as exc:
        return Inspection(findings, error=SourceUnauthorized(str(exc)))
    except SourceError as exc:
        return Inspection(findings, error=exc)
    except UnreadableError as exc:
        return Inspection(findings, error=unreadable(where, str(exc), answer.body))
    return Inspection(findings, observation)


def _check_id(findings: Sequence[Finding]) -> None:
    """Refuse an answer that shows no id where it should: which one it has to be is known to the source only."""
    for finding in findings:
        if finding.key == "id" and id_of(finding.value) is None:
            raise UnreadableError(f"wrong in read.id ({finding.expression}): it yields no text or whole number")


def _findings(reading: Reading, job: Any) -> Iterator[Finding]:
    for key in type(reading).model_fields:
        part = getattr(reading, key)
        expression = part.expression if isinstance(part, Time | Progress) else part
        if key != "within" and isinstance(expression, Expression):
            yield _finding(key, expression, job)
    if reading.tasks is not None:
        yield _finding("tasks", reading.tasks.items, job)


def _finding(key: str, expression: Expression, job: Any) -> Finding:
    try:
        return Finding(key, expression.text, expression.search(job))
    except UnusableError as exc:
        return Finding(key, expression.text, Misfit(str(exc)))
