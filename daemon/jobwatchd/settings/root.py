"""All sections together."""

import base64
from collections.abc import Mapping
from typing import Annotated, Any, cast

from pydantic import Field
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from jobwatchd.model.job import JobReference
from jobwatchd.model.watch import Origin, WatchSpec
from jobwatchd.settings.credentials import SIGNING_PREFIX
from jobwatchd.settings.http import CredentialSettings, HttpSettings
from jobwatchd.settings.names import Name
from jobwatchd.settings.section import SECTION_CONFIG
from jobwatchd.settings.server import HttpLimitSettings, LogSettings, ServerSettings, ShutdownSettings, StoreSettings
from jobwatchd.settings.sinks import LogSinkSettings, MetricsSinkSettings, SinkSettings, WebhookSinkSettings
from jobwatchd.settings.sources import NebulaExplorerSettings, SourceSettings, TelestreamUpSettings, make_reference
from jobwatchd.settings.watches import WatchSettings


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

    def reference(self, source: str, job: Mapping[str, str | int]) -> JobReference:
        """Return the reference for named job parameters; raises ValueError that says what does not fit."""
        settings = self.sources.get(source)
        if settings is None:
            raise ValueError(f"there is no source {source[:80]!r}; expected one of {', '.join(sorted(self.sources))}")
        return make_reference(source, job, settings.parameters, settings.numeric)

    def watch_specs(self) -> tuple[WatchSpec, ...]:
        """Return the watches of the file, as the store wants them."""
        return tuple(
            WatchSpec(self.reference(watch.source, watch.job), watch.labels, watch.policy(), Origin.FILE)
            for watch in self.watches
        )

    def secrets(self) -> frozenset[str]:
        """Return every secret value, in each form in which it travels; for the log's redactor only."""
        values = [token.get_secret_value() for token in self.server.tokens]
        for section in (*self.sources.values(), *self.sinks.values()):
            if isinstance(section, CredentialSettings):
                values += section.credentials().secrets()
            if isinstance(section, HttpSettings):
                values += section.plain_headers().values()
        for source in self.sources.values():
            if isinstance(source, NebulaExplorerSettings):
                password = source.password.get_secret_value()
                values += [password, base64.b64encode(f"{source.account}:{password}".encode()).decode()]
            elif isinstance(source, TelestreamUpSettings):
                values.append(source.api_key.get_secret_value())
        for sink in self.sinks.values():
            if isinstance(sink, WebhookSinkSettings):
                signing = [secret.get_secret_value() for secret in sink.secrets]
                values += [*signing, *(secret.removeprefix(SIGNING_PREFIX) for secret in signing)]
        return frozenset(values)
