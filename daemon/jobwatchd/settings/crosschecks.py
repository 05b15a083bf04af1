"""What no section can know alone to be wrong; found in the raw tree, so that it is told together with all the rest."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from jobwatchd.kinds.poll import PollSettings
from jobwatchd.kinds.sink import SinkSection
from jobwatchd.kinds.source import HttpSourceSection
from jobwatchd.model.job import JobReference
from jobwatchd.model.notation import is_loopback, split_listen
from jobwatchd.model.watch import Policy
from jobwatchd.settings.problems import Problems
from jobwatchd.settings.registry import SINKS, SOURCES
from jobwatchd.settings.schema import members, model_of
from jobwatchd.settings.server import ServerSettings
from jobwatchd.values.durations import parse_positive_duration
from jobwatchd.values.job_parameters import JobParameters, no_source
from jobwatchd.values.key_path import KeyPath
from jobwatchd.values.watch_request import misfits, parameter_text

NOTHING = JobParameters()


def cross_check(tree: Mapping[str, Any], problems: Problems) -> None:
    """Add what contradicts itself across sections; what is wrong within one is passed over."""
    _check_watches(tree, problems)
    _check_sinks(tree, problems)
    _check_base_urls(tree, problems)
    _check_server(tree, problems)


def _check_watches(tree: Mapping[str, Any], problems: Problems) -> None:
    watches = tree.get("watches")
    # Looked up once: there may be a hundred thousand watches.
    sources = members(tree, "sources")
    namings = {name: _naming(source) for name, source in sources.items()}
    seen: dict[JobReference, int] = {}
    bounds: dict[str, tuple[float, float] | None] = {}
    for index, watch in enumerate(watches if isinstance(watches, list) else []):
        if not isinstance(watch, dict) or not isinstance(watch.get("source"), str):
            continue
        source = watch["source"]
        if not _is_named(tree, source):
            problems.add(("watches", index, "source"), _no_source(tree, source))
            continue
        reference = _reference(namings.get(source, NOTHING), index, watch, problems)
        if reference is not None:
            first = seen.setdefault(reference, index)
            if first != index:
                problems.add(
                    ("watches", index), f"{reference.key} is watched already, by watches[{first}]; expected once"
                )
        if source not in bounds:
            bounds[source] = _bounds_s(sources.get(source, {}))
        _check_intervals(bounds[source], index, watch, problems)


def _reference(naming: JobParameters, index: int, watch: Mapping[str, Any], problems: Problems) -> JobReference | None:
    job = watch.get("job")
    if not naming.names or not isinstance(job, dict):
        return None
    try:
        given = {name: parameter_text(value) for name, value in job.items()}
    except ValueError:
        return None
    try:
        return naming.reference(watch["source"], given)
    except ValueError as exc:
        problems.add(("watches", index, "job"), str(exc))
        return None


def _naming(source: Mapping[str, Any]) -> JobParameters:
    """Return what names a job of a source; nothing where that is wrong itself."""
    model = model_of(SOURCES, source)
    return NOTHING if model is None else model.naming_in(source)


def _bounds_s(source: Mapping[str, Any]) -> tuple[float, float] | None:
    """Return the shortest and the longest time between polls of a source; None where its own are wrong."""
    poll = source.get("poll")
    try:
        return PollSettings.model_validate({} if poll is None else poll).cadence().bounds_s
    except ValidationError:
        return None


def _check_intervals(
    bounds_s: tuple[float, float] | None, index: int, watch: Mapping[str, Any], problems: Problems
) -> None:
    """Check that a watch's own intervals are within its source's; what is wrong by itself was told."""
    if "min_interval" not in watch and "max_interval" not in watch:
        return
    shortest, longest = (_interval_s(watch.get(key)) for key in ("min_interval", "max_interval"))
    if bounds_s is None or (shortest is not None and longest is not None and shortest > longest):
        return
    for key, sentence in misfits(Policy(min_interval_s=shortest, max_interval_s=longest), *bounds_s):
        problems.add(("watches", index, key), sentence)


def _interval_s(value: object) -> float | None:
    try:
        return None if value is None else parse_positive_duration(value)
    except ValueError:
        return None


def _check_sinks(tree: Mapping[str, Any], problems: Problems) -> None:
    first: dict[type[SinkSection], str] = {}
    for name, sink in members(tree, "sinks").items():
        model = model_of(SINKS, sink)
        if model is not None and model.single and first.setdefault(model, name) != name:
            says = f"{first[model]} is a {sink['kind']} sink already; expected at most one"
            problems.add(("sinks", name, "kind"), says)
    for name, sink in members(tree, "sinks").items():
        wanted = sink.get("sources")
        for index, source in enumerate(wanted if isinstance(wanted, list) else []):
            if isinstance(source, str) and not _is_named(tree, source):
                problems.add(("sinks", name, "sources", index), _no_source(tree, source))


def _check_base_urls(tree: Mapping[str, Any], problems: Problems) -> None:
    """Find URLs that were copied whole, with the part of the path that requests begin with."""
    for name, source in members(tree, "sources").items():
        base, model = source.get("base_url"), model_of(SOURCES, source)
        added = model.path_in(source) if model is not None and issubclass(model, HttpSourceSection) else None
        if not isinstance(base, str) or added is None:
            continue
        literal = added.partition("{")[0].rsplit("/", 1)[0].split("/")[1:]
        # One part alone may well be there twice, behind a proxy that adds it.
        for length in range(len(literal), 1, -1):
            twice = "/" + "/".join(literal[:length])
            if base.rstrip("/").endswith(twice):
                problems.add(
                    ("sources", name, "base_url"), f"it ends with {twice}, which is added to it; expected it without"
                )
                break


def _check_server(tree: Mapping[str, Any], problems: Problems) -> None:
    server = tree.get("server")
    server = server if isinstance(server, dict) else {}
    listen = server.get("listen", ServerSettings().listen)
    if server.get("tokens") or server.get("tokens_file") or not isinstance(listen, str):
        return
    try:
        host, _ = split_listen(listen)
    except ValueError:
        return
    if not is_loopback(host):
        path: KeyPath = ("server", "listen")
        problems.add(
            path, f"{listen} can be reached from other machines; expected tokens_file too, or a loopback address"
        )


def _is_named(tree: Mapping[str, Any], source: str) -> bool:
    sources = tree.get("sources")
    return isinstance(sources, dict) and source in sources


def _no_source(tree: Mapping[str, Any], source: str) -> str:
    sources = tree.get("sources")
    return no_source(source, map(str, sources) if isinstance(sources, dict) else ())
