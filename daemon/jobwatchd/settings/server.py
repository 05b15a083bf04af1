"""The parts of the daemon that exist once: HTTP server, store, log, shutdown."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, model_validator

from jobwatchd.kinds.secrets import secret_recipe
from jobwatchd.logs import Format
from jobwatchd.model.api_token import name_tokens
from jobwatchd.model.notation import is_loopback, split_listen
from jobwatchd.rotation import Recipe
from jobwatchd.values.secrets import Token
from jobwatchd.values.section import Section, refuse
from jobwatchd.values.units import Duration, PositiveDuration, Size
from jobwatchd.values.urls import StoreUrl

_PORT = re.compile(r"\d{1,5}", re.ASCII)


def _check_listen(value: object) -> object:
    if type(value) in {int, str} and _PORT.fullmatch(str(value)):
        raise ValueError(
            f"got {value}, a port alone; write 127.0.0.1:{value} for this machine only, or :{value} for all addresses"
        )
    if isinstance(value, str):
        split_listen(value)
    return value


def _by_name(tokens: tuple[Token, ...]) -> dict[str, str]:
    return name_tokens([token.get_secret_value() for token in tokens])


def _check_tokens(tokens: tuple[Token, ...]) -> tuple[Token, ...]:
    _by_name(tokens)
    return tokens


class ServerSettings(Section):
    """API, health and metrics; without tokens, a loopback address only.

    Each of `tokens` is `name: token`, or a token alone.
    """

    listen: Annotated[str, BeforeValidator(_check_listen, json_schema_input_type=str)] = "127.0.0.1:25629"
    tokens: Annotated[tuple[Token, ...], AfterValidator(_check_tokens)] = ()
    tokens_file: Path | None = None

    @model_validator(mode="after")
    def _check_reach(self) -> Self:
        if not (self.tokens or self.tokens_file or is_loopback(self.address[0])):
            says = "can be reached from other machines; expected tokens_file too, or a loopback address"
            refuse("server", [(("listen",), f"{self.listen} {says}")])
        return self

    @property
    def address(self) -> tuple[str, int]:
        """Host and port to listen on; port 0 lets the system choose."""
        return split_listen(self.listen)

    @property
    def named_tokens(self) -> dict[str, str]:
        """The tokens in the clear, by their names."""
        return _by_name(self.tokens)


def tokens_recipe(section: ServerSettings) -> Recipe[Mapping[str, str]]:
    """Return how the tokens of the API are made, by their names."""
    lines = secret_recipe("server", section, "tokens")
    return Recipe(
        lines.place, lines.files, lambda found: name_tokens(lines.make(found)), lambda tokens: tokens.values()
    )


class HttpLimitSettings(Section):
    """What all requests to job APIs and receivers may take together."""

    memory: Size = 8 * 1_048_576


class StoreSettings(Section):
    """Where watches, events and deliveries are kept, and for how long once they are over.

    `keep_undeliverable` is for deliveries that wait for a sink that is not configured any more.
    """

    url: StoreUrl = "sqlite:////var/lib/jobwatchd/jobwatchd.db"
    keep_finished: PositiveDuration = 7 * 86_400.0
    keep_events: PositiveDuration = 30 * 86_400.0
    keep_undeliverable: PositiveDuration = 7 * 86_400.0


class LogSettings(Section):
    """What the daemon says on stderr."""

    format: Literal["auto", "json", "console"] = "auto"
    level: Literal["debug", "info", "warning", "error"] = "info"
    keys: Literal["default", "gcp", "ecs"] = "default"

    def line_format(self) -> Format:
        """Return how lines look."""
        return Format(self.format, self.level, self.keys)


class ShutdownSettings(Section):
    """How long polls and deliveries in flight may take after a signal to stop."""

    drain: Duration = 20.0
