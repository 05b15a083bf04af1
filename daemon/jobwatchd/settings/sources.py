"""The job APIs that are polled."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, ClassVar, Literal, Self
from urllib.parse import unquote

from pydantic import Field, SecretStr, StringConstraints, model_validator

from jobwatchd.description import Credentials, Description
from jobwatchd.description.credentials import NAMES, needed, placeholders
from jobwatchd.description.mistake import Mistake, refuse
from jobwatchd.model.job import JobReference
from jobwatchd.model.shown import shown
from jobwatchd.settings.credentials import HeaderSecret, Password
from jobwatchd.settings.poll import PollSettings, RevivablePollSettings
from jobwatchd.settings.section import Section
from jobwatchd.settings.units import PositiveDuration, Size
from jobwatchd.settings.urls import BaseUrl, ProxyUrl

# Of names that nobody expected.
MAX_SHOWN = 16
_Text = Annotated[str, StringConstraints(min_length=1, max_length=255, pattern=r"^[^\x00-\x1f\x7f]+$")]


class TimeoutSettings(Section):
    """Bounds of one request: connecting, each wait for the next bytes, and the whole."""

    connect: PositiveDuration = 5.0
    read: PositiveDuration = 10.0
    total: PositiveDuration = 20.0


class TlsSettings(Section):
    """PEM files: whom to trust beside the system's roots, and a client certificate with its key."""

    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None

    @model_validator(mode="after")
    def _check_pair(self) -> Self:
        if (self.cert_file is None) != (self.key_file is None):
            present, absent = ("cert_file", "key_file") if self.key_file is None else ("key_file", "cert_file")
            raise ValueError(f"{present} is there without {absent}; expected both or neither")
        return self


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
        got = ", ".join(sorted(name[:40] for name in job)[:MAX_SHOWN])
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


class HttpSourceSettings(Section):
    """What all polled APIs have in common."""

    base_url: BaseUrl
    http_client: Literal["pyreqwest", "httpx"] = "pyreqwest"
    timeout: TimeoutSettings = TimeoutSettings()
    tls: TlsSettings = TlsSettings()
    proxy: ProxyUrl | None = None
    max_body: Size = 1_048_576
    poll: PollSettings = PollSettings()


class VendorSourceSettings(HttpSourceSettings):
    """One vendor's API; `parameters` name a job there, in the order of a `JobReference`, `numeric` are numbers."""

    parameters: ClassVar[tuple[str, ...]]
    numeric: ClassVar[tuple[str, ...]] = ()


class GraphdSettings(Section):
    """The graph service that Explorer logs in to."""

    address: _Text
    port: Annotated[int, Field(ge=1, le=65535)] = 9669


class NebulaExplorerSettings(VendorSourceSettings):
    """NebulaGraph Explorer's workflow jobs."""

    parameters: ClassVar[tuple[str, ...]] = ("job_id",)
    numeric: ClassVar[tuple[str, ...]] = ("job_id",)

    kind: Literal["nebula-explorer"]
    account: Annotated[_Text, StringConstraints(pattern=r"^[^:]+$")]
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


class HttpJsonSettings(HttpSourceSettings, Description):
    """A job API by its description, and the user's credentials for it; each of them has to be of use to `auth`."""

    kind: Literal["http-json"]
    username: Annotated[_Text, StringConstraints(pattern=r"^[^:]+$")] | None = None
    password: Password | None = None
    password_file: Path | None = None
    token: HeaderSecret | None = None
    token_file: Path | None = None
    client_id: _Text | None = None
    client_secret: Password | None = None
    client_secret_file: Path | None = None

    def credentials(self) -> Credentials:
        """Return the credentials in plain text."""
        given = {name: getattr(self, name) for name in NAMES}
        plain = {
            name: value.get_secret_value() if isinstance(value, SecretStr) else value for name, value in given.items()
        }
        return Credentials(**{name: value for name, value in plain.items() if value is not None})

    @model_validator(mode="after")
    def _check_credentials(self) -> Self:
        wanted = needed(self.auth)
        given = [name for name in NAMES if getattr(self, name) is not None]
        optional = getattr(self.auth, "optional", False) and not given
        useless = [
            ((name,), f"auth (kind {self.auth.kind}) has no use for it; expected {', '.join(wanted) or 'none'}")
            for name in given
            if name not in wanted
        ]
        refuse(
            "source",
            useless or self._header_mistakes(),
            missing=[] if optional else [(name,) for name in wanted if name not in given],
        )
        return self

    def _header_mistakes(self) -> Sequence[Mistake]:
        """Find credentials that a header cannot carry, and that are to travel in one."""
        values = self.credentials().values()
        names = {name for path, names in placeholders(self.auth).items() if "headers" in path for name in names}
        return [
            ((name,), "it travels in an HTTP header; expected printable ASCII")
            for name in NAMES
            if name in names and not (values.get(name, "").isascii() and values.get(name, "").isprintable())
        ]


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
