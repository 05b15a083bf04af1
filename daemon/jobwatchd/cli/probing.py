"""One poll, overheard."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from jobwatchd.clock import SystemClock
from jobwatchd.errors import SourceError
from jobwatchd.http.tap import Exchange
from jobwatchd.logs import Redactor
from jobwatchd.model.job import JobReference, Observation, Task
from jobwatchd.settings import Settings
from jobwatchd.settings.sources import HttpJsonSettings, SourceSettings
from jobwatchd.sources.http_json.inspection import Finding, Misfit, inspect
from jobwatchd.sources.http_json.recorded import RecordedAnswer
from jobwatchd.sources.http_json.writer import RequestWriter
from jobwatchd.sources.status import bare_url
from jobwatchd.wiring import build_source

# Headers that say nothing secret, whoever sets them.
_PLAIN = frozenset({"accept", "content-type", "user-agent"})


@dataclass(frozen=True, slots=True)
class Probe:
    """What one poll brought, without secrets; `told` is a line on the request and the `answer`, None for none."""

    told: str
    findings: tuple[Finding, ...]
    observation: Observation | None
    error: SourceError | None
    answer: RecordedAnswer | None


async def probe_job(settings: Settings, name: str, ref: JobReference) -> Probe:
    """Look at a job once, by a source of its own."""
    section = settings.sources[name]
    heard: list[Exchange] = []
    clock = SystemClock()
    source = build_source(name, section, clock, tap=heard.append)
    observation, error = None, None
    began = clock.monotonic()
    try:
        observation = (await source.observe(ref, 0)).observation
    except SourceError as exc:
        error = exc
    finally:
        took_s = clock.monotonic() - began
        await source.close()
    # Logins are not shown: what they answer is a secret as a whole.
    polls = [exchange for exchange in heard if _is_poll(section, ref, exchange)]
    redactor = Redactor([*settings.secrets(), *_credentials(section, polls)])
    observation = _masked_job(observation, redactor)
    if not polls:
        return Probe("no answer", (), observation, _masked(error, redactor), None)
    last = polls[-1]
    text = last.answer.body.decode("utf-8", "surrogateescape")
    answer = RecordedAnswer(last.answer.status, redactor.redact(text).encode("utf-8", "surrogateescape"))
    where = f"{last.method} {bare_url(last.url)}"
    findings: tuple[Finding, ...] = ()
    if isinstance(section, HttpJsonSettings):
        findings = inspect(section, where, last.answer, clock.now()).findings
    told = f"{where} answered HTTP {answer.status}, {len(last.answer.body)} bytes, after {took_s:.3f} s"
    return Probe(
        redactor.redact(told),
        tuple(Finding(each.key, each.expression, _mask(each.value, redactor)) for each in findings),
        observation,
        _masked(error, redactor),
        answer,
    )


def _is_poll(section: SourceSettings, ref: JobReference, exchange: Exchange) -> bool:
    if not isinstance(section, HttpJsonSettings):
        return exchange.method == "GET"
    segments = dict(zip(section.parameters, ref.job.split("/"), strict=True))
    call = RequestWriter(str(section.base_url), section.request, section.numeric).write(segments)
    return (exchange.method, exchange.url) == (call.method, call.url)


def _credentials(section: SourceSettings, polls: Iterable[Exchange]) -> Iterator[str]:
    """Find what the requests had to prove who is asking: tokens that a login brought are in no setting."""
    own = section.request.headers if isinstance(section, HttpJsonSettings) else {}
    plain = _PLAIN | {name.lower() for name in own}
    for exchange in polls:
        for name, value in exchange.headers.items():
            if name.lower() not in plain:
                yield from (value, value.rpartition(" ")[2], value.partition("=")[2])


def _masked(error: SourceError | None, redactor: Redactor) -> SourceError | None:
    if error is not None:
        error.args = (redactor.redact(str(error)),)
    return error


def _masked_job(job: Observation | None, redactor: Redactor) -> Observation | None:
    if job is None:
        return None
    tasks = tuple(replace(task, **_masked_texts(task, redactor)) for task in job.tasks)
    return replace(job, **_masked_texts(job, redactor), tasks=tasks)


def _masked_texts(whole: Observation | Task, redactor: Redactor) -> dict[str, Any]:
    """Return the texts that came from the API, masked; a state is a word of ours."""
    values = {each.name: getattr(whole, each.name) for each in fields(whole)}
    return {name: redactor.redact(value) for name, value in values.items() if type(value) is str}


def _mask(value: Any, redactor: Redactor) -> Any:
    match value:
        case str():
            return redactor.redact(value)
        case list():
            return [_mask(item, redactor) for item in value]
        case Mapping():
            return {redactor.redact(str(key)): _mask(item, redactor) for key, item in value.items()}
        case Misfit():
            return Misfit(redactor.redact(value.why))
        case _:
            return value
