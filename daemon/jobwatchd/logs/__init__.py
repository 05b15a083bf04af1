"""What the daemon says on stderr: JSON lines, or lines for people on a terminal, without secrets.

- `loggers`: those of the daemon and of the standard library, which is the only thing that is configured globally;
  what is printed while the daemon runs is logged
- `rendering`: how a line looks
- `output`: where lines go: a descriptor that may block
"""

from jobwatchd.logs.loggers import Format, LoggerFactory, configure_logging, configured_logging, silent_logger
from jobwatchd.logs.output import Output, QueuedOutput
from jobwatchd.logs.rendering import Keys
from jobwatchd.redaction import Redactor

__all__ = [
    "Format",
    "Keys",
    "LoggerFactory",
    "Output",
    "QueuedOutput",
    "Redactor",
    "configure_logging",
    "configured_logging",
    "silent_logger",
]
