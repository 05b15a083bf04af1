"""How a line of the log looks: JSON with documented keys, or a line for people; without secrets in either."""

import json
from collections.abc import Mapping
from math import isfinite
from types import MappingProxyType
from typing import Any, Literal

import structlog
from structlog.dev import plain_traceback
from structlog.typing import EventDict, Processor, WrappedLogger

from jobwatchd.redaction import Redactor

Style = Literal["json", "console"]
Keys = Literal["default", "gcp", "ecs"]
OWN_KEYS = ("timestamp", "level", "logger", "event", "message")
ECS_VERSION = "8.11.0"
# Numbers of syslog, as sd-daemon(3) reads them at the start of a line.
_PRIORITIES = {"debug": 7, "info": 6, "warning": 4, "error": 3, "critical": 2}
# The first of these that is a text says what a line is about, the first of those why.
_ABOUT = ("key", "job", "subject", "sink", "source", "setting", "signal")
_WHY = ("error", "problem", "why", "detail")
_CONTROLS = {code: f"\\x{code:02x}" for code in (*range(0x20), *range(0x7F, 0xA0))}
_NO_TABLE: Mapping[int, str] = MappingProxyType({})
_CONTROLS_BUT_LINES = {code: text for code, text in _CONTROLS.items() if chr(code) not in "\n\t"}


def json_renderer(redactor: Redactor, keys: Keys) -> Processor:
    """Return what makes JSON lines; only a line that JSON cannot say, or that may hold a secret, is gone through."""
    # What is not a number, or in a cycle, raises as what is of no type of JSON's.
    encode = json.JSONEncoder(allow_nan=False).encode

    def render(_: WrappedLogger, __: str, event: EventDict) -> str:
        event.setdefault("message", sentence(event))
        own, more = _apart(event)
        try:
            line = encode(_named(own, more, keys))
        except (TypeError, ValueError):
            line = None
        if line is None or redactor.may_be_in(line):
            return encode(_named(*_cleaned(own, more, redactor), keys))
        return line

    return render


def console_renderer(redactor: Redactor, *, colors: bool) -> Processor:
    """Return what makes lines for people; the message of one is shown where it is more than the other fields say."""
    console = structlog.dev.ConsoleRenderer(colors=colors, exception_formatter=plain_traceback)

    def render(logger: WrappedLogger, name: str, event: EventDict) -> str:
        own, more = _apart(event)
        if "message" in own:
            own["event"] = f"{own['event']}: {own.pop('message')}"
        own, more = _cleaned(own, more, redactor, _CONTROLS, _CONTROLS_BUT_LINES)
        return console(logger, name, {**own, **more})

    return render


def prefixed(render: Processor) -> Processor:
    """Return what renders the same lines, each with its priority, for systemd's journal."""

    def render_prefixed(logger: WrappedLogger, name: str, event: EventDict) -> str:
        # The journal takes the prefix off again, and `journalctl -p warning` finds what it asks for.
        prefix = f"<{_PRIORITIES.get(str(event.get('level')), 6)}>"
        return "\n".join(prefix + line for line in str(render(logger, name, event)).split("\n"))

    return render_prefixed


def sentence(event: Mapping[str, Any]) -> str:
    """Return an event in words, for viewers that show one text a line: `poll failed: graph/1964: no answer …`."""
    words = str(event.get("event", "")).replace(".", " ").replace("_", " ")
    parts = [words, *(_first(event, keys) for keys in (_ABOUT, _WHY))]
    return ": ".join(part for part in parts if part) or "nothing was said"


def _first(event: Mapping[str, Any], keys: tuple[str, ...]) -> str:
    return next((value for key in keys if isinstance(value := event.get(key), str) and value), "")


def _apart(event: EventDict) -> tuple[EventDict, EventDict]:
    own = {key: event.pop(key) for key in OWN_KEYS if key in event}
    return own, event


def _named(own: EventDict, more: EventDict, keys: Keys) -> EventDict:
    """Return one mapping of everything, under the keys that a collector knows."""
    match keys:
        case "gcp":
            own = {"time" if key == "timestamp" else key: value for key, value in own.items()}
            return {**own, "severity": str(own["level"]).upper(), **more}
        case "ecs":
            line = {
                "@timestamp": own["timestamp"],
                "log.level": own["level"],
                "message": own["message"],
                "ecs.version": ECS_VERSION,
                "log.logger": own["logger"],
                "event.action": own["event"],
            }
            if "exception" in more:
                line["error.stack_trace"] = more["exception"]
            # In a section of their own, for `source`, `labels` and others mean something else there.
            rest = {key: value for key, value in more.items() if key != "exception"}
            return {**line, "jobwatchd": rest} if rest else line
        case _:
            return {**own, **more}


def _cleaned(
    own: EventDict,
    more: EventDict,
    redactor: Redactor,
    title_table: Mapping[int, str] = _NO_TABLE,
    table: Mapping[int, str] = _NO_TABLE,
) -> tuple[EventDict, EventDict]:
    """Return both parts made of JSON's types, redacted; of the first, what is fixed anyway stays as it is."""
    said = {key: _clean(own[key], redactor, title_table) for key in ("event", "message") if key in own}
    return {**own, **said}, _clean(more, redactor, table)


def _clean(value: Any, redactor: Redactor, table: Mapping[int, str]) -> Any:
    """Return `value` made of JSON's types, without secrets, and without what a terminal would obey."""
    if value is None or isinstance(value, bool | int) or (isinstance(value, float) and isfinite(value)):
        return value
    if isinstance(value, Mapping):
        return {str(_clean(key, redactor, table)): _clean(item, redactor, table) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_clean(item, redactor, table) for item in value]
    text = value if isinstance(value, str) else _text(value)
    return redactor.redact(text).translate(table)


def _text(value: object) -> str:
    try:
        return str(value)
    except Exception as exc:  # noqa: BLE001 - a value that cannot be shown must not stop whoever logs it
        return f"<{type(value).__name__} whose str() raised {type(exc).__name__}>"
