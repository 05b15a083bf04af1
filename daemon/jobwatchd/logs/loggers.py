"""Loggers that write lines of one format to one output; the standard library's are among them, and what is printed."""

import io
import logging
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal, TextIO

import structlog
from structlog.typing import EventDict, FilteringBoundLogger, Processor, WrappedLogger

from jobwatchd.logs.output import Output
from jobwatchd.logs.rendering import Keys, Style, console_renderer, json_renderer, prefixed
from jobwatchd.redaction import Redactor

DROPPED = "nobody read them in time, or they could not be written"
_LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40, "critical": 50}


@dataclass(frozen=True, slots=True)
class Format:
    """What the configuration says of the log: `style` "auto" is "console" on a terminal and "json" elsewhere.

    `level` is one of debug, info, warning, error, the least that is written; `keys` are those of JSON lines.
    """

    style: Style | Literal["auto"] = "auto"
    level: str = "info"
    keys: Keys = "default"


@dataclass(frozen=True, slots=True)
class LoggerFactory:
    """Makes loggers that write to one output in one format; `level` is the least that is written."""

    output: Output
    style: Style
    level: str
    processors: tuple[Processor, ...] = field(repr=False)

    def logger(self, name: str) -> FilteringBoundLogger:
        """Return the logger of a part of the daemon."""
        return self._make(name, self.level, _Printer(self.output))

    def event_logger(self, name: str) -> FilteringBoundLogger:
        """Return a logger that writes nothing: its calls return their lines, from level info on whatever `level` is."""
        return self._make(name, "info", structlog.ReturnLogger())

    def dropped_line(self, count: int) -> str:
        """Return the line that tells that so many were dropped."""
        line: str = self.event_logger("jobwatchd").warning("log.lines_dropped", count=count, why=DROPPED)
        return line

    def _make(self, name: str, level: str, output: WrappedLogger) -> FilteringBoundLogger:
        bound: FilteringBoundLogger = structlog.wrap_logger(
            output,
            processors=list(self.processors),
            wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
        ).bind(logger=name)
        return bound


def configure_logging(wanted: Format, output: Output, redactor: Redactor, env: Mapping[str, str]) -> LoggerFactory:
    """Return what makes the daemon's loggers, and route the standard library's logging and warnings the same way.

    Of libraries only warnings and worse are written, from info on with level debug.
    """
    style = wanted.style
    if style == "auto":
        style = "console" if output.is_terminal else "json"
    if style == "json":
        render = json_renderer(redactor, wanted.keys)
    else:
        render = console_renderer(redactor, colors=output.is_terminal and not env.get("NO_COLOR"))
    if output.is_journal(env):
        render = prefixed(render)
    exceptions = (structlog.processors.ExceptionRenderer(), _redact_exception(redactor))
    processors = (structlog.processors.add_log_level, _stamp, *exceptions, render)
    factory = LoggerFactory(output, style, wanted.level, processors)
    output.tell_dropped = factory.dropped_line
    root = logging.getLogger()
    root.handlers = [_Bridge(factory, redactor)]
    root.setLevel(logging.INFO if wanted.level == "debug" else max(logging.WARNING, _LEVELS[wanted.level]))
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


def configured_logging() -> LoggerFactory | None:
    """Return what was configured last, None before that."""
    return next((each.factory for each in logging.getLogger().handlers if isinstance(each, _Bridge)), None)


class _Printer:
    """What structlog's loggers write to."""

    def __init__(self, output: Output) -> None:
        self.msg = self.log = self.debug = self.info = self.warning = self.warn = output.write
        self.error = self.err = self.critical = self.fatal = self.exception = self.failure = output.write


class _Bridge(logging.Handler):
    """Hands the standard library's records to a structlog logger of the same name."""

    def __init__(self, factory: LoggerFactory, redactor: Redactor) -> None:
        super().__init__()
        self.factory = factory
        self._redactor = redactor

    def emit(self, record: logging.LogRecord) -> None:
        try:
            message = record.getMessage()
        except (TypeError, ValueError, KeyError):
            message = str(record.msg)
        level = min(max(record.levelno // 10 * 10, logging.DEBUG), logging.CRITICAL)
        fields = {"exc_info": record.exc_info} if record.exc_info else {}
        message = self._redactor.redact_foreign(message)
        self.factory.logger(record.name).log(level, "library.message", message=message, **fields)


def _stamp(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    event["timestamp"] = datetime.now(UTC).isoformat(timespec="microseconds")
    return event


def _redact_exception(redactor: Redactor) -> Processor:
    """Return what takes secrets out of tracebacks, which repeat what libraries were told by others."""

    def redact(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
        if "exception" in event:
            event["exception"] = redactor.redact_foreign(event["exception"])
        return event

    return redact


class LoggedStream(io.TextIOBase):
    """Makes each line that is written a line of the log: what a library prints must hold up nobody, either."""

    def __init__(self, logger: FilteringBoundLogger) -> None:
        self._logger = logger
        self._begun = ""

    def writable(self) -> bool:
        """Return that it can be."""
        return True

    def write(self, text: str) -> int:
        """Log what has come to the end of a line."""
        *lines, self._begun = (self._begun + text).split("\n")
        for line in lines:
            if line.strip():
                self._logger.warning("library.output", message=line)
        return len(text)


@contextmanager
def logged_streams(logger: FilteringBoundLogger) -> Iterator[None]:
    """Have what is printed, and what nobody catches in a thread or a destructor, logged; until the end."""
    before: tuple[TextIO, TextIO] = sys.stdout, sys.stderr
    hooks = threading.excepthook, sys.unraisablehook

    def thread_failed(args: threading.ExceptHookArgs) -> None:
        name = "" if args.thread is None else args.thread.name
        logger.error("thread.failed", thread=name, error=args.exc_type.__name__, exc_info=args.exc_value)

    def unraisable(args: "sys.UnraisableHookArgs") -> None:
        logger.error("error.ignored", where=repr(args.object), error=args.exc_type.__name__, exc_info=args.exc_value)

    sys.stdout = sys.stderr = LoggedStream(logger)
    threading.excepthook, sys.unraisablehook = thread_failed, unraisable
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before
        threading.excepthook, sys.unraisablehook = hooks
