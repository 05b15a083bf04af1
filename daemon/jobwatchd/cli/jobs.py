"""How jobs are named on the command line: as in their keys, or part by part."""

import re
from collections.abc import Mapping, Sequence

import click

from jobwatchd.model.job import JobReference
from jobwatchd.model.notation import shown
from jobwatchd.settings import Settings

_PAIR = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=(.*)", re.DOTALL)


def named_jobs(words: Sequence[str]) -> list[Mapping[str, str]]:
    """Return the parameters of each job that `words` name: `1964`, `SPACE/WORKFLOW/JOB`, or several `name=value`.

    What is written as in a key is under the one name `key`. A name that comes again begins another job.
    """
    jobs: list[dict[str, str]] = []
    parts: dict[str, str] | None = None
    for word in words:
        pair = _PAIR.fullmatch(word)
        if pair is None:
            parts = None
            jobs.append({"key": word})
            continue
        if parts is None or pair[1] in parts:
            parts = {}
            jobs.append(parts)
        parts[pair[1]] = pair[2]
    return list(jobs)


def references(settings: Settings, source: str, words: Sequence[str]) -> list[JobReference]:
    """Return the jobs of a source, each once; raises click's usage errors for what names none."""
    if source not in settings.sources:
        known = ", ".join(sorted(settings.sources))
        says = f"{shown(source, settings.sources)} is not configured; expected one of {known}."
        raise click.BadParameter(says, param_hint="SOURCE")
    refs: dict[JobReference, None] = {}
    for job in named_jobs(words):
        try:
            refs[settings.reference(source, job)] = None
        except ValueError as exc:
            raise click.BadParameter(f"{exc}.", param_hint="JOB") from exc
    return list(refs)
