"""How requests are sent, to job APIs and to receivers of webhooks alike."""

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    Field,
    GetJsonSchemaHandler,
    SecretStr,
    StringConstraints,
    TypeAdapter,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from jobwatchd.description.auth import NAMES, Auth, Credentials, NoAuth, needed
from jobwatchd.values.names import check_header_name
from jobwatchd.values.secrets import HeaderSecret, Password
from jobwatchd.values.section import Mistake, Section, refuse
from jobwatchd.values.units import PositiveDuration, Size
from jobwatchd.values.urls import ProxyUrl

Text = Annotated[str, StringConstraints(min_length=1, max_length=255, pattern=r"^[^\x00-\x1f\x7f]+$")]
# These frame or describe the body, which is ours.
_OWN_HEADERS = frozenset({"content-type", "content-length", "transfer-encoding", "content-encoding", "connection"})


HeaderName = Annotated[str, AfterValidator(partial(check_header_name, own=_OWN_HEADERS))]


class TimeoutSettings(Section):
    """Bounds of one request: connecting, each wait for the next bytes, and the whole. A duration alone is all three."""

    connect: PositiveDuration = 5.0
    read: PositiveDuration = 10.0
    total: PositiveDuration = 20.0

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Describe both forms."""
        return {"anyOf": [handler(schema), TypeAdapter(PositiveDuration).json_schema()]}

    @model_validator(mode="before")
    @classmethod
    def _read_short_form(cls, value: Any) -> Any:
        return dict.fromkeys(cls.model_fields, value) if isinstance(value, str | int) else value


class TlsSettings(Section):
    """PEM files: whom to trust beside the system's roots, and a client certificate with its key."""

    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None
    verify: bool = True

    @model_validator(mode="after")
    def _check_pair(self) -> Self:
        if (self.cert_file is None) != (self.key_file is None):
            present, absent = ("cert_file", "key_file") if self.key_file is None else ("key_file", "cert_file")
            raise ValueError(f"{present} is there without {absent}; expected both or neither")
        if self.ca_file is not None and not self.verify:
            raise ValueError("ca_file has no use where verify is false; expected one of them")
        return self


class HttpSettings(Section):
    """What all have in common that send requests."""

    http_client: Literal["pyreqwest", "httpx"] = "pyreqwest"
    timeout: TimeoutSettings = TimeoutSettings()
    tls: TlsSettings = TlsSettings()
    proxy: ProxyUrl | None = None
    max_body: Size = 1_048_576
    headers: dict[HeaderName, HeaderSecret] = Field(default_factory=dict)

    def plain_headers(self) -> Mapping[str, str]:
        """Return the headers in plain text."""
        return {name: value.get_secret_value() for name, value in self.headers.items()}

    @model_validator(mode="after")
    def _check_headers(self) -> Self:
        refuse("headers", _header_mistakes(self.headers, self.sent_headers()))
        return self

    def sent_headers(self) -> Mapping[str, str]:
        """Return the headers, in small letters, that requests have anyway, and what sends them."""
        return {}


class CredentialSettings(Section):
    """The user's credentials; each of them has to be of use to `auth`, which says how they are sent."""

    auth: Auth = NoAuth()
    username: Annotated[Text, StringConstraints(pattern=r"^[^:]+$")] | None = None
    password: Password | None = None
    password_file: Path | None = None
    token: HeaderSecret | None = None
    token_file: Path | None = None
    client_id: Text | None = None
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
        unsendable: list[Mistake] = [
            ((name,), "it travels in an HTTP header; expected printable ASCII")
            for name in unsendable_credentials(self.auth, self.credentials())
        ]
        refuse(
            "credentials",
            useless or unsendable,
            missing=[] if optional else [(name,) for name in wanted if name not in given],
        )
        return self


def unsendable_credentials(auth: Auth, credentials: Credentials) -> Iterator[str]:
    """Yield the names of credentials that a header cannot carry, and that are to travel in one."""
    values = credentials.values()
    names = {name for path, names in auth.placeholders().items() if "headers" in path for name in names}
    for name in NAMES:
        value = values.get(name, "")
        if name in names and not (value.isascii() and value.isprintable()):
            yield name


def _header_mistakes(headers: Mapping[str, object], sent: Mapping[str, str]) -> Iterator[Mistake]:
    seen: set[str] = set()
    for name in headers:
        if name.lower() in sent:
            yield ("headers", name), f"this header is sent by {sent[name.lower()]} already; expected another"
        elif name.lower() in seen:
            yield ("headers", name), "this header is there already, in other letters; expected it once"
        seen.add(name.lower())
