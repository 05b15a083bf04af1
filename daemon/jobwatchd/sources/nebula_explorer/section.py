"""How a NebulaGraph Explorer is configured."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, StringConstraints

from jobwatchd.kinds.http import Text
from jobwatchd.kinds.source import HttpSourceSection, SourceContext
from jobwatchd.sources.nebula_explorer.login import NebulaAccount
from jobwatchd.sources.nebula_explorer.source import API_PATH, NebulaExplorer
from jobwatchd.values.job_parameters import JobParameters
from jobwatchd.values.secrets import Password
from jobwatchd.values.section import Section


class GraphdSettings(Section):
    """The graph service that Explorer logs in to."""

    address: Text
    port: Annotated[int, Field(ge=1, le=65535)] = 9669


class NebulaExplorerSettings(HttpSourceSection):
    """NebulaGraph Explorer's workflow jobs."""

    job_parameters: ClassVar = JobParameters(NebulaExplorer.parameters, numeric=NebulaExplorer.parameters)

    kind: Literal["nebula-explorer"]
    account: Annotated[Text, StringConstraints(pattern=r"^[^:]+$")]
    password: Password
    password_file: Path | None = None
    graphd: GraphdSettings

    def build(self, context: SourceContext) -> NebulaExplorer:
        """Return a new source; raises `ConfigError`."""
        return NebulaExplorer(
            context.name,
            self.base_url,
            NebulaAccount(self.account, context.secret(self, "password"), self.graphd.address, self.graphd.port),
            client=context.client(self),
            clock=context.clock,
        )

    def sent_headers(self) -> Mapping[str, str]:
        """Return what proves who is asking."""
        return dict.fromkeys(("authorization", "cookie"), "the login")

    @classmethod
    def path_in(cls, tree: Mapping[str, Any]) -> str:  # noqa: ARG003 - always the same
        """Return the path that requests add to `base_url`."""
        return f"{API_PATH}/"
