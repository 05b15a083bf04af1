"""What the daemon says on stderr: JSON lines, or lines for people on a terminal, without secrets.

Nothing is configured globally but the standard library's root logger, through which libraries speak.
"""

import json
import logging
import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import isfinite
from types import MappingProxyType
from typing import Any, Literal, TextIO
from urllib.parse import quote

import structlog
from structlog.dev import plain_traceback
from structlog.typing import EventDict, FilteringBoundLogger, Processor, WrappedLogger

MASK = "********"
# Shorter ones are in every other word: masking them would spoil each line, and tell them by the gaps.
SHORTEST_SECRET = 4
_LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40, "critical": 50}
# Numbers of syslog, as sd-daemon(3) reads them at the start of a line.
_PRIORITIES = {"debug": 7, "info": 6, "warning": 4, "error": 3, "critical": 2}
_OWN_KEYS = ("timestamp", "level", "event", "logger")
_CONTROLS = {code: f"\\x{code:02x}" for code in (*range(0x20), *range(0x7F, 0xA0))}
_NO_TABLE: Mapping[int, str] = MappingProxyType({})
_CONTROLS_BUT_LINES = {code: text for code, text in _CONTROLS.items() if chr(code) not in "\n\t"}

Style = Literal["auto", "json", "console"]


class Redactor:
    """Knows the secrets, and takes them out of whatever is to be written; more can be added while it is in use."""

    def __init__(self, secrets: Collection[str] = ()) -> None:
        self._forms: tuple[str, ...] = ()
        self._in_json: tuple[str, ...] = ()
        self.add(secrets)

    def add(self, secrets: Collection[str]) -> None:
        """Mask these too from now on, plain, percent-encoded, and as `repr` writes them; very short ones are not."""
        forms = set(self._forms)
        for secret in secrets:
            if len(secret) >= SHORTEST_SECRET:
                forms |= {secret, quote(secret, safe=""), repr(secret)[1:-1]}
        # The longest first: one secret may be a part of another.
        self._forms = tuple(sorted(forms, key=lambda form: (-len(form), form)))
        self._in_json = tuple(json.dumps(form)[1:-1] for form in self._forms)

    def redact(self, text: str) -> str:
        """Return `text` with every secret replaced by asterisks."""
        for form in self._forms:
            text = text.replace(form, MASK)
        return text

    def may_be_in(self, line: str) -> bool:
        """Whether a JSON text may hold a secret: False is certain, True may be chance, such as a part of a number."""
        return any(form in line for form in self._in_json)


@dataclass(frozen=True, slots=True)
class LoggerFactory:
    """Makes loggers that write to one stream in one format; `level` is the least that is written."""

    stream: TextIO
    level: str
    processors: tuple[Processor, ...] = field(repr=False)

    def logger(self, name: str) -> FilteringBoundLogger:
        """Return the logger of a part of the daemon; a stream that cannot be written does not stop that part."""
        return self._make(name, self.level, _ForgivingOutput(self.stream))

    def event_logger(self, name: str) -> FilteringBoundLogger:
        """Return a logger that writes nothing: its calls return their lines, from level info on whatever `level` is."""
        return self._make(name, "info", structlog.ReturnLogger())

    def _make(self, name: str, level: str, output: WrappedLogger) -> FilteringBoundLogger:
        bound: FilteringBoundLogger = structlog.wrap_logger(
            output,
            processors=list(self.processors),
            wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
        ).bind(logger=name)
        return bound


def configure_logging(
    style: Style, level: str, stream: TextIO, redactor: Redactor, env: Mapping[str, str]
) -> LoggerFactory:
    """Return what makes the daemon's loggers, and route the standard library's logging the same way.

    `style` "auto" is "console" on a terminal and "json" elsewhere. `level` is one of debug, info, warning, error; of
    libraries only warnings and worse are written, from info on with `level` debug.
    """
    if style == "auto":
        style = "console" if stream.isatty() else "json"
    render = _json_renderer(redactor) if style == "json" else _console_renderer(redactor, stream, env)
    if _is_journal(stream, env):
        render = _prefixed(render)
    processors = (structlog.processors.add_log_level, _stamp, structlog.processors.ExceptionRenderer(), render)
    factory = LoggerFactory(stream, level, processors)
    root = logging.getLogger()
    root.handlers = [_Bridge(factory)]
    root.setLevel(logging.INFO if level == "debug" else max(logging.WARNING, _LEVELS[level]))
    logging.captureWarnings(capture=True)
    return factory


def silent_logger() -> FilteringBoundLogger:
    """Return a logger that says nothing, and silence libraries too: for who tells people himself what happens."""
    logging.getLogger().handlers = [logging.NullHandler()]
    logging.captureWarnings(capture=True)
    silent: FilteringBoundLogger = structlog.wrap_logger(
        structlog.ReturnLogger(), wrapper_class=structlog.make_filtering_bound_logger(_LEVELS["critical"])
    ).bind()
    return silent


class _ForgivingOutput(structlog.WriteLogger):
    """Loses lines rather than the daemon when nobody reads them any more."""

    def msg(self, message: str) -> None:
        try:
            super().msg(message)
        except (OSError, ValueError):
            return

    log = debug = info = warn = warning = error = critical = exception = fatal = failure = err = msg


class _Bridge(logging.Handler):
    """Hands the standard library's records to a structlog logger of the same name."""

    def __init__(self, factory: LoggerFactory) -> None:
        super().__init__()
        self._factory = factory

    def emit(self, record: logging.LogRecord) -> None:
        try:
            message = record.getMessage()
        except (TypeError, ValueError, KeyError):
            message = str(record.msg)
        level = min(max(record.levelno // 10 * 10, logging.DEBUG), logging.CRITICAL)
        fields = {"exc_info": record.exc_info} if record.exc_info else {}
        self._factory.logger(record.name).log(level, message, **fields)


def _stamp(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    event["timestamp"] = datetime.now(UTC).isoformat(timespec="microseconds")
    return event


def _json_renderer(redactor: Redactor) -> Processor:
    """Return what makes JSON lines; only a line that JSON cannot say, or that may hold a secret, is gone through."""
    # What is not a number, or in a cycle, raises as what is of no type of JSON's.
    encode = json.JSONEncoder(allow_nan=False).encode

    def render(_: WrappedLogger, __: str, event: EventDict) -> str:
        own = {key: event.pop(key) for key in _OWN_KEYS if key in event}
        try:
            line = encode({**own, **event})
        except (TypeError, ValueError):
            line = None
        if line is None or redactor.may_be_in(line):
            return encode(_cleaned(own, event, redactor))
        return line

    return render


def _console_renderer(redactor: Redactor, stream: TextIO, env: Mapping[str, str]) -> Processor:
    colors = stream.isatty() and not env.get("NO_COLOR")
    console = structlog.dev.ConsoleRenderer(colors=colors, exception_formatter=plain_traceback)

    def render(logger: WrappedLogger, name: str, event: EventDict) -> str:
        own = {key: event.pop(key) for key in _OWN_KEYS if key in event}
        return console(logger, name, _cleaned(own, event, redactor, _CONTROLS, _CONTROLS_BUT_LINES))

    return render


def _prefixed(render: Processor) -> Processor:
    def prefixed(logger: WrappedLogger, name: str, event: EventDict) -> str:
        # The journal takes the prefix off again, and `journalctl -p warning` finds what it asks for.
        prefix = f"<{_PRIORITIES.get(str(event.get('level')), 6)}>"
        return "\n".join(prefix + line for line in str(render(logger, name, event)).split("\n"))

    return prefixed


def _cleaned(
    own: EventDict,
    event: EventDict,
    redactor: Redactor,
    title_table: Mapping[int, str] = _NO_TABLE,
    table: Mapping[int, str] = _NO_TABLE,
) -> EventDict:
    own["event"] = _clean(own.get("event"), redactor, title_table)
    return {**own, **_clean(event, redactor, table)}


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


def _is_journal(stream: TextIO, env: Mapping[str, str]) -> bool:
    """Whether `stream` is connected to systemd's journal; see `$JOURNAL_STREAM` in systemd.exec(5)."""
    try:
        status = os.fstat(stream.fileno())
    except (OSError, ValueError):
        return False
    return env.get("JOURNAL_STREAM") == f"{status.st_dev}:{status.st_ino}"
