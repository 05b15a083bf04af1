"""What no section can know alone to be wrong; found in the raw tree, so that it is told together with all the rest."""

from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from jobwatchd.kinds.sink import SinkSection
from jobwatchd.kinds.source import HttpSourceSection, PollSettings
from jobwatchd.model.job import JobReference
from jobwatchd.model.watch import Policy
from jobwatchd.settings.registry import SINKS, SOURCES
from jobwatchd.settings.schema import members
from jobwatchd.values.job_parameters import JobParameters, no_source
from jobwatchd.values.section import Mistake
from jobwatchd.values.units import parse_positive_duration
from jobwatchd.values.watch_request import misfits, parameter_text

M = TypeVar("M", bound=BaseModel)
Bounds = tuple[float, float]
NOTHING = JobParameters()


def cross_check(tree: Mapping[str, Any]) -> Iterator[Mistake]:
    """Yield what contradicts itself across sections; what is wrong within one is passed over."""
    sources = members(tree, "sources")
    names = list(map(str, found)) if isinstance(found := tree.get("sources"), dict) else []
    yield from _watch_mistakes(tree, sources, names)
    yield from _sink_mistakes(members(tree, "sinks"), names)
    yield from _base_url_mistakes(sources)


def _watch_mistakes(
    tree: Mapping[str, Any], sources: Mapping[str, Mapping[str, Any]], names: list[str]
) -> Iterator[Mistake]:
    watches = tree.get("watches")
    # Looked up once: there may be a hundred thousand watches.
    namings = {name: _naming(source) for name, source in sources.items()}
    bounds = {name: _bounds_s(sources.get(name, {})) for name in names}
    seen: dict[JobReference, int] = {}
    for index, watch in enumerate(watches if isinstance(watches, list) else []):
        if not isinstance(watch, dict) or not isinstance(source := watch.get("source"), str):
            continue
        if source not in bounds:
            yield ("watches", index, "source"), no_source(source, names)
            continue
        try:
            reference = _reference(namings.get(source, NOTHING), watch)
        except ValueError as exc:
            yield ("watches", index, "job"), str(exc)
            reference = None
        if reference is not None and (first := seen.setdefault(reference, index)) != index:
            yield ("watches", index), f"{reference.key} is watched already, by watches[{first}]; expected once"
        for key, sentence in _interval_mistakes(bounds[source], watch):
            yield ("watches", index, key), sentence


def _reference(naming: JobParameters, watch: Mapping[str, Any]) -> JobReference | None:
    """Return what a watch follows; None where one of its parameters is wrong itself. Raises ValueError."""
    job = watch.get("job")
    if not naming.names or not isinstance(job, dict):
        return None
    try:
        given = {name: parameter_text(value) for name, value in job.items()}
    except ValueError:
        return None
    return naming.reference(watch["source"], given)


def _naming(source: Mapping[str, Any]) -> JobParameters:
    """Return what names a job of a source; nothing where that is wrong itself."""
    model = _section_of(SOURCES, source)
    return NOTHING if model is None else model.naming_in(source)


def _bounds_s(source: Mapping[str, Any]) -> Bounds | None:
    """Return the shortest and the longest time between polls of a source; None where its own are wrong."""
    poll = source.get("poll")
    try:
        return PollSettings.model_validate({} if poll is None else poll).cadence().bounds_s
    except ValidationError:
        return None


def _interval_mistakes(bounds_s: Bounds | None, watch: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Check that a watch's own intervals are within its source's; what is wrong by itself was told."""
    if bounds_s is None or ("min_interval" not in watch and "max_interval" not in watch):
        return
    shortest, longest = (_interval_s(watch.get(key)) for key in ("min_interval", "max_interval"))
    if shortest is None or longest is None or shortest <= longest:
        yield from misfits(Policy(min_interval_s=shortest, max_interval_s=longest), *bounds_s)


def _interval_s(value: object) -> float | None:
    try:
        return None if value is None else parse_positive_duration(value)
    except ValueError:
        return None


def _sink_mistakes(sinks: Mapping[str, Mapping[str, Any]], names: list[str]) -> Iterator[Mistake]:
    first: dict[type[SinkSection], str] = {}
    for name, sink in sinks.items():
        model = _section_of(SINKS, sink)
        if model is not None and model.single and first.setdefault(model, name) != name:
            says = f"{first[model]} is a {sink['kind']} sink already; expected at most one"
            yield ("sinks", name, "kind"), says
        wanted = sink.get("sources")
        for index, source in enumerate(wanted if isinstance(wanted, list) else []):
            if isinstance(source, str) and source not in names:
                yield ("sinks", name, "sources", index), no_source(source, names)


def _base_url_mistakes(sources: Mapping[str, Mapping[str, Any]]) -> Iterator[Mistake]:
    """Find URLs that were copied whole, with the part of the path that requests begin with."""
    for name, source in sources.items():
        base, model = source.get("base_url"), _section_of(SOURCES, source)
        added = model.path_in(source) if model is not None and issubclass(model, HttpSourceSection) else None
        if not isinstance(base, str) or added is None:
            continue
        literal = added.partition("{")[0].rsplit("/", 1)[0].split("/")[1:]
        # One part alone may well be there twice, behind a proxy that adds it.
        twice = ("/" + "/".join(literal[:length]) for length in range(len(literal), 1, -1))
        if end := next((each for each in twice if base.rstrip("/").endswith(each)), None):
            yield ("sources", name, "base_url"), f"it ends with {end}, which is added to it; expected it without"


def _section_of(kinds: Mapping[str, type[M]], member: Mapping[str, Any]) -> type[M] | None:
    """Return the section of a source or sink by its kind; None for none that is known."""
    kind = member.get("kind")
    return kinds.get(kind) if isinstance(kind, str) else None
