"""How a Telestream UP is configured."""

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar, Literal

from jobwatchd.kinds.source import HttpSourceSection, RevivablePollSettings, SourceContext
from jobwatchd.sources.telestream_up.source import TelestreamUp
from jobwatchd.values.job_parameters import JobParameters
from jobwatchd.values.secrets import HeaderSecret


class TelestreamUpSettings(HttpSourceSection):
    """Telestream UP's workflow jobs."""

    job_parameters: ClassVar = JobParameters(TelestreamUp.parameters)

    kind: Literal["telestream-up"]
    api_key: HeaderSecret
    api_key_file: Path | None = None
    poll: RevivablePollSettings = RevivablePollSettings()

    def build(self, context: SourceContext) -> TelestreamUp:
        """Return a new source; raises `ConfigError`."""
        key = context.secret(self, "api_key")
        return TelestreamUp(context.name, self.base_url, api_key=key, client=context.client(self), clock=context.clock)

    def sent_headers(self) -> Mapping[str, str]:
        """Return what proves who is asking."""
        return dict.fromkeys(("authorization", "cookie"), "the login")
