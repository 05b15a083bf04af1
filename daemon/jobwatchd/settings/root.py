"""All sections together."""

import base64
import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, cast
from urllib.parse import quote

from pydantic import BaseModel, Field, SecretStr
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from jobwatchd.model.job import JobReference
from jobwatchd.model.watch import DEFAULT_POLICY, Misfit, Origin, Policy, WatchSpec
from jobwatchd.settings.server import HttpLimitSettings, LogSettings, ServerSettings, ShutdownSettings, StoreSettings
from jobwatchd.settings.sinks import LogSinkSettings, MetricsSinkSettings, SinkSettings
from jobwatchd.settings.sources import SourceSettings, make_reference, no_source
from jobwatchd.settings.watches import WatchSettings
from jobwatchd.values.names import Name
from jobwatchd.values.secrets import SIGNING_PREFIX
from jobwatchd.values.section import SECTION_CONFIG
from jobwatchd.values.watch_request import misfits

_SCHEME = re.compile(r"^(?:bearer|basic|token|key|api-?key)\s+(?=\S+$)", re.IGNORECASE)
# What a login calls the one who logs in.
_LOGIN_NAMES = ("account", "username", "client_id")


def _default_sinks() -> dict[Name, SinkSettings]:
    return {"journal": LogSinkSettings(kind="log"), "prometheus": MetricsSinkSettings(kind="metrics")}


class Settings(BaseSettings):
    """The whole configuration, checked; made by `load_settings`."""

    model_config = SettingsConfigDict(**cast("dict[str, Any]", SECTION_CONFIG), validate_default=False)  # type: ignore[typeddict-item]

    sources: Annotated[dict[Name, SourceSettings], Field(min_length=1)]
    sinks: dict[Name, SinkSettings] = Field(default_factory=_default_sinks)
    watches: tuple[WatchSettings, ...] = ()
    store: StoreSettings = StoreSettings()
    server: ServerSettings = ServerSettings()
    http: HttpLimitSettings = HttpLimitSettings()
    log: LogSettings = LogSettings()
    shutdown: ShutdownSettings = ShutdownSettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - pydantic-settings passes all by name
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take what `load_settings` put together, and nothing else.

        The environment source of pydantic-settings passes over variables it does not know, stops at the first mistake,
        and cannot name sources with a hyphen; `environment` does what it does without that.
        """
        return (init_settings,)

    def reference(self, source: str, job: Mapping[str, str], policy: Policy = DEFAULT_POLICY) -> JobReference:
        """Return the reference for named job parameters, to be watched like that; raises `Misfit`."""
        settings = self.sources.get(source)
        if settings is None:
            raise Misfit("source", no_source(source, self.sources))
        for key, sentence in misfits(policy, *settings.poll.cadence().bounds_s):
            raise Misfit(key, sentence)
        try:
            return make_reference(source, job, settings.parameters, settings.numeric)
        except ValueError as exc:
            raise Misfit("job", str(exc)) from exc

    def watch_specs(self) -> tuple[WatchSpec, ...]:
        """Return the watches of the file, as the store wants them."""
        return tuple(
            WatchSpec(self.reference(watch.source, watch.job), watch.labels, watch.policy(), Origin.FILE)
            for watch in self.watches
        )

    def secrets(self) -> frozenset[str]:
        """Return every secret value, and the pairs of name and secret as logins send them; for redaction only."""
        # There may be very many watches, and they have none.
        found = _secrets_in(self.model_copy(update={"watches": ()}))
        # Of a line `name: token` the token alone.
        return frozenset({*found, *self.server.named_tokens.values()})


def _secrets_in(value: object) -> Iterator[str]:
    """Yield secrets by their type, so that no section has to be named here, and none is forgotten."""
    if isinstance(value, SecretStr):
        secret = value.get_secret_value()
        # Of a header `Bearer abc` the token alone, of a signing secret what follows its prefix.
        yield from {secret, _SCHEME.sub("", secret), secret.removeprefix(SIGNING_PREFIX)}
    elif isinstance(value, BaseModel):
        members = [getattr(value, name) for name in type(value).model_fields]
        names = [name for key in _LOGIN_NAMES if (name := getattr(value, key, None))]
        for secret in (member.get_secret_value() for member in members if isinstance(member, SecretStr)):
            for name in names:
                yield _basic(name, secret)
                yield _basic(quote(name, safe=""), quote(secret, safe=""))
        for member in members:
            yield from _secrets_in(member)
    elif isinstance(value, Mapping | tuple | list):
        for member in value.values() if isinstance(value, Mapping) else value:
            yield from _secrets_in(member)


def _basic(name: str, secret: str) -> str:
    return base64.b64encode(f"{name}:{secret}".encode()).decode()
