"""Refusals, as RFC 9457 problem documents."""

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute, Match, Route
from starlette.types import Scope

from jobwatchd.errors import StoreError
from jobwatchd.model.watch import Misfit

MEDIA_TYPE = "application/problem+json"
RETRY_STORE_AFTER_S = 5
# A batch of a thousand wrong watches is explained by its first mistakes.
MAX_ERRORS = 50
# As the configuration file's mistakes are told.
_SENTENCES = {
    "missing": "the key is missing",
    "extra_forbidden": "unknown key; /openapi.json lists those that are known",
}


class FieldError(BaseModel):
    """One thing that is wrong with a request."""

    location: str = Field(description="Where: body, query or path.", examples=["body"])
    field: str = Field(description="Which field there, steps joined by dots.", examples=["job.job_id"])
    detail: str = Field(description="What was expected.", examples=["Field required"])


class Problem(BaseModel):
    """Why a request was refused (RFC 9457)."""

    type: str = Field("about:blank", description="Always about:blank: the status says it all.")
    title: str = Field(description="The status in words.", examples=["Not Found"])
    status: int = Field(description="The HTTP status.", examples=[404])
    detail: str = Field(description="One sentence for a person.", examples=["There is no watch 12."])
    errors: list[FieldError] | None = Field(None, description="What is wrong, field by field, where that is known.")


class ProblemResponse(Response):
    """A problem document as an answer."""

    media_type = MEDIA_TYPE

    def __init__(
        self,
        status: int,
        detail: str,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        problem = Problem(
            title=HTTPStatus(status).phrase, status=status, detail=detail, errors=list(errors[:MAX_ERRORS]) or None
        )
        # Not pydantic's encoder: a refused field's name may hold what UTF-8 cannot, and is told nevertheless.
        body = json.dumps(problem.model_dump(exclude_none=True)).encode()
        super().__init__(body, status_code=status, headers=headers)


class MisfitError(Exception):
    """Watches that are asked for do not fit their sources: each with its place among those of a batch, None for one."""

    def __init__(self, misfits: Sequence[tuple[int | None, Misfit]]) -> None:
        super().__init__("; ".join(str(misfit) for _, misfit in misfits[:MAX_ERRORS]))
        self.errors = [
            FieldError(location="body", field=misfit.key, detail=str(misfit))
            if place is None
            else FieldError(location="body", field=f"{place}.{misfit.key}", detail=f"item {place}: {misfit}")
            for place, misfit in misfits[:MAX_ERRORS]
        ]


def install(app: FastAPI, routes: Sequence[BaseRoute]) -> None:
    """Make every refusal of `app` a problem document; `routes` are all it has, not those that hold others."""
    app.add_exception_handler(HTTPException, _Refusals(routes))
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(MisfitError, _misfit)
    app.add_exception_handler(StoreError, _no_store)
    app.add_exception_handler(Exception, _broken)


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return what an operation's `responses` say about these refusals."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {status: {"description": HTTPStatus(status).phrase, "content": content} for status in statuses}


class _Refusals:
    """Tells HTTP exceptions, among them those of the router; `routes` are all there are, one by one."""

    def __init__(self, routes: Sequence[BaseRoute]) -> None:
        self._routes = routes

    async def __call__(self, request: Request, exc: Exception) -> Response:
        assert isinstance(exc, HTTPException)  # noqa: S101 - Starlette calls by class
        headers = dict(exc.headers or {})
        detail = str(exc.detail)
        if exc.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
            headers["Allow"] = allowed = ", ".join(self._methods_at(request.scope))
            detail = f"{request.method} is not possible here; possible: {allowed}."
        elif exc.status_code == HTTPStatus.NOT_FOUND and detail == HTTPStatus.NOT_FOUND.phrase:
            detail = "There is nothing at this path; /openapi.json lists what there is."
        elif exc.status_code == HTTPStatus.BAD_REQUEST:
            detail = "The body could not be read as JSON in UTF-8."
        return ProblemResponse(exc.status_code, detail, headers=headers)

    def _methods_at(self, scope: Scope) -> Sequence[str]:
        """Return the methods of all routes at this path; the router itself names those of the first one only."""
        here = [route for route in self._routes if route.matches(scope)[0] is not Match.NONE]
        methods = {method for route in here if isinstance(route, Route) for method in route.methods or ()}
        return sorted(methods | ({"HEAD"} if "GET" in methods else set()))


async def _invalid(_request: Request, exc: Exception) -> Response:
    assert isinstance(exc, RequestValidationError)  # noqa: S101 - Starlette calls by class
    found = exc.errors()
    if found[0]["type"] == "json_invalid":
        place = found[0]["loc"][-1]
        return ProblemResponse(400, f"The body is not JSON: {found[0]['ctx']['error']} at character {place}.")
    errors = [_field_error(error) for error in found]
    return ProblemResponse(422, "The request does not fit the description at /openapi.json.", errors)


def _field_error(error: Mapping[str, Any]) -> FieldError:
    """Say which field is wrong; what was given there is not repeated."""
    location, *steps = (str(step).encode(errors="replace").decode()[:100] for step in error["loc"])
    detail = _SENTENCES.get(error["type"]) or str(error["msg"]).removeprefix("Value error, ")
    return FieldError(location=location, field=".".join(steps), detail=detail)


async def _misfit(_request: Request, exc: Exception) -> Response:
    assert isinstance(exc, MisfitError)  # noqa: S101 - Starlette calls by class
    return ProblemResponse(422, "What is asked for does not fit the sources that are configured.", exc.errors)


async def _no_store(_request: Request, exc: Exception) -> Response:
    return ProblemResponse(503, str(exc), headers={"Retry-After": str(RETRY_STORE_AFTER_S)})


async def _broken(_request: Request, _exc: Exception) -> Response:
    """Tell nothing of an unexpected error; the server logs it, because Starlette raises it again."""
    return ProblemResponse(500, "Something unexpected went wrong; the daemon's log has more.")
