"""How jobs are named on the command line: as in their keys."""

from collections.abc import Sequence
from urllib.parse import unquote

import click

from jobwatchd.model.job import JobReference
from jobwatchd.settings import Settings


def references(settings: Settings, source: str, jobs: Sequence[str]) -> list[JobReference]:
    """Return the jobs of a source, each once; raises click's usage errors for what names none."""
    section = settings.sources.get(source)
    if section is None:
        known = ", ".join(sorted(settings.sources))
        raise click.BadParameter(f"{source!r} is not configured; expected one of {known}.", param_hint="SOURCE")
    names = section.parameters
    refs = []
    for job in dict.fromkeys(jobs):
        values = [unquote(part) for part in job.removeprefix(f"{source}/").split("/")]
        if len(values) != len(names):
            raise click.BadParameter(f"{job!r} does not name a job; expected {'/'.join(names)}.", param_hint="JOB")
        try:
            refs.append(settings.reference(source, dict(zip(names, values, strict=True))))
        except ValueError as exc:
            raise click.BadParameter(f"{job!r}: {exc}", param_hint="JOB") from exc
    return refs
