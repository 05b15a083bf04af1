"""All sections together."""

from collections.abc import Mapping
from typing import Annotated, Any, cast

from pydantic import Field
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from jobwatchd.kinds.secrets import secrets_in
from jobwatchd.model.job import JobReference
from jobwatchd.model.watch import DEFAULT_POLICY, Misfit, Origin, Policy, WatchSpec
from jobwatchd.settings.registry import AnySink, AnySource
from jobwatchd.settings.server import HttpLimitSettings, LogSettings, ServerSettings, ShutdownSettings, StoreSettings
from jobwatchd.sinks.log.section import LogSinkSettings
from jobwatchd.sinks.metrics.section import MetricsSinkSettings
from jobwatchd.values.job_parameters import no_source
from jobwatchd.values.names import Name
from jobwatchd.values.section import SECTION_CONFIG
from jobwatchd.values.watch_request import WatchRequest, misfits


def _default_sinks() -> dict[Name, AnySink]:
    return {"journal": LogSinkSettings(kind="log"), "prometheus": MetricsSinkSettings(kind="metrics")}


class Settings(BaseSettings):
    """The whole configuration, checked; made by `load_settings`."""

    model_config = SettingsConfigDict(**cast("dict[str, Any]", SECTION_CONFIG), validate_default=False)  # type: ignore[typeddict-item]

    sources: Annotated[dict[Name, AnySource], Field(min_length=1)]
    sinks: dict[Name, AnySink] = Field(default_factory=_default_sinks)
    watches: tuple[WatchRequest, ...] = ()
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
            return settings.naming().reference(source, job)
        except ValueError as exc:
            raise Misfit("job", str(exc)) from exc

    def watch_specs(self) -> tuple[WatchSpec, ...]:
        """Return the watches of the file, as the store wants them; that each fits its source was checked."""
        naming = {name: source.naming() for name, source in self.sources.items()}
        return tuple(
            WatchSpec(
                naming[watch.source].reference(watch.source, watch.job), watch.labels, watch.policy(), Origin.FILE
            )
            for watch in self.watches
        )

    def secrets(self) -> frozenset[str]:
        """Return every secret value, and the pairs of name and secret as logins send them; for redaction only."""
        # There may be very many watches, and they have none.
        found = secrets_in(self.model_copy(update={"watches": ()}))
        # Of a line `name: token` the token alone.
        return frozenset({*found, *self.server.named_tokens.values()})
