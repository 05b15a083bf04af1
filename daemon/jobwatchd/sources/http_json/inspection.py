"""How a description fares on one answer, step by step: for `jobwatchd probe` and `check-source`."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from jobwatchd.description import Description
from jobwatchd.description.expression import Expression, UnusableError
from jobwatchd.description.reading import Progress, Reading, Time
from jobwatchd.errors import SourceError, SourceUnauthorized
from jobwatchd.http.authentication.contract import CredentialsRefused
from jobwatchd.http.excerpt import unreadable
from jobwatchd.kinds.source import Finding, Misfit
from jobwatchd.model.job import Observation
from jobwatchd.ports import Answer
from jobwatchd.sources.http_json.judge import Judge
from jobwatchd.sources.http_json.reader import Reader, UnreadableError
from jobwatchd.sources.http_json.words import id_of


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
