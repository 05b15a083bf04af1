"""The HTTP clients of sources and sinks, as their settings have them."""

from dataclasses import dataclass, field, replace
from importlib.metadata import version
from urllib.parse import urlsplit

from jobwatchd.http.asking import Asking
from jobwatchd.http.client import DEFAULT_MEMORY, HttpOptions, Tls
from jobwatchd.http.factory import build_http_client
from jobwatchd.http.failures import FOR_SINKS
from jobwatchd.http.headers import HeaderedClient
from jobwatchd.http.memory import Memory
from jobwatchd.kinds.http import HttpSettings
from jobwatchd.ports import Clock, HttpClient
from jobwatchd.rotation import Rotation
from jobwatchd.settings.recipes import credentials_recipe
from jobwatchd.settings.sinks import WebhookSinkSettings
from jobwatchd.settings.sources import SourceSettings
from jobwatchd.sources.http_json.login import build_asking

# Below the five seconds after which common servers drop an idle connection, so that we seldom write into a closed one.
WEBHOOK_IDLE_S = 4.0


@dataclass(frozen=True, slots=True)
class Clients:
    """Builds clients; all share `rotation`, which follows their files, and `memory`, for what they are answered."""

    rotation: Rotation
    memory: Memory = field(default_factory=lambda: Memory(DEFAULT_MEMORY))

    def of_source(self, name: str, section: SourceSettings) -> HttpClient:
        """Return a new client of a source; raises `ConfigError`."""
        client = build_http_client(
            section.http_client, self._options(f"sources.{name}", section, section.poll.concurrency)
        )
        return HeaderedClient(client, section.base_url, section.plain_headers()) if section.headers else client

    def of_webhook(self, name: str, section: WebhookSinkSettings) -> HttpClient:
        """Return a new client for the posts of a webhook; raises `ConfigError`."""
        options = self._options(f"sinks.{name}", section, section.concurrency)
        # An answer is read only so that its connection can be used again.
        options = replace(options, cut_body=True, idle_s=WEBHOOK_IDLE_S, failures=FOR_SINKS)
        return build_http_client(section.http_client, options)

    def asking_of_webhook(self, name: str, section: WebhookSinkSettings, clock: Clock) -> Asking:
        """Return what proves to a webhook's receiver who is sending; raises `ConfigError`.

        Logins have a client of their own: they are read whole, and fail otherwise.
        """
        place = f"sinks.{name}"
        credentials = self.rotation.follow(credentials_recipe(place, section), section.credentials())
        parts = urlsplit(section.url)
        login_client = build_http_client(section.http_client, self._options(place, section, 1))
        base_url = f"{parts.scheme}://{parts.netloc}"
        return build_asking(base_url, section.auth, credentials, client=login_client, clock=clock)

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
