"""The description of the API, for machines."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from jobwatchd.web.problems import Problem

DESCRIPTION = """\
jobwatchd follows jobs on remote systems and tells when they move.

Times are UTC (RFC 3339); durations that come in carry a unit (`250ms`, `5s`, `10m`, `6h`, `7d`), durations that go out
are seconds and named `…_s`. Every refusal is a problem document (RFC 9457). Lists are paged by key: give the `next` of
a page as the `after` of the next one.
"""


def describe(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI document of `app`, with the schema that all problem documents share."""
    document = get_openapi(title=app.title, version=app.version, description=DESCRIPTION, routes=app.routes)
    schema = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas = document["components"]["schemas"]
    schemas.update(schema.pop("$defs"))
    schemas["Problem"] = schema
    return document
