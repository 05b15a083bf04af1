"""One poll of a job, with what the API answered, for `jobwatchd probe`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jobwatchd.clock import SystemClock
from jobwatchd.engine.guard import guarded
from jobwatchd.errors import SourceError
from jobwatchd.http.status import bare_url
from jobwatchd.http.tap import Exchange
from jobwatchd.kinds.source import Finding, Misfit
from jobwatchd.model.job import JobReference, Observation
from jobwatchd.redaction import SECRETS
from jobwatchd.settings import Settings
from jobwatchd.sources.http_json.recorded import RecordedAnswer
from jobwatchd.wiring import build_source


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
    observation = None if observation is None else guarded(observation)
    if not heard:
        return Probe("no answer", (), observation, error, None)
    last = heard[-1]  # after a refusal it is asked again
    text = last.answer.body.decode("utf-8", "surrogateescape")
    answer = RecordedAnswer(last.answer.status, SECRETS.redact(text).encode("utf-8", "surrogateescape"))
    where = f"{last.method} {bare_url(last.url)}"
    findings = section.findings(where, last.answer, clock.now())
    told = f"{where} answered HTTP {answer.status}, {len(last.answer.body)} bytes, after {took_s:.3f} s"
    return Probe(
        SECRETS.redact(told),
        tuple(Finding(each.key, each.expression, _mask(each.value)) for each in findings),
        observation,
        error,
        answer,
    )


def _mask(value: Any) -> Any:
    match value:
        case str():
            return SECRETS.redact(value)
        case list():
            return [_mask(item) for item in value]
        case Mapping():
            return {SECRETS.redact(str(key)): _mask(item) for key, item in value.items()}
        case Misfit():
            return Misfit(SECRETS.redact(value.why))
        case _:
            return value
