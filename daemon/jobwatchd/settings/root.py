"""All sections together, and the order of the layers that they come from."""

from collections.abc import Mapping
from typing import Annotated, Any, cast

import yaml
from pydantic import Field
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from jobwatchd.kinds.secrets import secrets_in
from jobwatchd.model.job import JobReference
from jobwatchd.model.watch import DEFAULT_POLICY, Misfit, Origin, Policy, WatchSpec
from jobwatchd.settings.layers import EnvironmentLayer, FileLayer, SecretFolderLayer
from jobwatchd.settings.registry import SINKS, AnySink, AnySource
from jobwatchd.settings.server import HttpLimitSettings, LogSettings, ServerSettings, ShutdownSettings, StoreSettings
from jobwatchd.values.job_parameters import no_source
from jobwatchd.values.names import Name
from jobwatchd.values.section import SECTION_CONFIG
from jobwatchd.values.watch_request import WatchRequest, misfits


def _default_sinks() -> dict[Name, AnySink]:
    kinds = {"journal": "log", "prometheus": "metrics"}
    return {name: SINKS[kind].model_validate({"kind": kind}) for name, kind in kinds.items()}


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
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        *_: PydanticBaseSettingsSource,
        **__: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Return the layers, each of which is laid over those behind it; without `inputs`, what was given is all.

        They are our own, since the library's pass over variables that they do not know, stop at the first mistake, and
        cannot name sources with a hyphen.
        """
        inputs = init_settings().get("inputs")
        if inputs is None:
            return (init_settings,)
        return (
            EnvironmentLayer(settings_cls, inputs),
            FileLayer(settings_cls, inputs),
            SecretFolderLayer(settings_cls, inputs),
        )

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


def effective(settings: Settings) -> str:
    """Return the configuration that is in force as YAML for people, defaults included and secrets masked."""
    tree = settings.model_dump(mode="json")
    for section in ("sources", "sinks"):
        # What it is comes first, as people write it.
        tree[section] = {name: {"kind": member["kind"], **member} for name, member in tree[section].items()}
    return yaml.safe_dump(tree, sort_keys=False, allow_unicode=True, width=120)
