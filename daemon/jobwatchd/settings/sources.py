"""The job APIs that are polled."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, ClassVar, Literal
from urllib.parse import unquote

from pydantic import Field, StringConstraints

from jobwatchd.description import Description
from jobwatchd.model.job import JobReference
from jobwatchd.model.shown import shown
from jobwatchd.settings.credentials import HeaderSecret, Password
from jobwatchd.settings.http import CredentialSettings, HttpSettings, Text
from jobwatchd.settings.places import told
from jobwatchd.settings.poll import PollSettings, RevivablePollSettings
from jobwatchd.settings.section import Section
from jobwatchd.settings.urls import BaseUrl

# Of names that nobody expected.
MAX_SHOWN = 16


def no_source(source: str, known: Iterable[str]) -> str:
    """Return the sentence for a source that is not configured."""
    names = sorted(known)
    return f"there is no source {shown(source, names)}; expected one of: {', '.join(names) or 'none is configured'}"


def make_reference(
    source: str, job: Mapping[str, str], parameters: Sequence[str], numeric: Sequence[str]
) -> JobReference:
    """Return the reference for named job parameters; raises ValueError that says what does not fit.

    All of them in one are `key`, as the end of the job's key has them: `1964`, or `SPACE/WORKFLOW/JOB`.
    """
    if set(job) == {"key"} != set(parameters):
        job = _split_key(source, str(job["key"]), parameters)
    if set(job) != set(parameters):
        got = ", ".join(sorted(told((name,)) for name in job)[:MAX_SHOWN])
        raise ValueError(f"got {got or 'nothing'}; expected exactly {', '.join(parameters)}")
    values = {parameter: job[parameter] for parameter in parameters}
    # A leading zero would make a second name for the same job.
    wrong = [parameter for parameter in numeric if not _is_number(values[parameter])]
    if wrong:
        raise ValueError(f"expected {', '.join(wrong)} to be a number without leading zeros")
    return JobReference.of(source, list(values.values()))


def _split_key(source: str, key: str, parameters: Sequence[str]) -> Mapping[str, str]:
    parts = key.split("/")
    if len(parts) == len(parameters) + 1 and parts[0] == source:
        parts = parts[1:]
    if len(parts) != len(parameters):
        named = " ".join(f"{parameter}=…" for parameter in parameters)
        raise ValueError(f"{shown(key)} names no job there; expected {'/'.join(parameters)}, or {named}")
    return {parameter: unquote(part) for parameter, part in zip(parameters, parts, strict=True)}


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
        return described | dict.fromkeys(self.auth.sent_headers(), "auth")


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
