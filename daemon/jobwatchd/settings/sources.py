"""The job APIs that are polled."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from jobwatchd.model.job import JobReference
from jobwatchd.settings.credentials import HeaderSecret, Password
from jobwatchd.settings.poll import PollSettings, RevivablePollSettings
from jobwatchd.settings.section import Section
from jobwatchd.settings.units import PositiveDuration, Size
from jobwatchd.settings.urls import BaseUrl, ProxyUrl

_Text = Annotated[str, StringConstraints(min_length=1, max_length=255, pattern=r"^[^\x00-\x1f\x7f]+$")]


class TimeoutSettings(Section):
    """Bounds of one request: connecting, each wait for the next bytes, and the whole."""

    connect: PositiveDuration = 5.0
    read: PositiveDuration = 10.0
    total: PositiveDuration = 20.0


class TlsSettings(Section):
    """PEM files: whom to trust instead of the system's roots, and a client certificate with its key."""

    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None

    @model_validator(mode="after")
    def _check_pair(self) -> Self:
        if (self.cert_file is None) != (self.key_file is None):
            present, absent = ("cert_file", "key_file") if self.key_file is None else ("key_file", "cert_file")
            raise ValueError(f"{present} is there without {absent}; expected both or neither")
        return self


class HttpSourceSettings(Section):
    """What all polled APIs have in common; `parameters` name a job there, in the order of a `JobReference`."""

    parameters: ClassVar[tuple[str, ...]]
    numeric: ClassVar[bool] = False

    base_url: BaseUrl
    http_client: Literal["pyreqwest", "httpx"] = "pyreqwest"
    timeout: TimeoutSettings = TimeoutSettings()
    tls: TlsSettings = TlsSettings()
    proxy: ProxyUrl | None = None
    max_body: Size = 1_048_576
    poll: PollSettings = PollSettings()

    @classmethod
    def reference(cls, name: str, job: Mapping[str, str | int]) -> JobReference:
        """Return the reference for named job parameters; raises ValueError that says what does not fit."""
        if set(job) != set(cls.parameters):
            raise ValueError(f"got {', '.join(sorted(job)) or 'nothing'}; expected exactly {', '.join(cls.parameters)}")
        values = [str(job[parameter]) for parameter in cls.parameters]
        # A leading zero would make a second name for the same job.
        if cls.numeric and not all(_is_number(value) for value in values):
            raise ValueError(f"expected {', '.join(cls.parameters)} to be a number without leading zeros")
        return JobReference.of(name, values)


class GraphdSettings(Section):
    """The graph service that Explorer logs in to."""

    address: _Text
    port: Annotated[int, Field(ge=1, le=65535)] = 9669


class NebulaExplorerSettings(HttpSourceSettings):
    """NebulaGraph Explorer's workflow jobs."""

    parameters: ClassVar[tuple[str, ...]] = ("job_id",)
    numeric: ClassVar[bool] = True

    kind: Literal["nebula-explorer"]
    account: Annotated[_Text, StringConstraints(pattern=r"^[^:]+$")]
    password: Password
    password_file: Path | None = None
    graphd: GraphdSettings


class TelestreamUpSettings(HttpSourceSettings):
    """Telestream UP's workflow jobs."""

    parameters: ClassVar[tuple[str, ...]] = ("space_id", "workflow_id", "job_id")

    kind: Literal["telestream-up"]
    api_key: HeaderSecret
    api_key_file: Path | None = None
    poll: RevivablePollSettings = RevivablePollSettings()


SourceSettings = Annotated[NebulaExplorerSettings | TelestreamUpSettings, Field(discriminator="kind")]
SOURCE_KINDS: Mapping[str, type[HttpSourceSettings]] = {
    "nebula-explorer": NebulaExplorerSettings,
    "telestream-up": TelestreamUpSettings,
}


def _is_number(value: str) -> bool:
    return value.isascii() and value.isdigit() and (value == "0" or not value.startswith("0"))
