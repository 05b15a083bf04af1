"""Whether the process lives and is ready: `/livez` and `/readyz`, for Kubernetes and load balancers."""

from typing import Any, Literal

import anyio
from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from jobwatchd.errors import StoreError
from jobwatchd.ports import STORE_PATIENCE_S
from jobwatchd.web.context import Context, WebContext

# How long a probe waits for a store that says that it cannot be used, and for one that says nothing.
STORE_RETRY_S = 1.0
STORE_TIMEOUT_S = 2.0


class HealthBody(BaseModel):
    """How the process is."""

    status: Literal["ok", "unwell", "starting"] = Field(description="starting: also while it stops.")
    problems: list[str] = Field(description="One sentence each.")


health_routes = APIRouter()
_UNWELL: dict[int | str, dict[str, Any]] = {503: {"model": HealthBody, "description": "Not well; the body says why."}}


@health_routes.get("/livez", operation_id="live", summary="Tell whether every loop makes progress", responses=_UNWELL)
async def live(context: Context, response: Response) -> HealthBody:
    """Tell whether every loop makes progress; a restart is the cure if not."""
    return _answer(response, list(context.heartbeats.problems()), starting=False)


@health_routes.get("/readyz", operation_id="ready", summary="Tell whether the daemon can serve", responses=_UNWELL)
async def ready(context: Context, response: Response) -> HealthBody:
    """Tell whether start-up has ended, every loop makes progress, and the store can be read and written."""
    heartbeats = context.heartbeats
    problems = [*heartbeats.problems(), *(heartbeats.outages() or await _store_problems(context))]
    return _answer(response, problems, starting=not heartbeats.ready)


async def _store_problems(context: WebContext) -> list[str]:
    if not context.heartbeats.ready:
        return []  # it is not open yet, or not any more
    STORE_PATIENCE_S.set(STORE_RETRY_S)
    try:
        with anyio.fail_after(STORE_TIMEOUT_S):
            await context.store.check()
    except TimeoutError:
        return [f"The store did not answer within {STORE_TIMEOUT_S:g} s."]
    except StoreError as exc:
        return [str(exc)]
    return []


def _answer(response: Response, problems: list[str], *, starting: bool) -> HealthBody:
    if problems or starting:
        response.status_code = 503
    if problems:
        return HealthBody(status="unwell", problems=problems)
    return HealthBody(status="starting" if starting else "ok", problems=[])
