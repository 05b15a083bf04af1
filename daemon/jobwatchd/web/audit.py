"""Who changed what through the API: each change is one line of the log."""

from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import Depends, Request
from starlette.types import Scope
from structlog.typing import FilteringBoundLogger

ApiChange = Literal["api.watch_added", "api.watch_removed", "api.dead_letters_replayed", "api.sink_enabled"]


def called_by(scope: Scope, name: str) -> Scope:
    """Return the scope of a request with the name of the token that it came with."""
    return {**scope, "state": {**scope.get("state", {}), "caller": name}}


async def _caller(request: Request) -> str:
    # The gate has let nothing pass without one; to fail is better than a change by nobody.
    return str(request.state.caller)


Caller = Annotated[str, Depends(_caller)]


@dataclass(frozen=True, slots=True)
class Audit:
    """Tells what was changed, after it was; what is refused, or changes nothing, is not told."""

    logger: FilteringBoundLogger

    def note(self, change: ApiChange, by: str, **what: object) -> None:
        """Tell of a change; `by` is the name of the token that was used."""
        self.logger.info(change, by=by, **what)
