"""Which watch a person means: its number, or the key of its job."""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, unquote

import click

from jobwatchd.cli.api_client import ApiClient, ApiError
from jobwatchd.cli.stderr import tell
from jobwatchd.cli.table import printable

# Of a database's numbers.
MOST_DIGITS = 18


def find_watch(client: ApiClient, name: str) -> dict[str, Any]:
    """Return the watch that `name` means; raises `ApiError` where there is none, which says what to write.

    A number is always that of a watch. Where a job is called so too, that is said on standard error.
    """
    if name.isascii() and name.isdecimal():
        return _find_number(client, name)
    source, slash, job = name.partition("/")
    if not (source and slash and job):
        example = f"{printable(source) if source else 'graph'}/{printable(job) if job else '1964'}"
        raise click.UsageError(f"{printable(name)!r} is no watch; write its number, or the job's key: {example}")
    key = "/".join([source, *(quote(unquote(part), safe=":@,") for part in job.split("/"))])
    number = client.find_watch(key)
    if number is None:
        raise ApiError(
            f"There is no watch of {printable(key)}; `jobwatchd watch list` shows all.", HTTPStatus.NOT_FOUND
        )
    return client.get_watch(number)


def _find_number(client: ApiClient, name: str) -> dict[str, Any]:
    found = _get(client, name)
    if found is None:
        raise ApiError(_suggest(client, name), HTTPStatus.NOT_FOUND)
    others = [key for key in _namesakes(client, name) if key != found["key"]]
    if others:
        tell(f"{name} is the number of the watch of {found['key']}; for the job write {' or '.join(others)}.")
    return found


def _get(client: ApiClient, name: str) -> dict[str, Any] | None:
    if len(name) > MOST_DIGITS:
        return None
    try:
        return client.get_watch(int(name))
    except ApiError as exc:
        if exc.status == HTTPStatus.NOT_FOUND:
            return None
        raise


def _suggest(client: ApiClient, name: str) -> str:
    says = f"There is no watch with the number {name}"
    keys = list(_namesakes(client, name))
    if keys:
        return f"{says}; for the job write {' or '.join(keys)}."
    example = next(iter(client.sources()), "graph")
    return f"{says}; `jobwatchd watch list` shows all. A job is named by its key, such as {example}/{name}."


def _namesakes(client: ApiClient, job: str) -> Iterator[str]:
    """Yield the keys of the watched jobs that are called so at their source."""
    for source in client.sources():
        key = f"{source}/{job}"
        if client.find_watch(key) is not None:
            yield key
