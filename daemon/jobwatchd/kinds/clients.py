"""What both sources and sinks are built with: HTTP clients, as their settings have them, and credentials."""

from dataclasses import dataclass, field, replace
from importlib.metadata import version
from typing import ClassVar

from jobwatchd.description import Credentials
from jobwatchd.http.client import DEFAULT_MEMORY, HttpOptions, Tls, build_http_client
from jobwatchd.http.failures import FOR_SINKS
from jobwatchd.http.limits import Memory
from jobwatchd.http.wrappers import HeaderedClient, Tap, TappedClient
from jobwatchd.kinds.http import CredentialSettings, HttpSettings
from jobwatchd.kinds.secrets import credentials_recipe
from jobwatchd.ports import Clock, HttpClient
from jobwatchd.rotation import Rotating, Rotation

# Below the five seconds after which common servers drop an idle connection, so that we seldom write into a closed one.
SINK_IDLE_S = 4.0


@dataclass(frozen=True, slots=True)
class Clients:
    """Builds clients; all share `rotation`, which follows their files, and `memory`, for what they are answered.

    Those of sources tell `tap` of each answer.
    """

    rotation: Rotation
    memory: Memory = field(default_factory=lambda: Memory(DEFAULT_MEMORY))
    tap: Tap | None = None

    def of_source(self, place: str, section: HttpSettings, base_url: str, connections: int) -> HttpClient:
        """Return a new client of a source; raises `ConfigError`."""
        client = build_http_client(section.http_client, self._options(place, section, connections))
        if self.tap is not None:
            client = TappedClient(client, self.tap)
        return HeaderedClient(client, base_url, section.plain_headers()) if section.headers else client

    def of_sink(self, place: str, section: HttpSettings, connections: int) -> HttpClient:
        """Return a new client for what a sink sends; raises `ConfigError`."""
        options = self._options(place, section, connections)
        # An answer is read only so that its connection can be used again.
        options = replace(options, cut_body=True, idle_s=SINK_IDLE_S, failures=FOR_SINKS)
        return build_http_client(section.http_client, options)

    def of_login(self, place: str, section: HttpSettings) -> HttpClient:
        """Return a new client for the logins of a sink: they are read whole, and fail otherwise than what it sends."""
        return build_http_client(section.http_client, self._options(place, section, 1))

    def _options(self, place: str, section: HttpSettings, connections: int) -> HttpOptions:
        tls = section.tls
        return HttpOptions(
            connect_timeout_s=section.timeout.connect,
            read_timeout_s=section.timeout.read,
            total_timeout_s=section.timeout.total,
            max_body=section.max_body,
            connections=connections,
            tls=Tls(tls.ca_file, tls.cert_file, tls.key_file, tls.verify),
            proxy=section.proxy,
            user_agent=f"jobwatchd/{version('jobwatchd')}",
            rotation=self.rotation,
            place=place,
            memory=self.memory,
        )


@dataclass(frozen=True, slots=True)
class BuildContext:
    """What a source or sink of this name is built with; what follows files does so until it is closed."""

    group: ClassVar[str]

    name: str
    clock: Clock
    clients: Clients

    @property
    def place(self) -> str:
        """The path of the section."""
        return f"{self.group}.{self.name}"

    def credentials(self, section: CredentialSettings) -> Rotating[Credentials]:
        """Return the credentials of the section, which follow their files."""
        return self.clients.rotation.follow(credentials_recipe(self.place, section), section.credentials())
