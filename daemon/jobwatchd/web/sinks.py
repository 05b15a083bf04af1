"""The sinks of the daemon: `/v1/sinks`."""

from typing import Annotated

from fastapi import APIRouter, HTTPException, Path

from jobwatchd.ports import Sinks
from jobwatchd.web.audit import Audit, Caller
from jobwatchd.web.outputs import EnabledBody
from jobwatchd.web.problems import documented

SinkName = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$", examples=["ci"])]


class SinkControl:
    """What can be done about sinks."""

    def __init__(self, sinks: Sinks, audit: Audit) -> None:
        self._sinks = sinks
        self._audit = audit

    def register(self, router: APIRouter) -> None:
        """Add the operation to `router`."""
        router.add_api_route(
            "/sinks/{name}/enable",
            self.enable,
            methods=["POST"],
            operation_id="enableSink",
            summary="Go on with a sink whose receiver wanted no more events (410)",
            responses=documented(404),
        )

    async def enable(self, name: SinkName, by: Caller) -> EnabledBody:
        """Go on with a sink: what waits for it is sent now."""
        try:
            enabled = self._sinks.enable(name)
        except KeyError:
            raise HTTPException(404, f"There is no sink {name}.") from None
        if enabled:
            self._audit.note("api.sink_enabled", by, sink=name)
        return EnabledBody(name=name, enabled=enabled)
