"""The job APIs that are polled."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import Field, StringConstraints

from jobwatchd.description import Description
from jobwatchd.description.credentials import sent_headers
from jobwatchd.model.job import JobReference
from jobwatchd.settings.credentials import HeaderSecret, Password
from jobwatchd.settings.http import CredentialSettings, HttpSettings, Text
from jobwatchd.settings.poll import PollSettings, RevivablePollSettings
from jobwatchd.settings.section import Section
from jobwatchd.settings.urls import BaseUrl


def make_reference(
    source: str, job: Mapping[str, str | int], parameters: Sequence[str], numeric: Sequence[str]
) -> JobReference:
    """Return the reference for named job parameters; raises ValueError that says what does not fit."""
    if set(job) != set(parameters):
        raise ValueError(f"got {', '.join(sorted(job)) or 'nothing'}; expected exactly {', '.join(parameters)}")
    values = {parameter: str(job[parameter]) for parameter in parameters}
    # A leading zero would make a second name for the same job.
    wrong = [parameter for parameter in numeric if not _is_number(values[parameter])]
    if wrong:
        raise ValueError(f"expected {', '.join(wrong)} to be a number without leading zeros")
    return JobReference.of(source, list(values.values()))


class HttpSourceSettings(HttpSettings):
    """What all polled APIs have in common."""

    base_url: BaseUrl
    poll: PollSettings = PollSettings()


class VendorSourceSettings(HttpSourceSettings):
    """One vendor's API; `parameters` name a job there, in the order of a `JobReference`, `numeric` are numbers."""

    parameters: ClassVar[tuple[str, ...]]
    numeric: ClassVar[tuple[str, ...]] = ()

    def sent_headers(self) -> Mapping[str, str]:
        """Return what proves who is asking."""
        return dict.fromkeys(("authorization", "cookie"), "the login")


class GraphdSettings(Section):
    """The graph service that Explorer logs in to."""

    address: Text
    port: Annotated[int, Field(ge=1, le=65535)] = 9669


class NebulaExplorerSettings(VendorSourceSettings):
    """NebulaGraph Explorer's workflow jobs."""

    parameters: ClassVar[tuple[str, ...]] = ("job_id",)
    numeric: ClassVar[tuple[str, ...]] = ("job_id",)

    kind: Literal["nebula-explorer"]
    account: Annotated[Text, StringConstraints(pattern=r"^[^:]+$")]
    password: Password
    password_file: Path | None = None
    graphd: GraphdSettings


class TelestreamUpSettings(VendorSourceSettings):
    """Telestream UP's workflow jobs."""

    parameters: ClassVar[tuple[str, ...]] = ("space_id", "workflow_id", "job_id")

    kind: Literal["telestream-up"]
    api_key: HeaderSecret
    api_key_file: Path | None = None
    poll: RevivablePollSettings = RevivablePollSettings()


class HttpJsonSettings(HttpSourceSettings, CredentialSettings, Description):
    """A job API by its description, and the user's credentials for it."""

    kind: Literal["http-json"]

    def sent_headers(self) -> Mapping[str, str]:
        """Return what the description sends."""
        requests = (self.request, *([] if self.list is None else [self.list.request]))
        described = {name.lower(): "the description" for request in requests for name in request.headers}
        return described | dict.fromkeys(sent_headers(self.auth), "auth")


SourceSettings = Annotated[
    NebulaExplorerSettings | TelestreamUpSettings | HttpJsonSettings, Field(discriminator="kind")
]
SOURCE_KINDS: Mapping[str, type[HttpSourceSettings]] = {
    "nebula-explorer": NebulaExplorerSettings,
    "telestream-up": TelestreamUpSettings,
    "http-json": HttpJsonSettings,
}


def _is_number(value: str) -> bool:
    return value.isascii() and value.isdigit() and (value == "0" or not value.startswith("0"))
